/** Queues between guests, by tokens. */

import { EMPTY, INVALID_MEMORY_ACCESS, NOT_FOUND, OK } from '../status.ts';
import type { Vm } from '../vm.ts';
import { giveBytes } from './give.ts';

/** The caller becomes the queue's consumer. Token 0, which no call knows, where there are too many queues. */
export function registerQueue(vm: Vm, at: number, size: number, tokenOut: number): number {
  const memory = vm.memory;
  if (!memory.has(at, size) || !memory.has(tokenOut, 4)) return INVALID_MEMORY_ACCESS;
  const queues = vm.deps.shared.queues;
  const token = queues.register(vm.spec.vmId, memory.text(at, size), vm.queueReady);
  if (token === 0) vm.warn('a shared queue was not made: there are too many');
  memory.setU32(tokenOut, token);
  return OK;
}

/** An empty VM id is the caller's own. */
export function resolveQueue(
  vm: Vm,
  vmId: { readonly at: number; readonly size: number },
  at: number,
  size: number,
  tokenOut: number,
): number {
  const memory = vm.memory;
  if (!memory.has(vmId.at, vmId.size) || !memory.has(at, size) || !memory.has(tokenOut, 4)) {
    return INVALID_MEMORY_ACCESS;
  }
  const space = vmId.size === 0 ? vm.spec.vmId : memory.text(vmId.at, vmId.size);
  const token = vm.deps.shared.queues.resolve(space, memory.text(at, size));
  if (token === 0) return NOT_FOUND;
  memory.setU32(tokenOut, token);
  return OK;
}

export function dequeue(vm: Vm, token: number, atOut: number, sizeOut: number): number {
  if (!vm.memory.has(atOut, 4) || !vm.memory.has(sizeOut, 4)) return INVALID_MEMORY_ACCESS;
  const item = vm.deps.shared.queues.dequeue(token);
  if (item === undefined) return NOT_FOUND;
  return item === null ? EMPTY : giveBytes(vm, item, atOut, sizeOut);
}

export function enqueue(vm: Vm, token: number, at: number, size: number): number {
  if (!vm.memory.has(at, size)) return INVALID_MEMORY_ACCESS;
  const result = vm.deps.shared.queues.enqueue(token, vm.memory.slice(at, size));
  if (result === 'full') vm.warn('an item of a shared queue was dropped: the queue is full');
  return result === 'unknown' ? NOT_FOUND : OK;
}
