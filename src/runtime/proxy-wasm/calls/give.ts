/**
 * Handing bytes and text to a guest: into memory it allocates itself, the address and size into the
 * two places it names. Nothing is allocated for an empty value: address 0, size 0.
 *
 * The two places are checked first and again after the guest has allocated, since that may have
 * moved its memory (never shrunk it). Callers give pointers as unsigned numbers.
 */

import { INVALID_MEMORY_ACCESS, OK } from '../status.ts';
import type { Vm } from '../vm.ts';

export function giveBytes(vm: Vm, bytes: Uint8Array, atOut: number, sizeOut: number): number {
  const at = reserve(vm, bytes.length, atOut, sizeOut);
  if (at < 0) return INVALID_MEMORY_ACCESS;
  if (at > 0) vm.memory.setBytes(at, bytes);
  return OK;
}

/** One byte a char. */
export function giveText(vm: Vm, text: string, atOut: number, sizeOut: number): number {
  const at = reserve(vm, text.length, atOut, sizeOut);
  if (at < 0) return INVALID_MEMORY_ACCESS;
  if (at > 0) vm.memory.setText(at, text);
  return OK;
}

/**
 * Room for `length` bytes in the guest, announced at the two places. The address, 0 where nothing
 * has to be written, -1 where the guest's memory does not allow it.
 */
export function reserve(vm: Vm, length: number, atOut: number, sizeOut: number): number {
  const memory = vm.memory;
  if (!memory.has(atOut, 4) || !memory.has(sizeOut, 4)) return -1;
  let at = 0;
  if (length > 0) {
    at = vm.allocate(length);
    if (at === 0) return -1;
  }
  memory.setU32(atOut, at);
  memory.setU32(sizeOut, length);
  return at;
}
