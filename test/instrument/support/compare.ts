/** Runs a module as it is and with a counter, side by side. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { parseModule } from '../../../src/runtime/module/binary.ts';
import { instrument } from '../../../src/runtime/module/instrument/instrument.ts';
import {
  exportedFunctions,
  isProblem,
  type ModuleShape,
} from '../../../src/runtime/module/shape.ts';
import { attempt, BUDGET, Guest } from './guest.ts';
import { seeded, valueOf } from './random.ts';

const ROUNDS = 3;

/** What a module did in a run: lines of calls, results and state. */
export interface Trace {
  readonly lines: string[];
  /** The counter or the stack came to an end before all calls were made. */
  readonly cut: boolean;
}

export function digestOf(trace: Trace): string {
  return createHash('sha256').update(trace.lines.join('\n')).digest('hex').slice(0, 16);
}

/** The functions generated modules may import; each notes that it was called, in order. */
function hostImports(called: string[]): WebAssembly.Imports {
  const note = (name: string, values: unknown[]): void => {
    if (called.length < 1000) called.push(`${name}(${values.join()})`);
  };
  return {
    host: {
      a: (x: number) => {
        note('a', [x]);
        return (x * 3 + 1) | 0;
      },
      b: (x: bigint, y: number) => {
        note('b', [x, y]);
        return x ^ BigInt(Math.trunc(Number.isFinite(y) ? y % 1e6 : 7));
      },
      c: () => note('c', []),
    },
  };
}

export function countedModule(bytes: Uint8Array): Uint8Array {
  const counted = instrument(bytes, BUDGET);
  if ('reason' in counted) assert.fail(counted.reason);
  assert.ok(WebAssembly.validate(counted), 'the module is not valid any more');
  return counted;
}

/**
 * Calls every export with arguments that `seed` gives; `stopAfter`: lines after which to end, for
 * the run of a module that nothing else would end.
 */
export function run(bytes: Uint8Array, seed: number, stopAfter = Number.POSITIVE_INFINITY): Trace {
  const shape = parseModule(bytes);
  if (isProblem(shape)) assert.fail(shape.message);
  const lines: string[] = [];
  const called: string[] = [];
  let guest: Guest | null = null;
  const made = attempt(() => {
    guest = new Guest(new WebAssembly.Module(bytes), hostImports(called));
    return 'made';
  });
  if (guest === null) {
    lines.push(`not made: ${made}`);
    return { lines, cut: made === null || /function signature mismatch/.test(made) };
  }
  lines.push((guest as Guest).state());
  return { lines, cut: callAll(guest, shape, { seed, stopAfter, called, lines }) };
}

interface Plan {
  readonly seed: number;
  readonly stopAfter: number;
  readonly called: string[];
  readonly lines: string[];
}

/** True where it had to end early. */
function callAll(guest: Guest, shape: ModuleShape, plan: Plan): boolean {
  const random = seeded(plan.seed);
  const functions = exportedFunctions(shape);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of guest.names) {
      const signature = functions.get(name);
      if (signature === undefined) continue;
      const types = signature.slice(1, signature.indexOf(')->')).split(',');
      const values = types.filter((type) => type !== '').map((type) => valueOf(type, random));
      if (plan.lines.length >= plan.stopAfter) return true;
      const outcome = guest.call(name, values);
      if (outcome === null) return true;
      plan.lines.push(`${name}(${values.join()}) = ${outcome}; ${plan.called.splice(0).join()}`);
      plan.lines.push(guest.state());
    }
  }
  return false;
}
