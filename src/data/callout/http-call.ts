/**
 * One HTTP call of a filter. Its answer is kept until it is whole, within a bound. What goes wrong
 * before an answer begins arrives as Envoy has it: as an answer made here, 503 or 504; what goes
 * wrong later, as no answer at all.
 */

import type { Clock } from '../../base/clock.ts';
import { Deadline, type DeadlineWheel } from '../../base/deadline.ts';
import { ERRORS, type ErrorCode } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type {
  CalloutHandle,
  CalloutRequest,
  CalloutResponse,
} from '../../runtime/proxy-wasm/callouts.ts';
import { refusedField } from '../../runtime/proxy-wasm/calls/field-check.ts';
import { isAuthority, isFieldName } from '../codec/h1/syntax.ts';
import type { Fields, RequestHead, ResponseHead } from '../codec/head.ts';
import { fieldValue } from '../codec/head.ts';
import type { ClientStream, ClientStreamEvents } from '../codec/stream.ts';
import { isIdempotent } from '../exchange/attempts.ts';
import type { RuntimeCluster } from '../exchange/tables.ts';
import { type AttemptTarget, isRefusal } from '../upstream/connector.ts';
import { countCall } from './count-call.ts';

export interface HttpCallDeps {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
}

/** An answer, or null where there is none. */
export type Done = (response: CalloutResponse | null) => void;

/** A request lost on a kept connection is sent again, at most so often. */
const REPEATS_MAX = 2;
const TARGET = /^\/[\x21\x22\x24-\x7e]*$/;
const NO_RETRIES: readonly string[] = [];
const BEFORE_HEADERS = 'upstream connect error or disconnect/reset before headers. reset reason:';

/** As Envoy words them; other failures have the status and message of their code. */
const LOCAL_ANSWERS: { readonly [code in ErrorCode]?: readonly [status: number, text: string] } = {
  no_endpoint: [503, 'no healthy upstream'],
  upstream_overflow: [503, `${BEFORE_HEADERS} overflow`],
  upstream_pending_timeout: [503, `${BEFORE_HEADERS} connection timeout`],
  upstream_connect: [503, `${BEFORE_HEADERS} remote connection failure`],
  upstream_connect_timeout: [503, `${BEFORE_HEADERS} connection timeout`],
  upstream_reset: [503, `${BEFORE_HEADERS} connection termination`],
  upstream_malformed: [502, `${BEFORE_HEADERS} protocol error`],
  upstream_idle: [504, 'stream timeout'],
  upstream_timeout: [504, 'upstream request timeout'],
};

/** The head of a call; null where its fields make none. */
export function callHead(fields: Fields): RequestHead | null {
  const method = fieldValue(fields, ':method') ?? '';
  const target = fieldValue(fields, ':path') ?? '';
  const authority = fieldValue(fields, ':authority') ?? '';
  if (!isFieldName(method) || method === 'CONNECT' || !isAuthority(authority)) return null;
  if (!TARGET.test(target) || target.length > LIMITS.targetBytesMax) return null;
  const scheme = fieldValue(fields, ':scheme') === 'https' ? 'https' : 'http';
  return {
    method,
    scheme,
    authority: authority.toLowerCase(),
    target,
    version: 'HTTP/1.1',
    fields: sentFields(fields),
  };
}

/** Without pseudo-fields, framing and what belongs to the connection. */
function sentFields(fields: Fields): Fields {
  const sent: Fields = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    const framing = name === 'content-length' || name.charCodeAt(0) === 0x3a;
    if (!framing && refusedField(name, value) === null) sent.push(name, value);
  }
  return sent;
}

export class HttpCall implements ClientStreamEvents, AttemptTarget, CalloutHandle {
  upstreamAddress = '';
  readonly #cluster: RuntimeCluster;
  readonly #head: RequestHead;
  readonly #request: CalloutRequest;
  readonly #deps: HttpCallDeps;
  readonly #done: Done;
  readonly #startMs: number;
  #deadline: Deadline | null = null;
  #stream: ClientStream | null = null;
  #repeats = 0;
  #fields: Fields | null = null;
  #status = 0;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #over = false;

