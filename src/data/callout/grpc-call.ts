/**
 * One gRPC call or stream of a filter, over HTTP/2. Events come in the order and with the statuses
 * of Envoy's client: a call gives its message or, when it fails, its status; a stream gives initial
 * metadata, messages, trailing metadata and its status, empty metadata where there was none.
 */

import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Clock } from '../../base/clock.ts';
import { Deadline, type DeadlineWheel } from '../../base/deadline.ts';
import { LIMITS } from '../../base/limits.ts';
import type { GrpcEvents, GrpcHandle, GrpcRequest } from '../../runtime/proxy-wasm/callouts.ts';
import { refusedField } from '../../runtime/proxy-wasm/calls/field-check.ts';
import type { ChosenEndpoint, EndpointSource, RuntimeCluster } from '../exchange/tables.ts';
import { countCall } from './count-call.ts';
import { FrameReader, frame } from './grpc-frames.ts';
import {
  readMessage,
  readStatus,
  STATUS_INTERNAL,
  STATUS_OK,
  STATUS_RESOURCE_EXHAUSTED,
  STATUS_UNAVAILABLE,
  STATUS_UNKNOWN,
  statusOfHttp,
} from './grpc-status.ts';
import type { Http2Sessions } from './http2-sessions.ts';

export interface GrpcCallDeps {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly sessions: Http2Sessions;
}

