/** Body and configuration buffers. */

import {
  BAD_ARGUMENT,
  BUFFER_CALL_BODY,
  BUFFER_CALL_DATA,
  BUFFER_DOWNSTREAM_DATA,
  BUFFER_GRPC_MESSAGE,
  BUFFER_LAST,
  BUFFER_PLUGIN_CONFIGURATION,
  BUFFER_REQUEST_BODY,
  BUFFER_RESPONSE_BODY,
  BUFFER_UPSTREAM_DATA,
  BUFFER_VM_CONFIGURATION,
  INVALID_MEMORY_ACCESS,
  NO_BYTES,
  NOT_FOUND,
  OK,
} from '../status.ts';
import type { Vm } from '../vm.ts';
import { giveBytes } from './give.ts';

/** What lies past the end is cut; `start` past the end gives nothing. A body that is not here is empty. */
export function getBytes(
  vm: Vm,
  buffer: number,
  range: { readonly start: number; readonly size: number },
  atOut: number,
  sizeOut: number,
): number {
  if (buffer > BUFFER_LAST) return BAD_ARGUMENT;
  const bytes = find(vm, buffer);
  if (bytes === null) return NOT_FOUND;
  const start = Math.min(range.start, bytes.length);
  const end = Math.min(start + range.size, bytes.length);
  const whole = start === 0 && end === bytes.length;
  return giveBytes(vm, whole ? bytes : bytes.subarray(start, end), atOut, sizeOut);
}

export function getStatus(vm: Vm, buffer: number, sizeOut: number, flagsOut: number): number {
  if (buffer > BUFFER_LAST) return BAD_ARGUMENT;
  const bytes = find(vm, buffer);
  if (bytes === null) return NOT_FOUND;
  if (!vm.memory.has(sizeOut, 4) || !vm.memory.has(flagsOut, 4)) return INVALID_MEMORY_ACCESS;
  vm.memory.setU32(sizeOut, bytes.length);
  vm.memory.setU32(flagsOut, 0);
  return OK;
}

/** Puts `size` bytes at `at` in place of `range` of a body: (0, 0) before it, (max, 0) behind it, (0, max) instead of it. */
export function setBytes(
  vm: Vm,
  buffer: number,
  range: { readonly start: number; readonly size: number },
  at: number,
  size: number,
): number {
  if (buffer > BUFFER_LAST) return BAD_ARGUMENT;
  if (!vm.memory.has(at, size)) return INVALID_MEMORY_ACCESS;
  const body = buffer <= BUFFER_UPSTREAM_DATA ? vm.stream?.body(buffer) : null;
  if (body === null || body === undefined) {
    vm.warn(`an edit of buffer ${buffer} was ignored: there is no such body at this point`);
    return OK;
  }
  const old = body.bytes();
  const start = Math.min(range.start, old.length);
  const end = Math.min(start + range.size, old.length);
  const edited = new Uint8Array(old.length - (end - start) + size);
  edited.set(old.subarray(0, start));
  edited.set(vm.memory.bytes.subarray(at, at + size), start);
  edited.set(old.subarray(end), start + size);
  body.replace(edited);
  return OK;
}

function find(vm: Vm, buffer: number): Uint8Array | null {
  switch (buffer) {
    case BUFFER_REQUEST_BODY:
    case BUFFER_RESPONSE_BODY:
    case BUFFER_DOWNSTREAM_DATA:
    case BUFFER_UPSTREAM_DATA:
      return vm.stream?.body(buffer)?.bytes() ?? NO_BYTES;
    case BUFFER_CALL_BODY:
      return vm.callBody;
    case BUFFER_GRPC_MESSAGE:
      return vm.grpcMessage;
    case BUFFER_VM_CONFIGURATION:
      return vm.spec.vmConfiguration;
    case BUFFER_PLUGIN_CONFIGURATION:
      return vm.spec.configuration;
    case BUFFER_CALL_DATA:
      return vm.callData;
    default:
      return null;
  }
}

/** ABI 0.1.0: the configuration that the callback is about, the VM's in `proxy_on_vm_start`. */
export function getConfiguration(vm: Vm, atOut: number, sizeOut: number): number {
  const { vmConfiguration, configuration } = vm.spec;
  return giveBytes(vm, vm.startingVm ? vmConfiguration : configuration, atOut, sizeOut);
}
