/** When to try again after failures, and how many may try at once. */

import { LIMITS } from '../../../base/limits.ts';

const FIRST_MS = 1_000;

/**
 * Doubles from 1 s to the bound with each failure (1 is the first), halved by up to a half so that
 * many processes do not come at the same moment. What the other side asked for is kept to, within
 * the bound. `random`: 0 to 1.
 */
export function retryDelayMs(failures: number, random: number, askedMs: number): number {
  const bound = LIMITS.moduleFetchRetryMs;
  const fullMs = Math.min(bound, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(Math.max(fullMs * (1 - random / 2), Math.min(askedMs, bound)));
}

/** Lets `max` in at a time; the others wait their turn. */
export class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.#free = max;
  }

  async enter(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
