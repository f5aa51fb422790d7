/** What the exchange knows of the client's side of it. */

import type { ServerStream } from '../codec/stream.ts';

/** What the client's connection tells of a request beyond its head. */
export interface RequestFacts {
  readonly end: boolean;
  /** Bytes; -1: chunked. */
  readonly bodyLength: number;
  readonly expectContinue: boolean;
  /** Body bytes follow in this very call stack. */
  readonly more: boolean;
  readonly headBytes: number;
}

export interface Downstream extends ServerStream {
  /** IP address. */
  readonly remoteAddress: string;
  /** `ip:port`. */
  readonly remoteName: string;
  readonly localName: string;
  readonly connectionId: number;
  /** The address is a trusted proxy's. */
  readonly trusted: boolean;
  /** The exchange is over; the connection may go on. */
  exchangeEnded(): void;
}