  constructor(
    cluster: RuntimeCluster,
    head: RequestHead,
    request: CalloutRequest,
    deps: HttpCallDeps,
    done: Done,
  ) {
    this.#cluster = cluster;
    this.#head = head;
    this.#request = request;
    this.#deps = deps;
    this.#done = done;
    this.#startMs = deps.clock.now();
    cluster.metrics.requestsActive.add(1);
    if (request.timeoutMs > 0) {
      this.#deadline = new Deadline(deps.wheel, () => this.#expired());
      this.#deadline.set(this.#startMs + request.timeoutMs);
    }
  }

  /** False: the cluster takes no call now. No answer comes then. */
  start(): boolean {
    if (this.#open()) return true;
    this.#end();
    return false;
  }

  cancel(): void {
    if (this.#over) return;
    this.#end();
    this.#stream?.cancel();
  }

  informational(): void {}

  responseHead(head: ResponseHead, end: boolean): void {
    this.#status = head.status;
    this.#fields = [':status', String(head.status), ...head.fields];
    if (end) this.#answer([]);
  }

  responseData(chunk: Uint8Array, end: boolean): void {
    if (this.#over) return;
    this.#bytes += chunk.length;
    if (this.#bytes > LIMITS.calloutAnswerBytesMax) {
      this.#stream?.cancel();
      this.#finish(null);
      return;
    }
    if (chunk.length > 0) this.#chunks.push(new Uint8Array(chunk));
    if (end) this.#answer([]);
  }

  responseTrailers(fields: Fields): void {
    this.#answer(fields);
  }

  responseFailed(code: ErrorCode, _detail: string, reused: boolean): void {
    if (this.#over) return;
    this.#stream = null;
    const again = reused && isIdempotent(this.#head.method) && this.#repeats < REPEATS_MAX;
    if (this.#fields === null && again) {
      this.#repeats++;
      if (!this.#open()) this.#fail(code);
    } else this.#fail(code);
  }

  upstreamWritable(): void {}

  #open(): boolean {
    const { body, trailers } = this.#request;
    const end = body.length === 0 && trailers.length === 0;
    const options = {
      end,
      bodyLength: trailers.length === 0 ? body.length : -1,
      more: !end,
      expectContinue: false,
      idleMs: this.#cluster.streamIdleMs,
      avoid: NO_RETRIES,
    };
    const head = { ...this.#head, fields: this.#head.fields.slice() };
    const opened = this.#cluster.connector.open(head, options, this, this);
    if (isRefusal(opened)) return false;
    this.#stream = opened;
    if (end) return true;
    if (body.length > 0) opened.writeData(body, trailers.length === 0);
    if (trailers.length > 0) opened.writeTrailers(trailers);
    return true;
  }

  #expired(): void {
    this.#stream?.cancel();
    this.#cluster.metrics.timeouts.add(1);
    this.#fail('upstream_timeout');
  }

  #fail(code: ErrorCode): void {
    if (this.#over) return;
    if (this.#fields !== null) {
      this.#finish(null);
      return;
    }
    const { status, message } = ERRORS[code];
    const [sent, text] = LOCAL_ANSWERS[code] ?? [status === 0 ? 503 : status, message];
    this.#status = sent;
    const body = Buffer.from(text);
    const length = String(body.length);
    const fields = [
      ':status',
      String(sent),
      'content-length',
      length,
      'content-type',
      'text/plain',
    ];
    this.#finish({ fields, body, trailers: [] });
  }

  #answer(trailers: Fields): void {
    if (this.#over) return;
    const body = new Uint8Array(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      body.set(chunk, at);
      at += chunk.length;
    }
    this.#finish({ fields: this.#fields ?? [], body, trailers });
  }

  #finish(response: CalloutResponse | null): void {
    this.#end();
    this.#done(response);
  }

  #end(): void {
    this.#over = true;
    this.#deadline?.release();
    this.#chunks = [];
    countCall(this.#cluster.metrics, {
      status: this.#status,
      durationMs: this.#deps.clock.now() - this.#startMs,
      sentBytes: this.#request.body.length,
      receivedBytes: this.#bytes,
    });
  }
}
