/** gRPC calls and streams of a guest to another service. */

import { protoField } from '../proto.ts';
import {
  BAD_ARGUMENT,
  INTERNAL_FAILURE,
  INVALID_MEMORY_ACCESS,
  NOT_FOUND,
  OK,
  PARSE_FAILURE,
} from '../status.ts';
import type { Vm } from '../vm.ts';
import { callFields } from './http-call.ts';
import type { Range } from './stream-control.ts';

const TIMEOUT_MS_MAX = 0x7fff_ffff;
const KIND_GRPC_STREAM = 2;

/** The parts of a call or, without a message, of a stream. */
export interface GrpcCallParts {
  readonly target: Range;
  readonly service: Range;
  readonly method: Range;
  readonly initialMetadata: Range;
  readonly message: Range | null;
}

export function openGrpc(vm: Vm, parts: GrpcCallParts, timeoutMs: number, idOut: number): number {
  const memory = vm.memory;
  const ranges = [parts.target, parts.service, parts.method, parts.initialMetadata];
  if (parts.message !== null) ranges.push(parts.message);
  for (const range of ranges) if (!memory.has(range.at, range.size)) return INVALID_MEMORY_ACCESS;
  if (!memory.has(idOut, 4)) return INVALID_MEMORY_ACCESS;
  const initialMetadata = callFields(vm, parts.initialMetadata);
  if (initialMetadata === null || timeoutMs > TIMEOUT_MS_MAX) return PARSE_FAILURE;
  const { message } = parts;
  const id = vm.callouts.grpc({
    caller: vm.spec.id,
    target: targetName(memory.slice(parts.target.at, parts.target.size)),
    service: memory.text(parts.service.at, parts.service.size),
    method: memory.text(parts.method.at, parts.method.size),
    initialMetadata,
    message: message === null ? null : memory.slice(message.at, message.size),
    timeoutMs,
  });
  if (typeof id === 'string') return id === 'refused' ? INTERNAL_FAILURE : PARSE_FAILURE;
  vm.memory.setU32(idOut, id);
  return OK;
}

/**
 * A plain name, or a serialised `envoy.config.core.v3.GrpcService`: field 1 is the Envoy way, whose
 * field 1 is the cluster's name; field 2 the Google way, whose field 1 is a URI.
 */
function targetName(bytes: Uint8Array): string {
  const way = protoField(bytes, 1) ?? protoField(bytes, 2);
  const name = way instanceof Uint8Array ? protoField(way, 1) : undefined;
  return Buffer.from(name instanceof Uint8Array ? name : bytes).toString('latin1');
}

export function sendGrpc(vm: Vm, id: number, at: number, size: number, end: number): number {
  if (!vm.memory.has(at, size)) return INVALID_MEMORY_ACCESS;
  if ((id & 3) !== KIND_GRPC_STREAM) return BAD_ARGUMENT;
  return vm.callouts.sendGrpc(id, vm.memory.slice(at, size), end !== 0) ? OK : NOT_FOUND;
}

export function cancelGrpc(vm: Vm, id: number): number {
  return vm.callouts.cancelGrpc(id) ? OK : NOT_FOUND;
}

export function closeGrpc(vm: Vm, id: number): number {
  return vm.callouts.closeGrpc(id) ? OK : NOT_FOUND;
}
