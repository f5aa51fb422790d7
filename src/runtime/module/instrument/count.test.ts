/** What is counted while code runs, whichever way it leaves a function. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { onSliceUsed } from '../../instance/cpu-limit.ts';
import { type Assembly, assemble, op } from '../testing/assemble.ts';
import { HOST_CALLS_PER_SLICE, SLICE } from './costs.ts';
import { instrument } from './instrument.ts';

const VOID = 0x40;
const END = 0x0b;
const RETURN = 0x0f;
const SLICE_OF_TESTS = 1_000;

const tee = (index: number): number[] => [0x22, index];
const brIf = (label: number): number[] => [0x0d, label];
const less = (): number[] => [...op.local(0), ...op.i32(-1), ...op.add, ...tee(0)];
/** Goes round until local 0 is 0: 6 instructions a turn and the loop's end. */
const turns = [0x03, VOID, ...less(), ...brIf(0), END];
const TURN = 6;
const outOfLoop = [0x03, VOID, ...less(), 0x45, ...brIf(1), 0x0c, 0, END];

/** Counts per call of export `f` with 10, as the looks of 2,000 calls tell. */
function countsPerCall(assembly: Assembly, imports: WebAssembly.Imports = {}): number {
  const counted = instrument(assemble(assembly), 0);
  if ('reason' in counted) assert.fail(counted.reason);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(counted), imports);
  let looks = 0;
  onSliceUsed(instance, () => {
    looks++;
    return SLICE_OF_TESTS;
  });
  const calls = 2_000;
  for (let i = 0; i < calls; i++) {
    try {
      (instance.exports['f'] as (count: number) => unknown)(10);
    } catch (error) {
      assert.ok(!(error instanceof WebAssembly.RuntimeError), String(error));
    }
  }
  return (looks * SLICE_OF_TESTS) / calls;
}

const one = (code: readonly number[], results: readonly 'i32'[] = []): Assembly => ({
  types: [
    { params: ['i32'], results },
    { params: [], results: [] },
  ],
  functions: [
    { type: 0, code },
    { type: 1, code: [] },
  ],
  exports: [{ name: 'f', index: 0 }],
});

describe('counting', () => {
  const pair = [...op.i32(1), ...op.i32(2)];
  const ways: Record<string, Assembly> = {
    'at its end': one(turns),
    'by return': one([...turns, RETURN]),
    'by return with a value': one([...turns, ...op.i32(4), RETURN], ['i32']),
    'by a branch to its label': one([0x02, VOID, ...turns, 0x0c, 1, END]),
    'by such a branch with values': one([...turns, ...pair, 0x0c, 0], ['i32', 'i32']),
    'by a conditional branch in the loop': one(outOfLoop),
    'by a table of branches': one([...turns, ...op.i32(0), 0x0e, 1, 0, 0]),
    'by a tail call': one([...turns, 0x12, 1]),
    'to a callee and back': one([...turns, ...op.call(1)]),
  };
  for (const [way, assembly] of Object.entries(ways)) {
    it(`is right for a function left ${way}`, () => {
      const counts = countsPerCall(assembly);
      const least = 10 * TURN;
      assert.ok(counts >= least && counts < least * 1.6, `${counts} per call, not ${least}`);
    });
  }

  it('makes the host be asked after so many calls of the host', () => {
    const assembly: Assembly = {
      ...one([...op.call(0)]),
      imports: [{ module: 'h', name: 'c', type: 1 }],
      exports: [{ name: 'f', index: 1 }],
    };
    const counts = countsPerCall(assembly, { h: { c: () => {} } });
    // Every call uses up a slice of the size that tests give.
    assert.equal(counts, SLICE_OF_TESTS);
    assert.ok(SLICE / HOST_CALLS_PER_SLICE > SLICE_OF_TESTS);
  });

  it('counts bulk instructions by their size', () => {
    const fill = (bytes: number): number[] => [
      ...op.i32(0),
      ...op.i32(0),
      ...op.i32(bytes),
      0xfc,
      0x0b,
      0,
    ];
    const memory = { min: 1 };
    const [small, large] = [8, 4_096].map((bytes) =>
      countsPerCall({ ...one(fill(bytes)), memory }),
    );
    const difference = (large ?? 0) - (small ?? 0);
    assert.ok(difference > 450 && difference < 600, `${difference}`);
  });

  it('holds for calls in a circle', () => {
    const counts = countsPerCall(
      one([
        ...op.local(0),
        0x04,
        VOID,
        ...op.local(0),
        ...op.i32(-1),
        ...op.add,
        ...op.call(0),
        END,
      ]),
    );
    assert.ok(counts > 10 * 8, `${counts}`);
  });
});
