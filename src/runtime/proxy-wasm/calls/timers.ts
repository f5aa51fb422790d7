/** Ticks and time. */

import { INVALID_MEMORY_ACCESS, OK } from '../status.ts';
import type { Vm } from '../vm.ts';

/** 0 stops the ticks. */
export function setTickPeriod(vm: Vm, periodMs: number): number {
  if (vm.exports.tick !== null) vm.ticks.setPeriod(periodMs);
  return OK;
}

export function getTime(vm: Vm, nanosecondsOut: number): number {
  if (!vm.memory.has(nanosecondsOut, 8)) return INVALID_MEMORY_ACCESS;
  vm.memory.setU64(nanosecondsOut, nanoseconds(vm.deps.clock.wall()));
  return OK;
}

/** Milliseconds, maybe with a fraction, as whole nanoseconds. */
export function nanoseconds(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((ms - whole) * 1e6));
}
