/** A request body as it comes: one buffer that grows, so that many small chunks cost no more than few. */

import { Buffer } from 'node:buffer';

const NOTHING = Buffer.alloc(0);

export class CollectedBody {
  #bytes: Buffer = NOTHING;
  length = 0;

  append(chunk: Uint8Array): void {
    const end = this.length + chunk.length;
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    this.#bytes.set(chunk, this.length);
    this.length = end;
  }

  /** Everything so far; the collector is empty afterwards. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = NOTHING;
    this.length = 0;
    return taken;
  }
}
