/** Where things leave the filter chain; its rules are at the head of `chain.ts`. */

import type { ErrorCode } from '../../base/errors.ts';
import type { StreamInfo } from '../../observe/stream-info.ts';
import type { Fields, RequestHead, ResponseHead } from '../codec/head.ts';
import type { LocalReply } from './contract.ts';

/** The exchange, as the chain sees it. */
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
