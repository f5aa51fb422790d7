/** The shape of what is known of one request; the exchange's object has it. */

import type { FilterState } from './filter-state.ts';

/**
 * What is known of one request while it runs and when it ends: the access log, metrics and filter
 * properties read it. The exchange is one, so a request pays for no second object. Times are ms
 * since {@link StreamInfo.startMs} on the monotonic clock, -1 until they happen.
 */
export interface StreamInfo {
  /** Wall clock, ms since the epoch. */
  readonly startWallMs: number;
  /** Monotonic. */
  readonly startMs: number;
  readonly method: string;
  /** As received, before rewrites. */
  readonly originalTarget: string;
  readonly authority: string;
  readonly protocol: string;
  readonly requestId: string;
  /** Fields of the request as sent on (after filters). */
  readonly requestFields: readonly string[];
  /** Fields of the answer as sent to the client; empty before. */
  readonly responseFields: readonly string[];
  /** 0 until known. */
  readonly status: number;
  /** Why the answer is what it is: `via_upstream`, or a word of the failure. */
  readonly statusDetails: string;
  /** Envoy-like flags joined by commas; '' for none. */
  readonly responseFlags: string;
  readonly requestBodyBytes: number;
  readonly responseBodyBytes: number;
  readonly requestHeadBytes: number;
  readonly responseHeadBytes: number;
  /** Whole request body received. */
  readonly requestEndMs: number;
  /** First byte of the final attempt's answer. */
  readonly responseStartMs: number;
  /** Last byte handed to the client's socket. */
  readonly endMs: number;
  /** Of the worker's client connections, from 1. */
  readonly connectionId: number;
  /** What filters have set; null until one does. */
  filterState: FilterState | null;
  /** `ip:port`. */
  readonly downstreamRemoteAddress: string;
  readonly downstreamLocalAddress: string;
  readonly upstreamAddress: string;
  readonly listenerName: string;
  /** Rule name, '' when none matched. */
  readonly routeName: string;
  readonly clusterName: string;
  /** Attempts made; 0 for local replies. */
  readonly attempts: number;
}
