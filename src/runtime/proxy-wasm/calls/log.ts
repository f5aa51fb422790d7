/** Logging and the status of the last call. */

import type { LogLevel } from '../../../base/log.ts';
import { LOG_LEVELS, passes } from '../../../base/log.ts';
import { BAD_ARGUMENT, INVALID_MEMORY_ACCESS, OK } from '../status.ts';
import type { Vm } from '../vm.ts';
import { giveText } from './give.ts';

/** By the ABI's numbers; `critical` has no level of its own here. */
const LEVELS: readonly Exclude<LogLevel, 'off'>[] = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'error',
];

const LEVEL_OFF = 5;
/** Of one message; the rest is cut. */
const MESSAGE_BYTES_MAX = 16 * 1024;

export function log(vm: Vm, level: number, at: number, size: number): number {
  const name = LEVELS[level];
  if (name === undefined) return BAD_ARGUMENT;
  if (!vm.memory.has(at, size)) return INVALID_MEMORY_ACCESS;
  if (passes(vm.deps.log.level, name)) {
    writeGuestLog(vm, name, vm.memory.utf8(at, Math.min(size, MESSAGE_BYTES_MAX)));
  }
  return OK;
}

/** A line of the guest in the process log. */
export function writeGuestLog(vm: Vm, level: Exclude<LogLevel, 'off'>, message: string): void {
  const stream = vm.stream;
  vm.deps.log.write(level, message, {
    filter: vm.spec.id,
    root: vm.spec.rootId,
    context: stream === null ? undefined : stream.id,
  });
}

export function getLogLevel(vm: Vm, levelOut: number): number {
  if (!vm.memory.has(levelOut, 4)) return INVALID_MEMORY_ACCESS;
  vm.memory.setU32(levelOut, Math.min(LOG_LEVELS.indexOf(vm.deps.log.level), LEVEL_OFF));
  return OK;
}

export function getStatus(vm: Vm, codeOut: number, atOut: number, sizeOut: number): number {
  if (!vm.memory.has(codeOut, 4)) return INVALID_MEMORY_ACCESS;
  const status = giveText(vm, vm.statusMessage, atOut, sizeOut);
  if (status === OK) vm.memory.setU32(codeOut, vm.status);
  return status;
}
