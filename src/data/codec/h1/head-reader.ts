/**
 * Cuts heads out of a byte stream: from the first byte to the empty line (RFC 9112 2.1). A head
 * that arrives whole, the usual case, becomes one string with no copy of bytes before it. A head in
 * pieces is kept up to the limit, and refused as soon as a byte shows that it can never be valid,
 * so that a client with a broken line ending gets its 400 now and not at a timer.
 */

import { latin1 } from '../../../base/latin1.ts';
import type { Reason } from './syntax.ts';
import { isTokenCode } from './syntax.ts';

const CRLF2: Buffer = Buffer.from('\r\n\r\n', 'latin1');
const LF = 0x0a;
const CR = 0x0d;

export class HeadReader {
  /** The head from start line to the CRLF of its last line, once {@link read} has found its end. */
  text = '';
  /** Why the bytes can never be a head. */
  reason: Reason = '';
  readonly #headBytesMax: number;
  readonly #startLineBytesMax: number;
  #kept: Buffer | null = null;
  #keptBytes = 0;

  constructor(headBytesMax: number, startLineBytesMax: number) {
    this.#headBytesMax = headBytesMax;
    this.#startLineBytesMax = startLineBytesMax;
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
    const end = chunk.indexOf(CRLF2, from);
    if (end === -1 || end + 4 > to) {
      this.#keep(chunk, from, to);
      return -1;
    }
    if (end + 4 - from > this.#headBytesMax) {
      this.reason = this.#tooLarge(chunk, from, to);
      return -1;
    }
    this.text = latin1(chunk, from, end + 2);
    return end + 4;
  }

  #readOn(chunk: Buffer, from: number, to: number): number {
    const before = this.#keptBytes;
    this.#keep(chunk, from, to);
    const kept = this.#kept as Buffer;
    const end = kept.indexOf(CRLF2, Math.max(0, before - 3));
    if (end === -1 || end + 4 > this.#keptBytes) return -1;
    if (this.reason !== '' && end + 4 > this.#headBytesMax) return -1;
    this.reason = '';
    this.text = latin1(kept, 0, end + 2);
    this.#kept = null;
    this.#keptBytes = 0;
    return from + (end + 4 - before);
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    const need = this.#keptBytes + (to - from);
    if (this.#kept === null || this.#kept.length < need) {
      const grown = Buffer.allocUnsafe(Math.max(1024, need * 2));
      if (this.#kept !== null) this.#kept.copy(grown, 0, 0, this.#keptBytes);
      this.#kept = grown;
    }
    chunk.copy(this.#kept, this.#keptBytes, from, to);
    const scanFrom = this.#keptBytes;
    this.#keptBytes = need;
    this.reason = this.#check(this.#kept, scanFrom, need);
  }

  /** Whether the kept bytes can still become a head. */
  #check(kept: Buffer, scanFrom: number, length: number): Reason {
    const head = kept.subarray(0, length);
    const terminator = head.indexOf(CRLF2);
    const end = terminator === -1 ? length : terminator;
    if (scanFrom === 0 && !isTokenCode(kept[0] as number)) return 'bad_first_byte';
    for (let i = Math.max(0, scanFrom - 1); i < end; i++) {
      const code = kept[i] as number;
      if (code === LF && kept[i - 1] !== CR) return 'bare_lf';
      if (code === CR && i + 1 < length && kept[i + 1] !== LF) return 'bare_cr';
      if (code === 0) return 'nul_in_field';
    }
    return end > this.#headBytesMax || this.#startLineOpen(head)
      ? this.#tooLarge(kept, 0, length)
      : '';
  }

  #startLineOpen(head: Buffer): boolean {
    return head.length > this.#startLineBytesMax && head.indexOf(LF) === -1;
  }

  #tooLarge(chunk: Buffer, from: number, to: number): Reason {
    const line = chunk.subarray(from, to).indexOf(LF);
    return line === -1 || line > this.#startLineBytesMax ? 'start_line_too_long' : 'head_too_large';
  }
}
