/**
 * `clock_*`. The CPU clocks count from the start of the run on the monotonic clock: a run has its
 * thread to itself, and the process's own CPU time is nobody's business.
 */

import { CLOCK } from './abi.ts';
import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';

const REALTIME_RESOLUTION_NS = 1_000_000n;
const MONOTONIC_RESOLUTION_NS = 1_000n;

/** Nanoseconds of a clock, or -1 where there is no such clock. */
export function clockNs(guest: WasiGuest, id: number): bigint {
  switch (id >>> 0) {
    case CLOCK.realtime:
      return msToNs(guest.host.clock.wall());
    case CLOCK.monotonic:
      return msToNs(guest.host.clock.now());
    case CLOCK.processCpu:
    case CLOCK.threadCpu:
      return msToNs(guest.host.clock.now() - guest.startMs);
    default:
      return -1n;
  }
}

function msToNs(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((ms - whole) * 1e6));
}

export function clockTimeGet(guest: WasiGuest, id: number, out: number): number {
  const ns = clockNs(guest, id);
  if (ns < 0n) return ERRNO.inval;
  if (!guest.memory.fits(out, 8)) return ERRNO.fault;
  guest.memory.setU64(out, ns);
  return ERRNO.success;
}

export function clockResGet(guest: WasiGuest, id: number, out: number): number {
  if (id >>> 0 > CLOCK.threadCpu) return ERRNO.inval;
  if (!guest.memory.fits(out, 8)) return ERRNO.fault;
  const realtime = id >>> 0 === CLOCK.realtime;
  guest.memory.setU64(out, realtime ? REALTIME_RESOLUTION_NS : MONOTONIC_RESOLUTION_NS);
  return ERRNO.success;
}
