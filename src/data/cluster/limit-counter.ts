/** A circuit limit: how many of something one worker has under way to a cluster, and may have. */

export class LimitCounter {
  readonly #what: string;
  /** Lowered below what is in use, it refuses until enough is given back. */
  max: number;
  #used = 0;
  #refused = 0;

  constructor(what: string, max: number) {
    this.#what = what;
    this.max = max;
  }

  /** False, and counted as refused, when the limit is reached. */
  tryAcquire(): boolean {
    if (this.#used >= this.max) {
      this.#refused++;
      return false;
    }
    this.#used++;
    return true;
  }

  /** Throws when nothing is held: going below zero would raise the limit for good. */
  release(): void {
    if (this.#used === 0) throw new Error(`a ${this.#what} was released twice`);
    this.#used--;
  }

  get used(): number {
    return this.#used;
  }

  /** Refusals since the start. */
  get refused(): number {
    return this.#refused;
  }
}
