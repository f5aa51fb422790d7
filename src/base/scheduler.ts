/**
 * One-shot timers, handed in so that tests can hold them: the companion of `clock.ts`. A timer of
 * the process never keeps it alive; whoever must be waited for holds a socket or a promise.
 */

import type { ManualClock } from './clock.ts';

/** Opaque; only good for {@link Scheduler.clear}. */
export type TimerHandle = object;

export interface Scheduler {
  /** Calls `fn` once, `delayMs` or a little more from now, never within this call. */
  setTimeout(fn: () => void, delayMs: number): TimerHandle;
  /** Does nothing to a timer that has fired. */
  clear(handle: TimerHandle): void;
}

export const systemScheduler: Scheduler = {
  setTimeout: (fn, delayMs) => setTimeout(fn, delayMs).unref(),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

interface ManualTimer {
  readonly atMs: number;
  readonly fn: () => void;
}

/** Fires its timers, in order of time, while it moves its clock. */
export class ManualScheduler implements Scheduler {
  readonly #clock: ManualClock;
  #timers: ManualTimer[] = [];

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  /** Timers waiting to fire. */
  get armed(): number {
    return this.#timers.length;
  }

  /** Clock time of the next timer; Infinity when there is none. */
  get nextAtMs(): number {
    return this.#timers[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  setTimeout(fn: () => void, delayMs: number): TimerHandle {
    const timer: ManualTimer = { atMs: this.#clock.now() + delayMs, fn };
    const later = this.#timers.findIndex((other) => other.atMs > timer.atMs);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    return timer;
  }

  clear(handle: TimerHandle): void {
    this.#timers = this.#timers.filter((timer) => timer !== handle);
  }

  /** Moves the clock by `ms`, stopping at each timer on the way. */
  advance(ms: number): void {
    const untilMs = this.#clock.now() + ms;
    for (let timer = this.#timers[0]; timer !== undefined; timer = this.#timers[0]) {
      if (timer.atMs > untilMs) break;
      this.#timers.shift();
      this.#clock.advance(Math.max(0, timer.atMs - this.#clock.now()));
      timer.fn();
    }
    this.#clock.advance(Math.max(0, untilMs - this.#clock.now()));
  }
}
