/**
 * What a filter is. Two tiers, because most are cheap and a few are not:
 *
 * - {@link HeadFilter}: edits heads, synchronous, holds no state of a request; one object serves
 *   every request of a rule. All Gateway API filters are of this tier.
 * - {@link HttpFilter}: opened for one request; sees heads, bodies and trailers of both ways, may
 *   hold them, answer itself, or wait. Wasm filters are of this tier.
 *
 * What a filter leaves in fields is written as it is: it must be valid field lines (names lower-case
 * tokens, values without control characters) and none of the connection's own. Who lets a guest
 * edit fields checks each edit.
 *
 * Order of a request: HttpFilters of the Gateway, then of the route, then the rule's HeadFilters,
 * then the chosen backendRef's HeadFilters; the answer passes them in reverse.
 */

import type { ErrorCode } from '../../base/errors.ts';
import type { StreamInfo } from '../../observe/stream-info.ts';
import type { Fields, RequestHead, ResponseHead } from '../codec/head.ts';

/** An answer made here instead of by a backend. */
export interface LocalReply {
  readonly status: number;
  /** Flat name, value...; content-length and date are added. */
  readonly fields: Fields;
  readonly body: string | Uint8Array;
  /** Envoy's "response code details": a word for the log, no blanks. */
  readonly details: string;
  /** -1: none. Part of the answer where the request is gRPC. */
  readonly grpcStatus?: number;
}

/** What a HeadFilter may know of its request. */
export interface MatchedRequest {
  readonly head: RequestHead;
  /** Path prefix that matched, '' unless the match was PathPrefix. */
  readonly matchedPrefix: string;
  /** The head's `origin` field as received, for CORS on the answer; undefined when absent. */
  readonly origin: string | undefined;
  /** Port of the listener, for redirects. */
  readonly listenerPort: number;
}

export interface HeadFilter {
  /** Edits `request.head`; a reply ends the request here. */
  request?(request: MatchedRequest): LocalReply | null;
  response?(head: ResponseHead, request: MatchedRequest): void;
}

/** Verdict on a head (Envoy FilterHeadersStatus). */
export const HEAD_CONTINUE = 0;
/** Hold the head, keep feeding data to this filter. */
export const HEAD_STOP = 1;
/** Hold everything; data is kept up to the buffer limit, then the sender is slowed. */
export const HEAD_STOP_ALL = 2;

/** Verdict on data (Envoy FilterDataStatus). */
export const DATA_CONTINUE = 0;
/** Keep it; the next call sees all that is kept. Over the limit: 413 or 500. */
export const DATA_STOP_BUFFER = 1;
/** Keep it; over the limit the sender is slowed. */
export const DATA_STOP_WATERMARK = 2;
/** The filter took the bytes; nothing is kept. */
export const DATA_STOP_NO_BUFFER = 3;

/** Verdict on trailers. */
export const TRAILERS_CONTINUE = 0;
export const TRAILERS_STOP = 1;

export type HeadVerdict = typeof HEAD_CONTINUE | typeof HEAD_STOP | typeof HEAD_STOP_ALL;
export type DataVerdict =
  | typeof DATA_CONTINUE
  | typeof DATA_STOP_BUFFER
  | typeof DATA_STOP_WATERMARK
  | typeof DATA_STOP_NO_BUFFER;
export type TrailersVerdict = typeof TRAILERS_CONTINUE | typeof TRAILERS_STOP;

/**
 * Body bytes in a filter's hands: what is kept so far plus the new chunk. Edits change what goes on.
 * While the filter holds them it may go on reading and editing them between its hooks.
 */
export interface BodyBuffer {
  readonly length: number;
  /** A borrowed view of all bytes. */
  bytes(): Uint8Array;
  /** The bytes belong to the chain from then on. */
  replace(bytes: Uint8Array): void;
}

/** One request's instance of a filter. Every hook but `complete` may be absent. */
export interface HttpFilter {
  requestHead?(head: RequestHead, end: boolean): HeadVerdict;
  requestData?(body: BodyBuffer, end: boolean): DataVerdict;
  requestTrailers?(fields: Fields): TrailersVerdict;
  responseHead?(head: ResponseHead, end: boolean): HeadVerdict;
  responseData?(body: BodyBuffer, end: boolean): DataVerdict;
  responseTrailers?(fields: Fields): TrailersVerdict;
  /** The exchange is over, the access log's figures are final. All filters log, then all complete. */
  log?(): void;
  /** Called once, last. */
  complete(): void;
}

/** What the chain offers one filter of one request. Calls take effect after the current hook returns. */
export interface FilterHost {
  readonly request: RequestHead;
  /** Null until the answer's head is known. */
  readonly response: ResponseHead | null;
  readonly requestTrailers: Fields | null;
  readonly responseTrailers: Fields | null;
  /** Trailers where the peer sent none; they count when made before or in the data hook that sees the end. */
  makeRequestTrailers(): Fields;
  makeResponseTrailers(): Fields;
  readonly info: StreamInfo;
  /** Resumes what this filter holds. */
  continueRequest(): void;
  continueResponse(): void;
  /** Answers the client; the answer passes the response hooks of this filter and of those before it. Only the first counts. */
  reply(reply: LocalReply): void;
  /** Fails the request with a code of ours (a trap, a missing module). */
  fail(code: ErrorCode, detail: string): void;
  /** The head's edits may change which route matches: match again once the chain has passed it. */
  clearRouteCache(): void;
}

/** Opens a filter for each request of one configuration. */
export interface HttpFilterFactory {
  readonly name: string;
  /** Its filter logs every request: where none of the request has reached it, it is opened for that. */
  readonly logsAll?: boolean;
  open(host: FilterHost): HttpFilter;
  /** The configuration is gone; frees what it held once its open filters are complete. */
  retire(): void;
}
