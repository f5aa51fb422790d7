/**
 * Which guest is on the stack. Host calls find it here; whoever starts a guest puts it here before
 * and keeps it until the guest has returned or thrown.
 */

import type { WasiGuest } from './guest.ts';

export interface Run {
  guest: WasiGuest;
}

/** The way into every host call: a run past its deadline ends at its next one. */
export function enter(run: Run): WasiGuest {
  const { guest } = run;
  guest.checkTime();
  return guest;
}
