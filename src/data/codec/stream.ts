/**
 * One request and its answer as two half streams, whatever the protocol. The codec's owner on
 * either side implements the stream, the exchange implements the events.
 *
 * Chunks are borrowed: the bytes are valid only during the call, who keeps them copies them.
 * `end` on a head or chunk closes that half; trailers close it too. After `reset`/`cancel`, or an
 * event that says the stream failed, no further call or event happens on it.
 */

import type { ErrorCode } from '../../base/errors.ts';
import type { Fields, ResponseHead } from './head.ts';

/** An empty chunk, for an end that brings no bytes. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The client's side: the exchange answers here. */
export interface ServerStream {
  writeInformational(head: ResponseHead): void;
  /** `more`: body bytes follow in this very call stack, so head and bytes may leave together: then bytes or {@link flushHead} must. Returns the head's size, bytes. */
  writeHead(head: ResponseHead, end: boolean, more: boolean): number;
  /** Sends a head that waits for its first bytes, if there is one. */
  flushHead(): void;
  /** False: unsent bytes are above the high watermark; wait for {@link ServerStreamEvents.responseWritable}. */
  writeData(chunk: Uint8Array, end: boolean): boolean;
  writeTrailers(fields: Fields): void;
  /** Cuts the answer so that the client can tell; only after the head has gone. */
  reset(code: ErrorCode): void;
  /** Stops and restarts the request body. */
  pauseRequest(): void;
  resumeRequest(): void;
}

export interface ServerStreamEvents {
  requestData(chunk: Uint8Array, end: boolean): void;
  requestTrailers(fields: Fields): void;
  /** The client is gone or broke its body's framing. */
  requestFailed(code: ErrorCode, detail: string): void;
  responseWritable(): void;
}

/** The backend's side: opened with a head by an {@link UpstreamConnector}. */
export interface ClientStream {
  /** False: wait for {@link ClientStreamEvents.upstreamWritable}. */
  writeData(chunk: Uint8Array, end: boolean): boolean;
  writeTrailers(fields: Fields): void;
  pauseResponse(): void;
  resumeResponse(): void;
  /** No event follows. */
  cancel(): void;
}

export interface ClientStreamEvents {
  /** 1xx, never 101. */
  informational(head: ResponseHead): void;
  /** `more`: body bytes of it follow before the caller returns to the event loop. */
  responseHead(head: ResponseHead, end: boolean, more?: boolean): void;
  responseData(chunk: Uint8Array, end: boolean): void;
  responseTrailers(fields: Fields): void;
  /** The attempt failed, before or after its head. `reused`: on a kept connection with no byte of an answer seen. */
  responseFailed(code: ErrorCode, detail: string, reused: boolean): void;
  upstreamWritable(): void;
}
