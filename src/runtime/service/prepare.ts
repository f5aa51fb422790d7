/**
 * Whether a module is a command that can be run here, said before it is compiled: exports `_start`
 * and `memory`, imports nothing but preview 1, fits its memory limit. Pass it to `loadModule`.
 */

import { checkImports } from '../module/imports.ts';
import type { LoadRefusal } from '../module/load.ts';
import { limitMemory } from '../module/memory-limit.ts';
import type { ModuleShape } from '../module/shape.ts';
import { WASI_SIGNATURES } from '../wasi/signatures.ts';

/** The `prepare` of `loadModule` for a command whose memory ends at `memoryBytesMax`. */
export function prepareCommand(
  memoryBytesMax: number,
): (bytes: Uint8Array, shape: ModuleShape) => Uint8Array | LoadRefusal {
  return (bytes, shape) => {
    const reason = refusalOf(shape);
    return reason === null ? limitMemory(bytes, memoryBytesMax) : { reason };
  };
}

function refusalOf(shape: ModuleShape): string | null {
  const start = shape.exports.find((one) => one.name === '_start');
  if (start === undefined) {
    const reactor = shape.exports.some((one) => one.name === '_initialize');
    return reactor
      ? 'is a reactor (exports _initialize): build it as a command, with a main function'
      : 'exports no _start: build it as a WASI command, with a main function';
  }
  if (start.kind !== 'function' || start.signature !== '()->()') {
    return `exports _start as ${start.signature || start.kind}, a command has ()->()`;
  }
  if (!shape.exports.some((one) => one.name === 'memory' && one.kind === 'memory')) {
    return 'exports no memory: a WASI command exports one named "memory"';
  }
  const problems = checkImports(shape, WASI_SIGNATURES);
  return problems.length === 0 ? null : problems.join('; ');
}
