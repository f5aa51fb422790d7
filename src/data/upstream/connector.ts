/**
 * A way to one kind of upstream. A cluster's connector hides whether an attempt goes over a pooled
 * TCP connection or into a Wasm service of this process; the exchange sees the same stream.
 */

import type { ErrorCode } from '../../base/errors.ts';
import type { RequestHead } from '../codec/head.ts';
import type { ClientStream, ClientStreamEvents } from '../codec/stream.ts';

/** What an attempt needs to know beyond its head. */
export interface AttemptOptions {
  /** The request has no body: `head` is all. */
  readonly end: boolean;
  /** Exact body length when known (content-length), else -1: then chunked. */
  readonly bodyLength: number;
  /** Body bytes follow in this very call stack, so head and bytes may leave together. */
  readonly more: boolean;
  /** The client waits for a 100 before it sends the body. */
  readonly expectContinue: boolean;
  /** No progress in either direction for longer fails the attempt; 0: never. */
  readonly idleMs: number;
  /** Endpoint keys (`ip:port`) already tried, to be avoided while another is healthy. */
  readonly avoid: readonly string[];
}

/** A refusal before any stream exists. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** Set by the connector as soon as an endpoint is chosen. */
export interface AttemptTarget {
  upstreamAddress: string;
}

export interface UpstreamConnector {
  /**
   * Starts an attempt. Never fires an event before it returns. The stream may still be waiting for
   * a connection: writes are then refused with `false` after being kept, up to the watermark.
   */
  open(
    head: RequestHead,
    options: AttemptOptions,
    events: ClientStreamEvents,
    target: AttemptTarget,
  ): ClientStream | Refusal;
  /** No new attempts; connections close as their streams end. */
  retire(): void;
}

export function isRefusal(opened: ClientStream | Refusal): opened is Refusal {
  return 'code' in opened;
}
