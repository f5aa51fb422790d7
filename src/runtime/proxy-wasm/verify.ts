/**
 * Can a module serve as a filter? Looked at before it is compiled, so that whoever configures it
 * reads what is wrong: the version of the ABI, every import, every callback and the allocator.
 */

import { LIMITS } from '../../base/limits.ts';
import { checkImports, type HostTable } from '../module/imports.ts';
import { instrument } from '../module/instrument/instrument.ts';
import type { LoadRefusal } from '../module/load.ts';
import { limitMemory } from '../module/memory-limit.ts';
import type { ModuleShape } from '../module/shape.ts';
import { exportedFunctions } from '../module/shape.ts';
import { WASI_SIGNATURES } from '../wasi/signatures.ts';
import { ABIS, findAbi, namedVersion } from './abi.ts';
import type { Abi } from './abi-version.ts';
import { ALLOCATORS } from './exports.ts';

const START_FUNCTIONS: Readonly<Record<string, string>> = {
  _initialize: '()->()',
  _start: '()->()',
  main: '(i32,i32)->i32',
  __main_void: '()->i32',
};

/** Everything that keeps the module from being a filter; empty when nothing does. */
export function verifyFilter(shape: ModuleShape): string[] {
  const functions = exportedFunctions(shape);
  const abi = findAbi(functions.keys());
  if (abi === undefined) return [wrongAbi(namedVersion(functions.keys()))];
  const problems = checkImports(shape, hostTable(abi));
  const known = { ...abi.exports, ...(functions.has('_initialize') ? START_FUNCTIONS : {}) };
  for (const [name, signature] of Object.entries(known)) {
    const found = functions.get(name);
    if (found === undefined || found === signature) continue;
    problems.push(`export ${name}: the module has ${found}, the host calls ${signature}`);
  }
  return [...problems, ...verifyMemory(shape, functions)];
}

/**
 * For `loadModule`'s `prepare`: the module with a CPU counter and its memory bounded, or all
 * problems in one reason.
 */
export function prepareFilter(bytes: Uint8Array, shape: ModuleShape): Uint8Array | LoadRefusal {
  const problems = verifyFilter(shape);
  if (problems.length > 0) return { reason: problems.join('; ') };
  const counted = instrument(bytes);
  return 'reason' in counted ? counted : limitMemory(counted, LIMITS.filterMemoryBytesMax);
}

function wrongAbi(version: string | undefined): string {
  const served = ABIS.map((abi) => abi.version).join(', ');
  const remedy = `build it with an SDK for ABI ${served}`;
  return version === undefined
    ? `is no proxy-wasm filter: it exports no proxy_abi_version_* function; ${remedy}`
    : `speaks proxy-wasm ABI ${version}, which this version does not serve; ${remedy}`;
}

function verifyMemory(shape: ModuleShape, functions: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const exported = shape.exports.some((one) => one.name === 'memory' && one.kind === 'memory');
  if (!exported) problems.push('it exports no memory named "memory"');
  const allocator = ALLOCATORS.find((name) => functions.has(name));
  if (allocator === undefined) {
    problems.push(`it exports neither ${ALLOCATORS[0]} nor ${ALLOCATORS[1]}`);
  } else if (functions.get(allocator) !== '(i32)->i32') {
    const found = functions.get(allocator);
    problems.push(`export ${allocator}: the module has ${found}, the host calls (i32)->i32`);
  }
  return problems;
}

function hostTable(abi: Abi): HostTable {
  const env: Record<string, string> = {};
  for (const [name, call] of Object.entries(abi.imports)) env[name] = call.signature;
  return { env, ...WASI_SIGNATURES };
}
