/** A guest's tick: armed again after each callback has returned; a period of 0 stops it. */

import type { Scheduler, TimerHandle } from '../../base/scheduler.ts';

/** Longer delays do not fit a timer. */
const PERIOD_MS_MAX = 0x7fff_ffff;

export class TickTimer {
  readonly #scheduler: Scheduler;
  readonly #tick: () => void;
  #periodMs = 0;
  #timer: TimerHandle | null = null;

  constructor(scheduler: Scheduler, tick: () => void) {
    this.#scheduler = scheduler;
    this.#tick = tick;
  }

  setPeriod(periodMs: number): void {
    this.stop();
    this.#periodMs = Math.min(periodMs, PERIOD_MS_MAX);
    this.#arm();
  }

  stop(): void {
    this.#periodMs = 0;
    if (this.#timer === null) return;
    this.#scheduler.clear(this.#timer);
    this.#timer = null;
  }

  #arm(): void {
    if (this.#periodMs === 0 || this.#timer !== null) return;
    this.#timer = this.#scheduler.setTimeout(this.#fire, this.#periodMs);
  }

  readonly #fire = (): void => {
    this.#timer = null;
    this.#tick();
    this.#arm();
  };
}
