/**
 * Turns of the guests of one worker. A run holds the thread, so runs never start on a caller's
 * stack: they are taken from the event loop's check phase, one service after the other, for about a
 * millisecond a tick; then sockets get their turn. One service with many requests waiting, or one
 * slow request, so delays others by a run, not by a queue.
 */

import type { Clock } from '../../../base/clock.ts';

/** A service with requests that wait for a turn. */
export interface TurnTaker {
  /** Serves one request. */
  takeTurn(): void;
  /** More wait. */
  readonly waiting: boolean;
}

const TICK_MS = 1;

export class GuestTurns {
  readonly #clock: Clock;
  readonly #schedule: (tick: () => void) => void;
  readonly #line: TurnTaker[] = [];
  readonly #tick = (): void => this.#run();
  #scheduled = false;

  /** `schedule` calls back once, later, after pending I/O: `setImmediate` unless a test drives it. */
  constructor(clock: Clock, schedule: (tick: () => void) => void = setImmediate) {
    this.#clock = clock;
    this.#schedule = schedule;
  }

  /** Puts a service in line; it must not be there already. */
  join(taker: TurnTaker): void {
    this.#line.push(taker);
    this.#arm();
  }

  #arm(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(this.#tick);
  }

  #run(): void {
    this.#scheduled = false;
    const untilMs = this.#clock.now() + TICK_MS;
    try {
      do {
        const taker = this.#line.shift();
        if (taker === undefined) return;
        this.#turn(taker);
      } while (this.#clock.now() < untilMs);
    } finally {
      if (this.#line.length > 0) this.#arm();
    }
  }

  /** Whatever comes of a turn, who has more to do stays in line. */
  #turn(taker: TurnTaker): void {
    try {
      taker.takeTurn();
    } finally {
      if (taker.waiting) this.#line.push(taker);
    }
  }
}
