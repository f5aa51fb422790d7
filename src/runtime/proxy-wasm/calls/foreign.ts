/**
 * Foreign functions: calls by name beyond the ABI. Those of Envoy that mean something here are
 * served under their names.
 */

import { deflateSync, inflateSync } from 'node:zlib';
import { protoField } from '../proto.ts';
import {
  BAD_ARGUMENT,
  INVALID_MEMORY_ACCESS,
  NO_BYTES,
  NOT_FOUND,
  OK,
  SERIALIZATION_FAILURE,
} from '../status.ts';
import type { Vm } from '../vm.ts';
import { Expressions } from './expressions.ts';
import { giveBytes } from './give.ts';
import { signText, verifySignature } from './signatures.ts';
import type { Range } from './stream-control.ts';

/** An uncompressed result; a small input must not become a memory full of zeros. */
const RESULT_BYTES_MAX = 16 * 1024 * 1024;
/** Properties one guest may declare. */
const DECLARED_MAX = 1_000;

/** A result, or a status that is not OK. */
type Outcome = Uint8Array | number;
type ForeignFunction = (vm: Vm, argument: Uint8Array) => Outcome;

const FUNCTIONS: ReadonlyMap<string, ForeignFunction> = new Map([
  ['compress', compress],
  ['uncompress', uncompress],
  ['clear_route_cache', clearRouteCache],
  ['set_envoy_filter_state', setFilterState],
  ['declare_property', declareProperty],
  ['verify_signature', (_vm, argument) => verifySignature(argument)],
  ['sign', (_vm, argument) => signText(argument)],
  ['expr_create', (vm, argument) => expressionsOf(vm).create(argument)],
  ['expr_evaluate', (vm, argument) => expressionsOf(vm).evaluate(argument)],
  ['expr_delete', (vm, argument) => expressionsOf(vm).delete(argument)],
]);

/** Both places may be 0 where the guest wants no result. */
export function callForeignFunction(
  vm: Vm,
  name: Range,
  argument: Range,
  atOut: number,
  sizeOut: number,
): number {
  const memory = vm.memory;
  if (!memory.has(name.at, name.size) || !memory.has(argument.at, argument.size)) {
    return INVALID_MEMORY_ACCESS;
  }
  const fn = FUNCTIONS.get(memory.text(name.at, name.size));
  const outcome = fn === undefined ? NOT_FOUND : fn(vm, memory.slice(argument.at, argument.size));
  const bytes = typeof outcome === 'number' ? NO_BYTES : outcome;
  if (atOut !== 0 && sizeOut !== 0) {
    const given = giveBytes(vm, bytes, atOut, sizeOut);
    if (given !== OK) return given;
  }
  return typeof outcome === 'number' ? outcome : OK;
}

function compress(_vm: Vm, argument: Uint8Array): Outcome {
  return deflateSync(argument);
}

function uncompress(_vm: Vm, argument: Uint8Array): Outcome {
  try {
    return inflateSync(argument, { maxOutputLength: RESULT_BYTES_MAX });
  } catch {
    return SERIALIZATION_FAILURE;
  }
}

function clearRouteCache(vm: Vm): Outcome {
  vm.stream?.clearRouteCache();
  return NO_BYTES;
}

/** A message of path (1), value (2) and span (3); every span ends with the request here. */
function setFilterState(vm: Vm, argument: Uint8Array): Outcome {
  const path = protoField(argument, 1);
  const value = protoField(argument, 2) ?? NO_BYTES;
  if (!(path instanceof Uint8Array) || !(value instanceof Uint8Array)) return BAD_ARGUMENT;
  if (vm.stream === null) return NOT_FOUND;
  vm.stream.setOwnProperty(Buffer.from(path).toString('latin1'), Uint8Array.from(value));
  return NO_BYTES;
}

/**
 * Name (1), readonly (2), type (3), schema (4), span (5): values are kept as the bytes they are,
 * whatever the type. A name can be declared once.
 */
function declareProperty(vm: Vm, argument: Uint8Array): Outcome {
  const bytes = protoField(argument, 1);
  if (!(bytes instanceof Uint8Array) || vm.declared.size >= DECLARED_MAX) return BAD_ARGUMENT;
  const name = Buffer.from(bytes).toString('latin1');
  if (vm.declared.has(name)) return BAD_ARGUMENT;
  vm.declared.set(name, protoField(argument, 2) === 1);
  return NO_BYTES;
}

const expressions = new WeakMap<Vm, Expressions>();

function expressionsOf(vm: Vm): Expressions {
  const known = expressions.get(vm) ?? new Expressions(vm);
  expressions.set(vm, known);
  return known;
}
