/** Answering, resuming and ending a stream: all of it happens once the guest has returned. */

import { readPairs } from '../pairs.ts';
import {
  BAD_ARGUMENT,
  INVALID_MEMORY_ACCESS,
  NO_BYTES,
  NOT_FOUND,
  OK,
  STREAM_UPSTREAM,
  UNIMPLEMENTED,
} from '../status.ts';
import type { GuestReply } from '../stream.ts';
import { fieldName } from '../text-cache.ts';
import type { Vm } from '../vm.ts';
import { refusedField } from './field-check.ts';

const STATUS_MIN = 200;
const STATUS_MAX = 599;
const GRPC_STATUS_MAX = 16;
/** A range of guest memory. */
export interface Range {
  readonly at: number;
  readonly size: number;
}

/** What `proxy_send_local_response` gets after the status: addresses and sizes, the gRPC status. */
export type ReplyArguments = [number, number, number, number, number, number, number];

/** Only the first answer of a stream counts. Without a stream nothing happens. */
export function sendLocalResponse(
  vm: Vm,
  status: number,
  details: Range,
  content: { readonly body: Range; readonly fields: Range },
  grpcStatus: number,
): number {
  const memory = vm.memory;
  const { body, fields } = content;
  if (!memory.has(details.at, details.size) || !memory.has(body.at, body.size)) {
    return INVALID_MEMORY_ACCESS;
  }
  if (!memory.has(fields.at, fields.size)) return INVALID_MEMORY_ACCESS;
  const stream = vm.stream;
  if (stream === null) return OK;
  const reply: GuestReply = {
    status: validStatus(vm, status),
    details: memory.text(details.at, details.size).replaceAll(/[^\x21-\x7e]/g, '_'),
    fields: replyFields(vm, fields),
    body: body.size === 0 ? NO_BYTES : memory.slice(body.at, body.size),
    grpcStatus: grpcStatus > GRPC_STATUS_MAX ? -1 : grpcStatus,
  };
  vm.later(() => stream.reply(reply));
  return OK;
}

function validStatus(vm: Vm, status: number): number {
  if (status >= STATUS_MIN && status <= STATUS_MAX) return status;
  vm.warn(`a local response with status ${status} is sent as 500: 200 to 599 are possible`);
  return 500;
}

function replyFields(vm: Vm, range: Range): string[] {
  const pairs = readPairs(vm.memory.bytes, range.at, range.size);
  if (pairs === null) {
    vm.warn('the header map of a local response is malformed and was left out');
    return [];
  }
  const fields: string[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const name = fieldName(pairs[i] as string);
    const value = pairs[i + 1] as string;
    // The exchange frames the answer: a length of the guest's own would contradict it.
    const framing = name === 'content-length' || name?.charCodeAt(0) === 0x3a;
    if (name !== null && !framing && refusedField(name, value) === null) fields.push(name, value);
    else vm.warn(`the field "${pairs[i]}" of a local response was left out`);
  }
  return fields;
}

/** Continuing what is not held is fine, and before the callback says "pause" too. */
export function continueStream(vm: Vm, type: number): number {
  if (type > STREAM_UPSTREAM) return BAD_ARGUMENT;
  if (type === STREAM_UPSTREAM) return UNIMPLEMENTED;
  const stream = vm.stream;
  if (stream !== null) vm.later(() => stream.continueStream(type));
  return OK;
}

export function closeStream(vm: Vm, type: number): number {
  if (type > STREAM_UPSTREAM) return BAD_ARGUMENT;
  const stream = vm.stream;
  if (stream !== null) vm.later(() => stream.closeStream(type));
  return OK;
}

export function setEffectiveContext(vm: Vm, id: number): number {
  return vm.setEffective(id) ? OK : BAD_ARGUMENT;
}

/** The root context is done with what it wanted to finish. */
export function done(vm: Vm): number {
  if (!vm.parked) return NOT_FOUND;
  vm.later(() => vm.finish());
  return OK;
}

/** Matches the route again, as ABI 0.1.0 asks for it; later ones do so by a foreign function. */
export function clearRouteCache(vm: Vm): number {
  vm.stream?.clearRouteCache();
  return OK;
}
