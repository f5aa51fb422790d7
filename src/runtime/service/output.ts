/**
 * A run's standard output, collected up to a bound. One buffer serves run after run of a worker
 * (they are synchronous): it grows to what a run wrote and is let go after an unusually large one.
 */

import { Buffer } from 'node:buffer';
import type { OutputSink } from '../wasi/stdio.ts';
import { GuestStop } from '../wasi/stop.ts';

const FIRST_BYTES = 64 * 1024;
/** A larger buffer is not kept for the next run. */
const KEPT_BYTES_MAX = 1024 * 1024;

export class OutputBuffer implements OutputSink {
  readonly #bytesMax: number;
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Ends the run over the bound. */
  write(from: Buffer, at: number, length: number): number {
    const end = this.#length + length;
    if (end > this.#bytesMax) throw new GuestStop('output', 0);
    if (end > this.#bytes.length) this.#grow(end);
    from.copy(this.#bytes, this.#length, at, at + length);
    this.#length = end;
    return length;
  }

  #grow(needed: number): void {
    const size = Math.min(Math.max(needed, this.#bytes.length * 2), this.#bytesMax);
    const grown = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  get length(): number {
    return this.#length;
  }

  /** What was written; valid until {@link OutputBuffer.clear}. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }
}
