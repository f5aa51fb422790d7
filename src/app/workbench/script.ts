/**
 * One exchange written down beforehand: what a client sends, what the backend answers, what other
 * services answer to the filter's own calls. Parsed and checked; fields have names in lower case.
 */

import type { Fields } from '../../data/codec/head.ts';

export interface RequestScript {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  /** Path and query. */
  readonly target: string;
  readonly fields: Fields;
  /** As the filter gets it, piece by piece; empty: no body. */
  readonly chunks: readonly Uint8Array[];
  /** Null: none. */
  readonly trailers: Fields | null;
}

export interface ResponseScript {
  readonly status: number;
  readonly fields: Fields;
  readonly chunks: readonly Uint8Array[];
  readonly trailers: Fields | null;
}

/** What answers a call of the filter; the first that fits does. */
export interface CalloutScript {
  /** Null: any. */
  readonly target: string | null;
  /** What the call's `:method` and `:path` must be; null: anything. */
  readonly method: string | null;
  readonly path: string | null;
  /** Null: there is no answer (a reset or a timeout). */
  readonly response: ResponseScript | null;
  /** Before it comes; no time is spent. */
  readonly delayMs: number;
  /** Answers one call only; default: all that fit. */
  readonly once?: boolean;
}

export interface ExchangeScript {
  readonly request: RequestScript;
  readonly response: ResponseScript;
  readonly callouts: readonly CalloutScript[];
  /** Path with dots -> value; they go before those of the request itself. */
  readonly properties: ReadonlyMap<string, string | number | boolean | Uint8Array>;
}

export const DEFAULT_REQUEST: RequestScript = {
  method: 'GET',
  scheme: 'http',
  authority: 'localhost',
  target: '/',
  fields: [],
  chunks: [],
  trailers: null,
};

export const DEFAULT_RESPONSE: ResponseScript = {
  status: 200,
  fields: ['content-type', 'text/plain', 'content-length', '3'],
  chunks: [Buffer.from('ok\n')],
  trailers: null,
};
