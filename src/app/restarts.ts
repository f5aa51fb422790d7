/**
 * How long to wait before the thread of one place is started again: not at all for one that had
 * served for a while, with growing pauses for one that keeps dying young.
 */

const FIRST_MS = 100;
const MAX_MS = 5_000;
/** A thread that lived longer did not die of its start. */
const SETTLED_MS = 10_000;

export class Restarts {
  #count = 0;
  #nextMs = FIRST_MS;

  /** Restarts so far. */
  get count(): number {
    return this.#count;
  }

  /** Notes the end of a thread that lived for `livedMs`, and tells the pause before the next, ms. */
  next(livedMs: number): number {
    this.#count++;
    if (livedMs >= SETTLED_MS) {
      this.#nextMs = FIRST_MS;
      return 0;
    }
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(waitMs * 2, MAX_MS);
    return waitMs;
  }
}