/** RFC 9113 7. */
const CANCEL = 8;
const END_STREAM = 1;
const NO_RETRIES: readonly string[] = [];
const BEFORE_HEADERS = 'upstream connect error or disconnect/reset before headers';
/** Ours to say, whatever metadata a filter sends. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['content-type', 'content-length', 'grpc-timeout']);

export class GrpcCall implements GrpcHandle {
  readonly #cluster: RuntimeCluster;
  readonly #endpoints: EndpointSource;
  readonly #request: GrpcRequest;
  readonly #deps: GrpcCallDeps;
  readonly #events: GrpcEvents;
  readonly #startMs: number;
  readonly #reader = new FrameReader((bytes) => this.#message(bytes));
  #deadline: Deadline | null = null;
  #endpoint: ChosenEndpoint | null = null;
  #session: ClientHttp2Session | null = null;
  #stream: ClientHttp2Stream | null = null;
  /** Written before there is a connection. */
  #waiting: Buffer[] = [];
  #unsentBytes = 0;
  #ended: boolean;
  #headSeen = false;
  /** What a call was answered with; it counts once the status says OK. */
  #answer: Uint8Array | null = null;
  #sentBytes = 0;
  #receivedBytes = 0;
  #acquired = false;
  #over = false;

  constructor(
    cluster: RuntimeCluster,
    endpoints: EndpointSource,
    request: GrpcRequest,
    deps: GrpcCallDeps,
    events: GrpcEvents,
  ) {
    this.#cluster = cluster;
    this.#endpoints = endpoints;
    this.#request = request;
    this.#deps = deps;
    this.#events = events;
    this.#startMs = deps.clock.now();
    this.#ended = false;
    cluster.metrics.requestsActive.add(1);
    if (request.timeoutMs > 0) {
      this.#deadline = new Deadline(deps.wheel, () => this.#expired());
      this.#deadline.set(this.#startMs + request.timeoutMs);
    }
    if (request.message !== null) this.send(request.message, true);
  }

  /** False: the cluster takes no call now. No event comes then. */
  start(): boolean {
    if (!this.#endpoints.tryAcquireRequest()) {
      this.#cluster.metrics.overflow.add(1);
      this.#letGo(0);
      return false;
    }
    this.#acquired = true;
    const endpoint = this.#endpoints.choose(NO_RETRIES);
    const ready = endpoint === null ? this.#endpoints.whenReady() : null;
    if (endpoint !== null) this.#open(endpoint);
    else if (ready !== null) void ready.then(() => this.#openResolved());
    else {
      this.#cluster.metrics.noEndpoint.add(1);
      this.#letGo(0);
      return false;
    }
    return true;
  }

  send(message: Uint8Array, end: boolean): void {
    if (this.#over || this.#ended) return;
    const bytes = frame(message);
    this.#sentBytes += message.length;
    this.#ended = end;
    if (this.#stream === null) {
      this.#waiting.push(bytes);
      this.#unsentBytes += bytes.length;
    } else this.#write(this.#stream, bytes);
    const unsent = this.#unsentBytes + (this.#stream?.writableLength ?? 0);
    if (unsent > LIMITS.calloutUnsentBytesMax) {
      queueMicrotask(() => this.#fail(STATUS_RESOURCE_EXHAUSTED, 'too much is unsent'));
    }
  }

  end(): void {
    if (this.#over || this.#ended) return;
    this.#ended = true;
    this.#stream?.end();
  }

  cancel(): void {
    if (this.#over) return;
    this.#letGo(0);
  }

  #openResolved(): void {
    if (this.#over) return;
    const endpoint = this.#endpoints.choose(NO_RETRIES);
    if (endpoint === null) this.#fail(STATUS_UNAVAILABLE, 'no healthy upstream');
    else this.#open(endpoint);
  }

  #open(endpoint: ChosenEndpoint): void {
    this.#endpoint = endpoint;
    endpoint.activeRequests++;
    const { config } = this.#endpoints;
    const { connectMs, idleMs } = config;
    const session = this.#deps.sessions.acquire(endpoint, { connectMs, idleMs });
    this.#session = session;
    const { discovery } = config;
    const authority = discovery.type === 'dns' ? discovery.hostname : endpoint.key;
    const stream = session.request(headersOf(this.#request, authority), { endStream: false });
    this.#stream = stream;
    stream.on('response', (headers, flags, raw: string[]) => this.#head(headers, flags, raw));
    stream.on('trailers', (headers, _flags, raw: string[]) => this.#trailers(headers, raw));
    stream.on('data', (chunk: Buffer) => this.#data(chunk));
    // Trailers may yet come; ending this side, too, makes the stream close in any case.
    stream.on('end', () => stream.end());
    stream.on('error', () => this.#reset());
    stream.on('close', () => this.#reset());
    for (const bytes of this.#waiting) stream.write(bytes);
    this.#waiting = [];
    this.#unsentBytes = 0;
    if (this.#ended) stream.end();
  }

  #write(stream: ClientHttp2Stream, bytes: Buffer): void {
    stream.write(bytes);
    if (this.#ended) stream.end();
  }

  #head(headers: IncomingHttpHeaders, flags: number, raw: string[]): void {
    if (this.#over) return;
    this.#headSeen = true;
    const last = (flags & END_STREAM) !== 0;
    const status = headers[':status'];
    if (this.#isStream) this.#events.initialMetadata(last ? [] : lowered(raw));
    if (this.#over) return;
    const grpcStatus = readStatus(textOf(headers['grpc-status']));
    if (Number(status) !== 200 && !(last && grpcStatus !== null)) {
      this.#fail(statusOfHttp(Number(status)), '');
    } else if (last) this.#trailers(headers, raw);
  }

  #data(chunk: Buffer): void {
    if (this.#over) return;
    this.#receivedBytes += chunk.length;
    const problem = this.#reader.read(chunk);
    if (problem === 'too large') this.#fail(STATUS_RESOURCE_EXHAUSTED, 'a message is too large');
    else if (problem !== null) this.#fail(STATUS_INTERNAL, 'a message is compressed');
  }

  #message(bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.#isStream) this.#events.message(bytes);
    else this.#answer = bytes;
  }

  #trailers(headers: IncomingHttpHeaders, raw: string[]): void {
    if (this.#over) return;
    const status = readStatus(textOf(headers['grpc-status'])) ?? STATUS_UNKNOWN;
    const message = readMessage(textOf(headers['grpc-message']));
    if (this.#isStream) this.#events.trailingMetadata(lowered(raw));
    this.#finish(status, message);
  }

  /** Without trailers, since those would have ended the call; Envoy makes no difference. */
  #reset(): void {
    if (this.#over) return;
    if (this.#headSeen) this.#fail(STATUS_UNKNOWN, '');
    else this.#fail(STATUS_UNAVAILABLE, `${BEFORE_HEADERS}. reset reason: connection termination`);
  }

  #expired(): void {
    this.#cluster.metrics.timeouts.add(1);
    this.#fail(STATUS_UNAVAILABLE, 'upstream request timeout');
  }

  /** A status made here. Before any answer it comes as one that is only metadata. */
  #fail(status: number, message: string): void {
    if (this.#over) return;
    if (this.#isStream) {
      const made = this.#headSeen ? NOTHING : localMetadata(status, message);
      if (!this.#headSeen) this.#events.initialMetadata([]);
      if (!this.#over) this.#events.trailingMetadata(made);
    }
    if (!this.#over) this.#finish(status, message);
  }

  #finish(status: number, message: string): void {
    const answer = this.#answer;
    this.#letGo(status === STATUS_OK ? 200 : 500);
    if (this.#isStream || status !== STATUS_OK) this.#events.close(status, message);
    else if (answer === null) this.#events.close(STATUS_INTERNAL, '');
    else this.#events.message(answer);
  }

  /** `status`: as HTTP would count it. */
  #letGo(status: number): void {
    this.#over = true;
    this.#waiting = [];
    this.#deadline?.release();
    const stream = this.#stream;
    if (stream !== null) {
      if (!stream.closed) stream.close(CANCEL);
      const key = this.#endpoint?.key ?? '';
      if (this.#session !== null) this.#deps.sessions.release(key, this.#session);
      if (this.#endpoint !== null) this.#endpoint.activeRequests--;
    }
    if (this.#acquired) this.#endpoints.releaseRequest();
    countCall(this.#cluster.metrics, {
      status,
      durationMs: this.#deps.clock.now() - this.#startMs,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
    });
  }

  get #isStream(): boolean {
    return this.#request.message === null;
  }
}

function headersOf(request: GrpcRequest, authority: string): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': `/${request.service}/${request.method}`,
    ':authority': authority,
    te: 'trailers',
    'content-type': 'application/grpc',
  };
  if (request.timeoutMs > 0) headers['grpc-timeout'] = `${request.timeoutMs}m`;
  const { initialMetadata } = request;
  for (let i = 0; i < initialMetadata.length; i += 2) {
    const name = initialMetadata[i] as string;
    const value = initialMetadata[i + 1] as string;
    if (name.startsWith(':') || OWN_FIELDS.has(name) || refusedField(name, value) !== null)
      continue;
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}

/** What a server would send that answers with nothing but a status. */
function localMetadata(status: number, message: string): string[] {
  const fields = [':status', '200', 'content-type', 'application/grpc'];
  return [...fields, 'grpc-status', String(status), 'grpc-message', message];
}

const NOTHING: string[] = [];

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** As received, names in lower case. */
function lowered(raw: readonly string[]): string[] {
  return raw.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
}
