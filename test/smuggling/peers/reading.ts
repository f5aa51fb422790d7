/** How a parser has read one request, in a form that can be compared. */

import { readMessage, valuesOf } from '../support/plain-message.ts';

export interface Reading {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  /** `name: value`, lower-case names, sorted; without host and framing. */
  readonly fields: readonly string[];
  readonly chunked: boolean;
  readonly body: string;
  readonly trailers: readonly string[];
}

/** What a parser made of the bytes of a connection. */
export interface Verdict {
  readonly readings: readonly Reading[];
  /** Why it refused what came behind them, '' where it did not. */
  readonly refused: string;
}

export interface Peer {
  readonly name: string;
  /** Sends `bytes` over a connection of its own. */
  parse(bytes: string): Promise<Verdict>;
  close(): Promise<void>;
}

/** Sent behind each message: a parser that finds another end of it does not see this as it is. */
export const SENTINEL = 'GET /sentinel HTTP/1.1\r\nhost: sentinel\r\nconnection: close\r\n\r\n';

/** Neither framing, which is compared by its outcome, nor what parsers keep elsewhere. */
const ELSEWHERE = new Set(['host', 'transfer-encoding', 'content-length', 'trailer']);

export function comparable(fields: readonly string[]): string[] {
  return fields.filter((field) => !ELSEWHERE.has(field.slice(0, field.indexOf(':')))).sort(byCode);
}

export function byCode(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The reading of the tests' own plain parser. */
export function plainReading(bytes: string): Reading {
  const message = readMessage(bytes);
  if (message === null || message.end !== bytes.length) throw new Error('not one whole message');
  const [method, target] = message.line.split(' ');
  return {
    method: method as string,
    target: target as string,
    host: valuesOf(message.fields, 'host')[0] ?? '',
    fields: comparable(message.fields),
    chunked: message.fields.includes('transfer-encoding: chunked'),
    body: message.body,
    trailers: [...message.trailers].sort(byCode),
  };
}
