/** Time, handed in so that tests can hold it. Milliseconds unless a name says otherwise. */

export interface Clock {
  /** Monotonic time, ms with fraction; for durations and deadlines. */
  now(): number;
  /** Wall-clock time, ms since the Unix epoch; for logs and dates only. */
  wall(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
};

/** A clock that stands until it is told to move. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #epochMs: number;

  constructor(nowMs = 0, epochMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return this.#epochMs + this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
