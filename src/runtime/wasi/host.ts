/** The process as guests' host: real randomness, and a sleep that holds the thread. */

import { randomFillSync } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { WasiHost } from './guest.ts';

const SLEEP_MS_MAX = 2 ** 31;

export function processHost(clock: Clock): WasiHost {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  return {
    clock,
    sleep: (durationMs) => {
      if (durationMs > 0) Atomics.wait(cell, 0, 0, Math.min(durationMs, SLEEP_MS_MAX));
    },
    random: (bytes) => {
      randomFillSync(bytes);
    },
  };
}
