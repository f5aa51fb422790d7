/** HTTP calls of a guest to another service. */

import { fieldValue } from '../fields.ts';
import { readPairs } from '../pairs.ts';
import { BAD_ARGUMENT, INTERNAL_FAILURE, INVALID_MEMORY_ACCESS, OK } from '../status.ts';
import { fieldName } from '../text-cache.ts';
import type { Vm } from '../vm.ts';
import { isFieldText } from './field-check.ts';
import type { Range } from './stream-control.ts';

const REQUIRED = [':method', ':path', ':authority'] as const;
/** A negative timeout arrives as more. */
const TIMEOUT_MS_MAX = 0x7fff_ffff;

/** The parts of a call. */
export interface HttpCallParts {
  readonly target: Range;
  readonly fields: Range;
  readonly body: Range;
  readonly trailers: Range;
}

/** BAD_ARGUMENT for what is malformed or has no known target, INTERNAL_FAILURE where it is refused. */
export function httpCall(vm: Vm, parts: HttpCallParts, timeoutMs: number, idOut: number): number {
  const memory = vm.memory;
  for (const range of [parts.target, parts.fields, parts.body, parts.trailers]) {
    if (!memory.has(range.at, range.size)) return INVALID_MEMORY_ACCESS;
  }
  if (!memory.has(idOut, 4)) return INVALID_MEMORY_ACCESS;
  const fields = callFields(vm, parts.fields);
  const trailers = callFields(vm, parts.trailers);
  if (fields === null || trailers === null || timeoutMs > TIMEOUT_MS_MAX) return BAD_ARGUMENT;
  for (const name of REQUIRED) if (fieldValue(fields, name) === undefined) return BAD_ARGUMENT;
  const body = memory.slice(parts.body.at, parts.body.size);
  const target = memory.text(parts.target.at, parts.target.size);
  const id = vm.callouts.http({ caller: vm.spec.id, target, fields, body, trailers, timeoutMs });
  if (typeof id === 'string') return id === 'refused' ? INTERNAL_FAILURE : BAD_ARGUMENT;
  vm.memory.setU32(idOut, id);
  return OK;
}

/** A map of a call; null where it is malformed or has a field no message can carry. */
export function callFields(vm: Vm, range: Range): string[] | null {
  const pairs = readPairs(vm.memory.bytes, range.at, range.size);
  if (pairs === null) return null;
  for (let i = 0; i < pairs.length; i += 2) {
    const name = fieldName(pairs[i] as string);
    if (name === null || !isFieldText(pairs[i + 1] as string)) return null;
    pairs[i] = name;
  }
  return pairs;
}
