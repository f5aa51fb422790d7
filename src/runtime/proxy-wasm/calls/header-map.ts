/**
 * Header and trailer maps. Names are in lower case, values have one char a byte. The Rust SDK ends
 * its guest on a status it does not expect, so an edit that cannot be made (a map that is not
 * there or has gone on its way, a value no field can have, a field the codec owns) is reported in
 * the log and answered with OK; the message sent on stays valid whatever a guest writes.
 */

import { fieldValue, removeField, setField } from '../fields.ts';
import { pairsSize, readPairs, writePairs } from '../pairs.ts';
import {
  BAD_ARGUMENT,
  INVALID_MEMORY_ACCESS,
  MAP_CALL_HEADERS,
  MAP_CALL_TRAILERS,
  MAP_GRPC_INITIAL,
  MAP_GRPC_TRAILING,
  MAP_LAST,
  MAP_REQUEST_TRAILERS,
  MAP_RESPONSE_TRAILERS,
  NOT_FOUND,
  OK,
} from '../status.ts';
import type { GuestStream } from '../stream.ts';
import { fieldName } from '../text-cache.ts';
import type { Vm } from '../vm.ts';
import { refusedField } from './field-check.ts';
import { giveText, reserve } from './give.ts';

const NOTHING: readonly string[] = [];

export function getPairs(vm: Vm, map: number, atOut: number, sizeOut: number): number {
  if (map > MAP_LAST) return BAD_ARGUMENT;
  const fields = lines(vm, map);
  const pseudo = pseudoFields(vm, map);
  if (fields === null || fields.length + pseudo.length === 0) {
    return giveText(vm, '', atOut, sizeOut);
  }
  const at = reserve(vm, pairsSize(pseudo, fields), atOut, sizeOut);
  if (at < 0) return INVALID_MEMORY_ACCESS;
  writePairs(vm.memory.bytes, at, pseudo, fields);
  return OK;
}

/** Bytes of the map on the wire, as the specification has it. */
export function getSize(vm: Vm, map: number, sizeOut: number): number {
  if (map > MAP_LAST) return BAD_ARGUMENT;
  if (!vm.memory.has(sizeOut, 4)) return INVALID_MEMORY_ACCESS;
  const fields = lines(vm, map);
  if (fields === null) return NOT_FOUND;
  vm.memory.setU32(sizeOut, pairsSize(pseudoFields(vm, map), fields));
  return OK;
}

/** The first value of a name. */
export function getValue(
  vm: Vm,
  map: number,
  name: string | null,
  atOut: number,
  sizeOut: number,
): number {
  if (name === null) return NOT_FOUND;
  const value = find(vm, map, name);
  return value === undefined ? NOT_FOUND : giveText(vm, value, atOut, sizeOut);
}

function find(vm: Vm, map: number, name: string): string | undefined {
  const fields = lines(vm, map);
  if (fields === null) return undefined;
  const value = fieldValue(fields, name);
  if (value !== undefined || vm.stream === null) return value;
  return isPseudo(name) ? vm.stream.pseudoField(map, name) : undefined;
}

export function add(vm: Vm, map: number, name: string | null, value: string): number {
  const fields = editableLines(vm, map);
  if (fields === null || !acceptable(vm, name, value)) return OK;
  if (isPseudo(name)) setPseudo(vm, map, name, value);
  else fields.push(name, value);
  vm.stream?.edited(map);
  return OK;
}

/** An unacceptable value removes the field: what it should replace must not stay. */
export function replace(vm: Vm, map: number, name: string | null, value: string): number {
  const fields = editableLines(vm, map);
  if (fields === null) return OK;
  if (!acceptable(vm, name, value)) {
    if (name !== null) removeField(fields, name);
  } else if (isPseudo(name)) setPseudo(vm, map, name, value);
  else setField(fields, name, value);
  vm.stream?.edited(map);
  return OK;
}

/** Removing what is not there is fine; pseudo-fields stay. */
export function remove(vm: Vm, map: number, name: string | null): number {
  const fields = editableLines(vm, map);
  if (fields === null || name === null) return OK;
  if (removeField(fields, name)) vm.stream?.edited(map);
  return OK;
}

/** Replaces the whole map; pseudo-fields that are not named keep their values. */
export function setPairs(vm: Vm, map: number, at: number, size: number): number {
  if (map > MAP_LAST) return BAD_ARGUMENT;
  if (!vm.memory.has(at, size)) return INVALID_MEMORY_ACCESS;
  const pairs = readPairs(vm.memory.bytes, at, size);
  if (pairs === null) {
    vm.warn('a malformed header map was ignored');
    return OK;
  }
  const fields = editableLines(vm, map);
  if (fields === null) return OK;
  fields.length = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    const name = fieldName(pairs[i] as string);
    const value = pairs[i + 1] as string;
    if (!acceptable(vm, name, value)) continue;
    if (isPseudo(name)) setPseudo(vm, map, name, value);
    else fields.push(name, value);
  }
  vm.stream?.edited(map);
  return OK;
}

/** Lines of a map of the effective context; null where there is none. */
function lines(vm: Vm, map: number): string[] | null {
  switch (map) {
    case MAP_GRPC_INITIAL:
      return vm.grpcInitial;
    case MAP_GRPC_TRAILING:
      return vm.grpcTrailing;
    case MAP_CALL_HEADERS:
      return vm.callFields;
    case MAP_CALL_TRAILERS:
      return vm.callTrailers;
    default:
      return vm.stream === null ? null : vm.stream.fields(map);
  }
}

function pseudoFields(vm: Vm, map: number): readonly string[] {
  return vm.stream === null || map > MAP_RESPONSE_TRAILERS ? NOTHING : vm.stream.pseudoFields(map);
}

function editableLines(vm: Vm, map: number): string[] | null {
  const stream = vm.stream;
  if (stream === null || map > MAP_RESPONSE_TRAILERS || !stream.editable(map)) {
    vm.warn(`an edit of header map ${map} was ignored: it is not there, or was sent on already`);
    return null;
  }
  return stream.fields(map) ?? trailersOf(stream, map);
}

function trailersOf(stream: GuestStream, map: number): string[] | null {
  const isTrailers = map === MAP_REQUEST_TRAILERS || map === MAP_RESPONSE_TRAILERS;
  return isTrailers ? stream.makeTrailers(map) : null;
}

/** `host` is the authority, as HTTP/1.1 writes it. */
function isPseudo(name: string): boolean {
  return name.charCodeAt(0) === 0x3a || name === 'host';
}

function setPseudo(vm: Vm, map: number, name: string, value: string): void {
  if (vm.stream?.setPseudoField(map, name, value) !== true) {
    vm.warn(`"${name}" was not set: no such pseudo-field, or not a value it can have`);
  }
}

function acceptable(vm: Vm, name: string | null, value: string): name is string {
  if (name === null) {
    vm.warn('a field was ignored: its name is not a token');
    return false;
  }
  // Pseudo-fields and the authority have checks of their own.
  const refused = isPseudo(name) ? null : refusedField(name, value);
  if (refused !== null) {
    vm.warn(`the field "${name}" was ignored: ${refused}`);
    return false;
  }
  return true;
}
