/**
 * Writes down the requests of a worker that pass its Wasm filters, for `tulle filter run --replay`.
 * The messages are taken where the chain calls the filter, callbacks and properties at the border
 * of its guest, calls where they leave. Each worker appends to a file of its own, never waits for the
 * disk, and stops at a bound.
 */

import { createHash } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { WasmFilter } from '../../../config/wasm.ts';
import type { FilterHost, HttpFilter, HttpFilterFactory } from '../../../data/filter/contract.ts';
import type { FilterRecorder } from '../../../data/filter/recorder.ts';
import { LineFile } from '../../../observe/line-file.ts';
import type {
  CalloutHandle,
  CalloutRefusal,
  CalloutRequest,
  CalloutResponse,
  Callouts,
} from '../../../runtime/proxy-wasm/callouts.ts';
import type { GuestWatch } from '../../../runtime/proxy-wasm/watch.ts';
import { GuestTracer } from '../guest-tracer.ts';
import type { TraceEvent } from '../trace.ts';
import { Draft } from './draft.ts';
import { type Recording, recordedBytes, recordedFields } from './recording.ts';
import { TappedFilter } from './tapped-filter.ts';

/** Of one worker. */
const RECORDS_MAX = 10_000;
const BYTES_MAX = 64 * 1024 * 1024;
const QUEUE_BYTES_MAX = 8 * 1024 * 1024;

export interface RecorderOptions {
  /** Of this worker alone. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class Recorder implements FilterRecorder {
  readonly #options: RecorderOptions;
  readonly #file: LineFile;
  /** The request the guest that runs is about. */
  #active: Draft | null = null;
  /** The request whose filter is in its hook. */
  #entering: Draft | null = null;
  #records = 0;
  #bytes = 0;
  #full = false;

  /** Throws an Error with one clear line where the file cannot be written. */
  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#file = new LineFile({ ...options, queueBytesMax: QUEUE_BYTES_MAX });
  }

  readonly watch = (): GuestWatch => {
    const drafts = new Map<number, Draft>();
    return new GuestTracer(this.#options.clock, (event) => this.#note(event, drafts));
  };

  around(factory: HttpFilterFactory, config: WasmFilter): HttpFilterFactory {
    const configSha256 = createHash('sha256').update(config.configuration).digest('hex');
    return {
      name: factory.name,
      ...(factory.logsAll === undefined ? {} : { logsAll: factory.logsAll }),
      open: (host: FilterHost): HttpFilter => {
        if (this.#full) return factory.open(host);
        const draft = new Draft(this.#options.clock.wall());
        return new TappedFilter(factory, host, draft, {
          enter: (active) => {
            this.#entering = active;
          },
          finish: () => this.#write(config.id, configSha256, draft),
        });
      },
      retire: () => factory.retire(),
    };
  }

  callouts(callouts: Callouts): Callouts {
    return {
      http: (request, done) => this.#http(callouts, request, done),
      grpc: (request, events) => callouts.grpc(request, events),
    };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #http(
    callouts: Callouts,
    request: CalloutRequest,
    done: (response: CalloutResponse | null) => void,
  ): CalloutHandle | CalloutRefusal {
    const draft = this.#active;
    if (draft === null) return callouts.http(request, done);
    const valueOf = (name: string): string =>
      request.fields[request.fields.indexOf(name) + 1] ?? '';
    const asked = {
      target: request.target,
      method: valueOf(':method'),
      path: valueOf(':path'),
    };
    return callouts.http(request, (response) => {
      draft.callout({ ...asked, response: response === null ? null : recordedAnswer(response) });
      done(response);
    });
  }

  #note(event: TraceEvent, drafts: Map<number, Draft>): void {
    switch (event.event) {
      case 'callback':
        if (event.name === 'proxy_on_context_create' && this.#entering !== null) {
          drafts.set(event.context, this.#entering);
        }
        this.#active = drafts.get(event.context) ?? null;
        return;
      case 'call':
        if (event.status !== 'OK') return;
        if (event.name === 'proxy_set_effective_context') {
          this.#active = drafts.get(Number(event.args['context'])) ?? null;
        } else if (event.name === 'proxy_get_property') {
          this.#active?.property(String(event.args['path']), String(event.results['value']));
        }
        return;
      case 'return':
      case 'trap': {
        const result = event.event === 'trap' ? 'trap' : (event.action ?? 'done');
        this.#active?.callback({ name: event.name, result, us: Math.round(event.us * 10) / 10 });
        this.#active = null;
        if (event.name === 'proxy_on_delete') drafts.delete(event.context);
        if (event.event === 'trap') drafts.clear();
        return;
      }
      default:
    }
  }

  #write(filter: string, configSha256: string, draft: Draft): void {
    if (draft.request.in.head === null) return;
    const { request, response, timeMs, callouts, properties, callbacks } = draft;
    const { localReply, failure, truncated } = draft;
    const recording: Recording = {
      version: 1,
      filter,
      configSha256,
      timeMs,
      truncated,
      request: request.in.finish(),
      response: response.in.finish(),
      callouts,
      properties,
      callbacks,
      sent: request.out.finish(),
      answered: response.out.finish(),
      localReply,
      failure,
    };
    this.#append(asciiJson(recording));
  }

  #append(line: string): void {
    if (this.#full) return;
    this.#records++;
    this.#bytes += line.length + 1;
    if (this.#records <= RECORDS_MAX && this.#bytes <= BYTES_MAX) {
      this.#file.write(line);
      return;
    }
    this.#full = true;
    const message = `${this.#options.path} is full: no more requests are recorded`;
    this.#options.log.write('warn', message);
  }
}

function recordedAnswer({ fields, body, trailers }: CalloutResponse) {
  const status = Number(fields[fields.indexOf(':status') + 1] ?? 0);
  const own = fields.filter((_, i) => fields[i - (i % 2)] !== ':status');
  return {
    status,
    headers: recordedFields(own),
    chunks: body.length === 0 ? [] : [recordedBytes(body)],
    trailers: trailers.length === 0 ? null : recordedFields(trailers),
  };
}

/** Lines of a {@link LineFile} have one byte a char. */
function asciiJson(value: object): string {
  return JSON.stringify(value).replaceAll(
    /[\u007F-\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
