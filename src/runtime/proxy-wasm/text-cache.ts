/**
 * Guests pass the same few names and values again and again, mostly from the same addresses. What
 * was read at an address last is kept and compared byte by byte, which is cheaper than making the
 * string anew and gives the same object, so that later comparisons end at the pointer.
 */

import { latin1 } from '../../base/latin1.ts';

const SLOTS = 256;
const LENGTH_MAX = 64;

export class TextCache {
  readonly #texts: string[] = Array.from({ length: SLOTS }, () => '');
  readonly #names: (string | null)[] = Array.from({ length: SLOTS }, () => null);

  /** `bytes[at, at + length)`, one char a byte. */
  text(bytes: Buffer, at: number, length: number): string {
    if (length > LENGTH_MAX) return latin1(bytes, at, at + length);
    return this.#texts[this.#find(bytes, at, length)] as string;
  }

  /** The same as a field name in lower case (RFC 9110 5.1), or null where it is none. */
  name(bytes: Buffer, at: number, length: number): string | null {
    if (length > LENGTH_MAX) return fieldName(latin1(bytes, at, at + length));
    return this.#names[this.#find(bytes, at, length)] as string | null;
  }

  #find(bytes: Buffer, at: number, length: number): number {
    const slot = (at ^ (at >>> 7) ^ (length << 3)) & (SLOTS - 1);
    const known = this.#texts[slot] as string;
    if (known.length === length) {
      let i = 0;
      while (i < length && bytes[at + i] === known.charCodeAt(i)) i++;
      if (i === length) return slot;
    }
    const text = latin1(bytes, at, at + length);
    this.#texts[slot] = text;
    this.#names[slot] = fieldName(text);
    return slot;
  }
}

const TOKEN = /^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A token (RFC 9110 5.6.2), in lower case, with a colon in front for a pseudo-field; else null. */
export function fieldName(text: string): string | null {
  return TOKEN.test(text) ? text.toLowerCase() : null;
}
