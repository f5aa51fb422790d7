/** `proc_*` and `sched_yield`: leaving, and giving way. */

import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';
import { GuestStop } from './stop.ts';

/** The highest signal number, `sys`. */
const SIGNAL_MAX = 30;
/** none, chld, cont, urg, winch: ignored unless handled, and preview 1 has no handlers. */
const IGNORED_SIGNALS: readonly number[] = [0, 16, 17, 22, 27];

export function procExit(code: number): never {
  throw new GuestStop('exit', code >>> 0);
}

/** A signal's default action ends the run with the status a shell would show. */
export function procRaise(signal: number): number {
  if (signal >>> 0 > SIGNAL_MAX) return ERRNO.inval;
  if (IGNORED_SIGNALS.includes(signal)) return ERRNO.success;
  throw new GuestStop('exit', 128 + signal);
}

/** A run has its thread to itself: nobody to yield to, but the clock is looked at on the way in. */
export function schedYield(_guest: WasiGuest): number {
  return ERRNO.success;
}
