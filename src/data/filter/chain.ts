/**
 * The HttpFilters of one exchange, in order. The exchange feeds what arrives from both sides into
 * the chain and gets it back, edited, through its {@link ChainOutlet}; in between a filter may hold
 * it, answer itself or fail. Requests pass from the first filter to the last, answers in reverse.
 *
 * Rules for the exchange:
 * - Feed each half in order: head, data..., and trailers or a final `end`. What comes out of the
 *   outlet follows the same order. Chunks are borrowed both ways.
 * - A filter is opened when the request's head reaches it. An answer passes the filters opened so
 *   far, so one made by the exchange itself (no route, a timeout) is fed like an upstream's.
 * - {@link ChainOutlet.localReply} and {@link ChainOutlet.fail} come at most once in all, never
 *   from inside a hook. From then on nothing of the request comes out: drop the upstream attempt,
 *   let the rest of the request body run dry (feeding it is harmless), render the answer and feed
 *   it through {@link FilterChain.responseHead} and {@link FilterChain.responseData}, now or later:
 *   the chain knows that it enters at the filter that answered (that one included). Where the
 *   head of an answer had entered the chain already, the new answer passes no filter. Where a head
 *   had already come out of the chain, `fail` is what is called, and the exchange resets the stream.
 * - Pause and resume calls are pairs; the exchange may have reasons of its own to pause.
 * - {@link FilterChain.complete} ends it, at any time; nothing comes out afterwards.
 */

import type { ErrorCode } from '../../base/errors.ts';
import type { StreamInfo } from '../../observe/stream-info.ts';
import type { Fields, RequestHead, ResponseHead } from '../codec/head.ts';
import type { LocalReply } from './contract.ts';

/** Where things leave the chain: the exchange. */
export interface ChainOutlet {
  readonly request: RequestHead;
  readonly info: StreamInfo;
  forwardRequestHead(end: boolean): void;
  forwardRequestData(chunk: Uint8Array, end: boolean): void;
  forwardRequestTrailers(fields: Fields): void;
  forwardResponseHead(head: ResponseHead, end: boolean): void;
  forwardResponseData(chunk: Uint8Array, end: boolean): void;
  forwardResponseTrailers(fields: Fields): void;
  /** A filter answers; no head of an answer has come out yet. */
  localReply(reply: LocalReply): void;
  /** The exchange fails with a code; it may come after a head has gone: then reset. */
  fail(code: ErrorCode, detail: string): void;
  /** Match the route again when the request's head comes out. */
  clearRouteCache(): void;
  pauseRequest(): void;
  resumeRequest(): void;
  pauseResponse(): void;
  resumeResponse(): void;
}
