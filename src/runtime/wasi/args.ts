/** `args_*` and `environ_*`. */

import type { WasiGuest } from './guest.ts';
import { writeSizes, writeStrings } from './strings.ts';

export function argsSizesGet(guest: WasiGuest, count: number, bytes: number): number {
  return writeSizes(guest.memory, guest.args, count, bytes);
}

export function argsGet(guest: WasiGuest, array: number, block: number): number {
  return writeStrings(guest.memory, guest.args, array, block);
}

export function environSizesGet(guest: WasiGuest, count: number, bytes: number): number {
  return writeSizes(guest.memory, guest.env, count, bytes);
}

export function environGet(guest: WasiGuest, array: number, block: number): number {
  return writeStrings(guest.memory, guest.env, array, block);
}
