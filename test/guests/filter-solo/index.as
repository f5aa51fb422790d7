// What the header filter in Rust does, in AssemblyScript with solo.io's SDK. Its root id must be
// the registered name, its configuration must not be empty.
export * from '@solo-io/proxy-runtime/proxy';
import {
  BaseContext,
  Context,
  continue_request,
  FilterHeadersStatusValues,
  FilterTrailersStatusValues,
  GrpcStatusValues,
  HeaderPair,
  Headers,
  log,
  LogLevelValues,
  registerRootContext,
  RootContext,
  send_local_response,
  stream_context,
  WasmResultValues,
} from '@solo-io/proxy-runtime';

const NAME = 'filter-solo';
const TIMEOUT_MS = 2000;

function field(name: string, value: string): HeaderPair {
  return new HeaderPair(String.UTF8.encode(name), String.UTF8.encode(value));
}

class Root extends RootContext {
  createContext(contextId: u32): Context {
    return new Filter(contextId, this);
  }
}

class Filter extends Context {
  id: string = '-';

  constructor(contextId: u32, root: Root) {
    super(contextId, root);
  }

  note(text: string): void {
    log(LogLevelValues.info, '@' + NAME + ' ' + this.id + ' ' + text);
  }

  onRequestHeaders(count: u32, end: bool): FilterHeadersStatusValues {
    const request = stream_context.headers.request;
    this.id = request.get('x-case');
    this.note('request head ' + end.toString());
    request.add('x-filter', 'solo');
    if (request.get(':path') == '/blocked') {
      const fields: Headers = [field('x-blocked-by', NAME)];
      const body = String.UTF8.encode('blocked\n');
      const status = send_local_response(403, 'blocked', body, fields, GrpcStatusValues.Unknown);
      this.note('blocked ' + (status as u32).toString());
      return FilterHeadersStatusValues.StopIteration;
    }
    if (request.get('x-trap') == 'yes') unreachable();
    const upstream = request.get('x-ask');
    return upstream == '' ? FilterHeadersStatusValues.Continue : this.ask(upstream);
  }

  ask(upstream: string): FilterHeadersStatusValues {
    const fields: Headers = [
      field(':method', 'POST'),
      field(':path', '/asked'),
      field(':authority', 'callout.test'),
      field('x-case', this.id),
    ];
    const body = String.UTF8.encode('question');
    const result = this.root_context.httpCall(
      upstream,
      fields,
      body,
      [],
      TIMEOUT_MS,
      this,
      (origin: BaseContext, headers: u32, bodySize: usize, trailers: u32): void => {
        const filter = origin as Filter;
        filter.note('answer ' + bodySize.toString() + ' yes, you may');
        continue_request();
      },
    );
    this.note('asked ' + (result as u32).toString());
    return result == WasmResultValues.Ok
      ? FilterHeadersStatusValues.StopIteration
      : FilterHeadersStatusValues.Continue;
  }

  onRequestTrailers(count: u32): FilterTrailersStatusValues {
    stream_context.trailers.request.add('x-filter', 'solo');
    return FilterTrailersStatusValues.Continue;
  }

  onResponseHeaders(count: u32, end: bool): FilterHeadersStatusValues {
    const response = stream_context.headers.response;
    this.note('response head ' + end.toString() + ' ' + response.get(':status'));
    response.replace('x-filtered', this.root_context.getConfiguration());
    return FilterHeadersStatusValues.Continue;
  }

  onResponseTrailers(count: u32): FilterTrailersStatusValues {
    stream_context.trailers.response.add('x-filter', 'solo');
    return FilterTrailersStatusValues.Continue;
  }

  onLog(): void {
    this.note('log');
  }

  onDone(): bool {
    this.note('done');
    return true;
  }

  onDelete(): void {
    this.note('delete');
  }
}

registerRootContext((contextId: u32) => new Root(contextId), NAME);
