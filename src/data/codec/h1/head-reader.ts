/**
 * Cuts heads out of a byte stream: from the first byte to the empty line (RFC 9112 2.1). A head
 * that arrives whole, the usual case, becomes one string with no copy of bytes before it. A head in
 * pieces is kept up to the limit, and refused as soon as a byte shows that it can never be valid,
 * so that a client with a broken line ending gets its 400 now and not at a timer.
 *
 * Whether a head is taken does not depend on how the bytes were cut into chunks.
 */

import { latin1 } from '../../../base/latin1.ts';
import type { Reason } from './syntax.ts';
import { isTokenCode } from './syntax.ts';

const CRLF2: Buffer = Buffer.from('\r\n\r\n', 'latin1');
const LF = 0x0a;
const CR = 0x0d;

/** What every answer begins with, for {@link HeadReader}. */
export const ANSWER_START = 'HTTP/1.';

export class HeadReader {
  /** The head from start line to the CRLF of its last line, once {@link read} has found its end. */
  text = '';
  /** Why the bytes can never be a head. */
  reason: Reason = '';
  readonly #headBytesMax: number;
  readonly #startLineBytesMax: number;
  readonly #start: string;
  #kept: Buffer | null = null;
  #keptBytes = 0;

  /** `start`: what each head begins with; '' for a request, which empty lines may precede. */
  constructor(headBytesMax: number, startLineBytesMax: number, start = '') {
    this.#headBytesMax = headBytesMax;
    this.#startLineBytesMax = Math.min(startLineBytesMax, headBytesMax);
    this.#start = start;
  }

  /** Some bytes of a head are here, its end is not. */
  get partial(): boolean {
    return this.#keptBytes > 0;
  }

  /**
   * Reads `chunk[from, to)`. Returns the offset behind the head, or -1: more is needed, or
   * {@link reason} says why not.
   */
  read(chunk: Buffer, from: number, to: number): number {
    if (this.#keptBytes > 0) return this.#readOn(chunk, from, to);
    let start = from;
    if (chunk[from] === CR && this.#start === '') {
      start = afterEmptyLines(chunk, from, to);
      if (start === to) return -1;
    }
    const end = chunk.indexOf(CRLF2, start) + 4;
    if (end === 3 || end > to) {
      const kept = this.#keep(chunk, start, to);
      this.reason = this.#check(kept, 0);
      return -1;
    }
    if (end - start > this.#startLineBytesMax && this.#isTooLarge(chunk, start, end)) return -1;
    this.text = latin1(chunk, start, end - 2);
    return end;
  }

  #readOn(chunk: Buffer, from: number, to: number): number {
    const before = this.#keptBytes;
    if (before === 1 && this.#kept?.[0] === CR) return this.#emptyLine(chunk, from, to);
    const kept = this.#keep(chunk, from, to);
    const end = kept.indexOf(CRLF2, Math.max(0, before - 3)) + 4;
    if (end === 3 || end > this.#keptBytes) {
      this.reason = this.#check(kept, before);
      return -1;
    }
    if (end > this.#startLineBytesMax && this.#isTooLarge(kept, 0, end)) return -1;
    this.text = latin1(kept, 0, end - 2);
    this.#forget();
    return from + (end - before);
  }

  /** An empty line whose CR came last in the chunk before. */
  #emptyLine(chunk: Buffer, from: number, to: number): number {
    this.#forget();
    if (chunk[from] === LF) return from + 1 === to ? -1 : this.read(chunk, from + 1, to);
    this.reason = 'bad_first_byte';
    return -1;
  }

  #forget(): void {
    this.#kept = null;
    this.#keptBytes = 0;
  }

  #keep(chunk: Buffer, from: number, to: number): Buffer {
    const need = this.#keptBytes + (to - from);
    let kept = this.#kept;
    if (kept === null || kept.length < need) {
      const grown = Buffer.allocUnsafe(Math.max(1024, need * 2));
      if (kept !== null) kept.copy(grown, 0, 0, this.#keptBytes);
      kept = grown;
      this.#kept = grown;
    }
    chunk.copy(kept, this.#keptBytes, from, to);
    this.#keptBytes = need;
    return kept;
  }

  /** Whether the kept bytes, of which those from `scanFrom` are new, can still become a head. */
  #check(kept: Buffer, scanFrom: number): Reason {
    const length = this.#keptBytes;
    if (scanFrom <= this.#start.length && !this.#startsRight(kept)) return 'bad_first_byte';
    for (let i = Math.max(0, scanFrom - 1); i < length; i++) {
      const code = kept[i] as number;
      if (code === LF && kept[i - 1] !== CR) return 'bare_lf';
      if (code === CR && i + 1 < length && kept[i + 1] !== LF) return 'bare_cr';
      if (code === 0) return 'nul_in_field';
    }
    if (length > this.#startLineBytesMax) this.#isTooLarge(kept, 0, length);
    return this.reason;
  }

  #startsRight(kept: Buffer): boolean {
    const start = this.#start;
    if (start === '') {
      const first = kept[0] as number;
      return isTokenCode(first) || (first === CR && this.#keptBytes === 1);
    }
    const length = Math.min(start.length, this.#keptBytes);
    for (let i = 0; i < length; i++) {
      if (kept[i] !== start.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Whether `bytes[from, to)`, a head or the beginning of one, passes a limit; sets the reason. */
  #isTooLarge(bytes: Buffer, from: number, to: number): boolean {
    const lineEnd = bytes.indexOf(LF, from);
    const lineBytes = (lineEnd === -1 ? to : lineEnd) - from;
    if (lineBytes > this.#startLineBytesMax) this.reason = 'start_line_too_long';
    else if (to - from > this.#headBytesMax) this.reason = 'head_too_large';
    return this.reason !== '';
  }
}

/** RFC 9112 2.2: empty lines before a request are ignored. */
function afterEmptyLines(chunk: Buffer, from: number, to: number): number {
  let at = from;
  while (at + 1 < to && chunk[at] === CR && chunk[at + 1] === LF) at += 2;
  return at;
}
