/**
 * Why a module could not be had, as one sentence for people. Everything in this folder that reads
 * what came from outside throws it; `remote-modules.ts` is where it ends.
 */

export class FetchError extends Error {
  /** How long the other side wants to be left alone; 0 when it did not say. */
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs = 0) {
    super(message);
    this.name = 'FetchError';
    this.retryAfterMs = retryAfterMs;
  }
}

/** What came is whole, and of no use: asking for the same again is pointless. */
export class UnusableError extends FetchError {}

/** The bytes are nothing that could hold a module. */
export class NotAnArchiveError extends UnusableError {}

const SHOWN_MAX = 120;

/** Text of the other side, fit for one line of a log. */
export function printable(text: string): string {
  const line = text.replaceAll(/\p{C}+/gu, ' ').trim();
  return line.length <= SHOWN_MAX ? line : `${line.slice(0, SHOWN_MAX)}...`;
}

/** A URL without the password that may stand in it. */
export function shownUrl(url: string): string {
  return printable(url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1'));
}
