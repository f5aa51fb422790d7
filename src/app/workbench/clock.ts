/**
 * Time on the workbench: it runs as it does everywhere, but nobody waits for a timer. Where nothing
 * else is left to do, the next timer is due at once and the clocks jump to it.
 */

import type { Clock } from '../../base/clock.ts';
import type { Scheduler, TimerHandle } from '../../base/scheduler.ts';

interface Timer {
  readonly atMs: number;
  readonly fn: () => void;
}

export class JumpingClock implements Clock, Scheduler {
  readonly #clock: Clock;
  #skippedMs = 0;
  #timers: Timer[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Time that was jumped over, ms. */
  get skippedMs(): number {
    return this.#skippedMs;
  }

  now(): number {
    return this.#clock.now() + this.#skippedMs;
  }

  wall(): number {
    return this.#clock.wall() + this.#skippedMs;
  }

  setTimeout(fn: () => void, delayMs: number): TimerHandle {
    const timer = { atMs: this.now() + delayMs, fn };
    const later = this.#timers.findIndex((other) => other.atMs > timer.atMs);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    return timer;
  }

  clear(handle: TimerHandle): void {
    this.#timers = this.#timers.filter((timer) => timer !== handle);
  }

  /** Fires the next timer; false where there is none, or none before `skippedMsMax`. */
  fireNext(skippedMsMax: number): boolean {
    const timer = this.#timers[0];
    if (timer === undefined) return false;
    const waitMs = Math.max(0, timer.atMs - this.now());
    if (this.#skippedMs + waitMs > skippedMsMax) return false;
    this.#timers.shift();
    this.#skippedMs += waitMs;
    timer.fn();
    return true;
  }
}
