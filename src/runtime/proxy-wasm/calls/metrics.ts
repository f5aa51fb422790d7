/** Metrics a guest defines, by the ids of its `MetricTable`. */

import { METRIC_HISTOGRAM } from '../metric-table.ts';
import { BAD_ARGUMENT, INVALID_MEMORY_ACCESS, OK } from '../status.ts';
import type { Vm } from '../vm.ts';

const NAME_BYTES_MAX = 256;

/** A guest over its bound gets id 0, which no later call finds. */
export function defineMetric(
  vm: Vm,
  kind: number,
  at: number,
  size: number,
  idOut: number,
): number {
  if (kind > METRIC_HISTOGRAM) return BAD_ARGUMENT;
  if (!vm.memory.has(at, size) || !vm.memory.has(idOut, 4)) return INVALID_MEMORY_ACCESS;
  const name = vm.memory.text(at, Math.min(size, NAME_BYTES_MAX));
  const id = vm.metrics.define(kind, name);
  if (id === 0) vm.warn(`the metric "${name}" was not defined: the filter has too many`);
  vm.memory.setU32(idOut, id);
  return OK;
}

export function incrementMetric(vm: Vm, id: number, offset: bigint): number {
  return vm.metrics.increment(id, offset);
}

export function recordMetric(vm: Vm, id: number, value: bigint): number {
  return vm.metrics.record(id, Number(BigInt.asUintN(64, value)));
}

export function getMetric(vm: Vm, id: number, valueOut: number): number {
  if (!vm.memory.has(valueOut, 8)) return INVALID_MEMORY_ACCESS;
  const value = vm.metrics.read(id);
  if (typeof value === 'number') return value;
  vm.memory.setU64(valueOut, value);
  return OK;
}
