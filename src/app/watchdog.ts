/**
 * Finds workers whose event loop stands still. Each worker counts up its cell of shared memory with
 * every beat; one whose cell has not moved for {@link LIMITS.workerBeatMs} is silent. Before its
 * first beat it loads its code, and has longer.
 *
 * Time in which this thread itself could not run counts for nobody: on a machine that stands still
 * as a whole no worker is to blame.
 */

import type { Clock } from '../base/clock.ts';
import { LIMITS } from '../base/limits.ts';
import { BEAT_MS } from './messages.ts';

/** From the start of a thread to its first beat. */
const BOOT_MS = 15_000;

/** What is needed of a worker. */
export interface Beating {
  readonly index: number;
  readonly source: number;
}

interface Pulse {
  readonly source: number;
  beats: number;
  /** When the cell last moved. */
  movedMs: number;
  hasBeaten: boolean;
}

export class Watchdog {
  readonly #clock: Clock;
  readonly #beats: Int32Array;
  readonly #pulses: (Pulse | undefined)[] = [];
  #checkedMs: number;

  /** `beats`: a cell for each index. */
  constructor(clock: Clock, beats: Int32Array) {
    this.#clock = clock;
    this.#beats = beats;
    this.#checkedMs = clock.now();
  }

  /** Those that are silent, with the time since their last beat. Call it every {@link BEAT_MS}. */
  check<T extends Beating>(workers: readonly T[]): { worker: T; silentMs: number }[] {
    const nowMs = this.#clock.now();
    const lateMs = Math.max(0, nowMs - this.#checkedMs - 2 * BEAT_MS);
    this.#checkedMs = nowMs;
    const silent: { worker: T; silentMs: number }[] = [];
    for (const worker of workers) {
      const pulse = this.#pulse(worker, nowMs);
      pulse.movedMs += lateMs;
      const beats = Atomics.load(this.#beats, worker.index);
      if (beats !== pulse.beats) {
        pulse.beats = beats;
        pulse.movedMs = nowMs;
        pulse.hasBeaten = true;
      }
      const silentMs = nowMs - pulse.movedMs;
      if (silentMs >= (pulse.hasBeaten ? LIMITS.workerBeatMs : BOOT_MS)) {
        silent.push({ worker, silentMs });
      }
    }
    return silent;
  }

  #pulse({ index, source }: Beating, nowMs: number): Pulse {
    const known = this.#pulses[index];
    if (known?.source === source) return known;
    const beats = Atomics.load(this.#beats, index);
    const pulse = { source, beats, movedMs: nowMs, hasBeaten: false };
    this.#pulses[index] = pulse;
    return pulse;
  }
}
