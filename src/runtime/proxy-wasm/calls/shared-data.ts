/** Values that all guests of one VM id share. */

import { CAS_MISMATCH, INVALID_MEMORY_ACCESS, NOT_FOUND, OK } from '../status.ts';
import type { Vm } from '../vm.ts';
import { giveBytes } from './give.ts';

/** Where a value and its cas go. */
export interface SharedDataOut {
  readonly at: number;
  readonly size: number;
  readonly cas: number;
}

export function getSharedData(vm: Vm, key: number, keySize: number, out: SharedDataOut): number {
  const memory = vm.memory;
  if (!memory.has(key, keySize) || !memory.has(out.cas, 4)) return INVALID_MEMORY_ACCESS;
  const found = vm.deps.shared.data.get(vm.spec.vmId, memory.text(key, keySize));
  if (found === null) return NOT_FOUND;
  const status = giveBytes(vm, found.value, out.at, out.size);
  if (status === OK) memory.setU32(out.cas, found.cas);
  return status;
}

export function setSharedData(
  vm: Vm,
  key: { readonly at: number; readonly size: number },
  at: number,
  size: number,
  cas: number,
): number {
  const memory = vm.memory;
  if (!memory.has(key.at, key.size) || !memory.has(at, size)) return INVALID_MEMORY_ACCESS;
  const name = memory.text(key.at, key.size);
  const result = vm.deps.shared.data.set(vm.spec.vmId, name, memory.slice(at, size), cas);
  if (result === 'full') vm.warn(`the shared value "${name}" was dropped: the store is full`);
  return result === 'mismatch' ? CAS_MISMATCH : OK;
}
