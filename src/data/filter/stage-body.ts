/**
 * Body bytes standing at one filter. Bytes that arrive are borrowed from the socket's buffer and
 * stay so while the filter looks at them; only bytes that are held are copied, into a store that
 * grows by doubling. On the plain path a chunk passes without a copy.
 */

import type { BodyBuffer } from './contract.ts';

const EMPTY = new Uint8Array(0);
const FIRST_STORE_BYTES = 4096;

export class StageBody implements BodyBuffer {
  /** All bytes: a view of `#store`, or bytes of somebody else (borrowed or replaced). */
  #bytes: Uint8Array = EMPTY;
  #store: Uint8Array = EMPTY;
  #borrowed = false;

  get length(): number {
    return this.#bytes.length;
  }

  bytes(): Uint8Array {
    return this.#bytes;
  }

  replace(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#borrowed = false;
  }

  append(chunk: Uint8Array): void {
    if (this.#bytes.length === 0) {
      this.#bytes = chunk;
      this.#borrowed = true;
      return;
    }
    const before = this.#bytes.length;
    const store = this.#room(before + chunk.length);
    store.set(chunk, before);
    this.#bytes = store.subarray(0, before + chunk.length);
  }

  /** Makes borrowed bytes its own: they are held past the call that brought them. */
  keep(): void {
    if (this.#borrowed) this.#room(this.#bytes.length);
  }

  clear(): void {
    this.#bytes = EMPTY;
    this.#store = EMPTY;
    this.#borrowed = false;
  }

  /** Hands all bytes on; nothing stays here. */
  take(): Uint8Array {
    const bytes = this.#bytes;
    this.clear();
    return bytes;
  }

  /** A store of at least `size` bytes that begins with the present bytes. */
  #room(size: number): Uint8Array {
    const inPlace = this.#bytes.buffer === this.#store.buffer && this.#bytes.byteOffset === 0;
    if (!inPlace || this.#store.length < size) {
      const store = new Uint8Array(Math.max(FIRST_STORE_BYTES, size, inPlace ? size * 2 : 0));
      store.set(this.#bytes);
      this.#store = store;
      this.#bytes = store.subarray(0, this.#bytes.length);
    }
    this.#borrowed = false;
    return this.#store;
  }
}
