import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { op } from '../testing/assemble.ts';
import { CALL_WEIGHT, HOST_CALL_WEIGHT, LIGHT_MAX, STRAIGHT_MAX, WEIGHT_MAX } from './costs.ts';
import { EDIT, EditList } from './edit-list.ts';
import { Instructions } from './instructions.ts';
import { findLight } from './light.ts';
import { type FunctionPlan, Planner } from './plan.ts';

const VOID = 0x40;
const NOP = 0x01;
const BLOCK = [0x02, VOID];
const LOOP = [0x03, VOID];
const IF = [...op.i32(1), 0x04, VOID];
const ELSE = 0x05;
const END = 0x0b;
const RETURN = 0x0f;
const br = (label: number): number[] => [0x0c, label];
const brIf = (label: number): number[] => [...op.i32(1), 0x0d, label];
const nops = (count: number): number[] => Array.from({ length: count }, () => NOP);

interface Planned extends FunctionPlan {
  /** `at kind value` of each edit. */
  readonly edits: readonly string[];
  readonly checks: readonly string[];
}

const KIND_NAMES = Object.keys(EDIT);

/** Of a function with this code; function 0 is the host's. */
function planOf(code: readonly number[], importsEscape = false): Planned {
  const edits = new EditList();
  const reader = new Instructions(Uint8Array.from([...code, END]));
  const plan = new Planner({ importedFunctions: 1, importsEscape }, edits).plan(reader);
  const lines = Array.from(
    { length: edits.length },
    (_, i) => `${edits.place(i)} ${KIND_NAMES[edits.kind(i)]} ${edits.value(i)}`,
  );
  return { ...plan, edits: lines, checks: lines.filter((line) => line.includes('check')) };
}

describe('plan: weights', () => {
  it('counts the instructions of a function, its end included', () => {
    assert.equal(planOf(nops(5)).weight, 6);
    assert.equal(planOf(op.call(1)).weight, 2 + CALL_WEIGHT);
  });

  it('counts those of a loop where its check is, and those of inner loops apart', () => {
    const plan = planOf([...nops(2), ...LOOP, ...nops(3), ...LOOP, ...nops(7), END, END]);
    // A loop's end is its own; its beginning is part of what is around it.
    assert.deepEqual(plan.edits, [`4 check ${3 + 1 + 1}`, `9 check ${7 + 1}`]);
    assert.equal(plan.weight, 2 + 1 + 1);
  });

  it('bounds what one turn counts', () => {
    assert.deepEqual(planOf([...LOOP, ...nops(300), ...br(0), END]).edits, [
      `2 check ${WEIGHT_MAX}`,
    ]);
  });
});

describe('plan: straight code', () => {
  it('has a check after every so many instructions', () => {
    const { checks } = planOf(nops(STRAIGHT_MAX * 2 + 10));
    assert.deepEqual(checks, [
      `${STRAIGHT_MAX} check ${WEIGHT_MAX}`,
      `${STRAIGHT_MAX * 2} check ${WEIGHT_MAX}`,
    ]);
  });

  it('follows the longest path to the end of a block', () => {
    const half = nops(STRAIGHT_MAX / 2);
    // Either arm alone is short enough, and so is what follows it.
    const arms = [...IF, ...half, ELSE, NOP, END];
    assert.equal(planOf([...arms, ...nops(100)]).checks.length, 0);
    assert.equal(planOf([...arms, ...half]).checks.length, 1);
    assert.equal(planOf([...IF, ...half, END, ...half]).checks.length, 1);
  });

  it('is not misled by a branch past a check', () => {
    // The check in the block is stepped over where the branch is taken.
    const code = [...BLOCK, ...nops(500), ...brIf(0), ...nops(40), END, ...nops(20)];
    assert.equal(planOf(code).checks.length, 2);
  });

  it('sees no path behind a branch that is always taken', () => {
    const code = [...BLOCK, ...br(0), ...nops(2_000), END, ...nops(100)];
    assert.equal(planOf(code).checks.length, 0);
    assert.equal(planOf([RETURN, ...nops(2_000)]).checks.length, 0);
  });

  it('counts a call as several instructions', () => {
    const calls = Math.ceil(STRAIGHT_MAX / (CALL_WEIGHT + 1));
    const code = Array.from({ length: calls + 1 }, () => op.call(1)).flat();
    assert.equal(planOf(code).checks.length, 1);
  });

  it('has a check where exceptions arrive', () => {
    // Legacy form: try, call, catch_all.
    assert.deepEqual(planOf([0x06, VOID, ...op.call(1), 0x19, NOP, END]).checks, [
      `5 check ${WEIGHT_MAX}`,
    ]);
    // try_table with catch_all to the block around it.
    const table = [...BLOCK, 0x1f, VOID, 1, 2, 0, ...op.call(1), END, END, NOP];
    const { checks } = planOf(table);
    assert.deepEqual(checks, [`${table.length - 1} check ${WEIGHT_MAX}`]);
  });
});

describe('plan: calls', () => {
  it('counts a call of the host before it is made', () => {
    assert.deepEqual(planOf(op.call(0)).edits, [
      `0 beforeCall ${HOST_CALL_WEIGHT}`,
      '2 afterCall 0',
    ]);
    assert.deepEqual(planOf(op.call(1)).edits, ['0 beforeCall 0', '2 afterCall 0']);
  });

  it('counts an indirect call so where it may be one of the host', () => {
    const indirect = [...op.i32(0), 0x11, 0, 0];
    assert.equal(planOf(indirect).edits[0], '2 beforeCall 0');
    assert.equal(planOf(indirect, true).edits[0], `2 beforeCall ${HOST_CALL_WEIGHT}`);
  });

  it('meters bulk instructions', () => {
    const fill = [...op.i32(0), ...op.i32(0), ...op.i32(9), 0xfc, 0x0b, 0];
    assert.deepEqual(planOf(fill).edits, ['6 meter 0']);
  });
});

describe('plan: where the counter is kept', () => {
  const loop = [...LOOP, NOP, ...brIf(0), END];

  it('is a local where a loop calls nothing', () => {
    assert.equal(planOf(loop).keepsLocal, true);
    assert.equal(planOf(nops(9)).keepsLocal, false);
    assert.equal(planOf([...LOOP, ...op.call(1), END]).keepsLocal, false);
    assert.equal(planOf([...LOOP, ...op.call(1), ...loop, END]).keepsLocal, true);
    assert.equal(planOf([...LOOP, ...LOOP, ...op.call(1), END, END]).keepsLocal, false);
  });

  it('is none where exceptions arrive', () => {
    assert.equal(planOf([...loop, 0x06, VOID, NOP, 0x19, END]).keepsLocal, false);
  });

  it('knows of branches out of the function, and of a check at its very start', () => {
    assert.equal(planOf([...BLOCK, ...br(1), END]).branchesOut, true);
    assert.equal(planOf([...BLOCK, ...br(0), END]).branchesOut, false);
    assert.equal(planOf([NOP, ...BLOCK, ...loop, END]).startsWithCheck, true);
    assert.equal(planOf([...IF, ...loop, END]).startsWithCheck, false);
    assert.equal(planOf([...op.call(1), ...loop]).startsWithCheck, false);
    assert.equal(planOf([...BLOCK, ...brIf(1), ...loop, END]).startsWithCheck, false);
  });
});

describe('light functions', () => {
  const light = (codes: readonly (readonly number[])[]): boolean[] => {
    const isLight = findLight(
      codes.map((code) => planOf(code)),
      1,
    );
    return codes.map((_, index) => isLight(index));
  };

  it('are short, and call only what is light or counts itself', () => {
    assert.deepEqual(light([nops(3), nops(LIGHT_MAX), op.call(1), op.call(2)]), [
      true,
      false,
      true,
      true,
    ]);
  });

  it('have no loop, no indirect call, no call of the host', () => {
    const bulk = [...op.i32(0), ...op.i32(0), ...op.i32(9), 0xfc, 0x0b, 0];
    assert.deepEqual(light([[...LOOP, END], [...op.i32(0), 0x11, 0, 0], op.call(0), bulk]), [
      false,
      false,
      false,
      false,
    ]);
  });

  it('are never a whole circle', () => {
    assert.deepEqual(light([op.call(1)]), [false]);
    assert.ok(light([op.call(2), op.call(1)]).includes(false));
    assert.ok(light([op.call(2), op.call(3), op.call(1)]).includes(false));
  });

  it('add up what they call', () => {
    const half = nops(LIGHT_MAX / 2 - 4);
    assert.deepEqual(light([half, op.call(1), [...op.call(1), ...op.call(1), ...op.call(1)]]), [
      true,
      true,
      false,
    ]);
  });

  it('are found in chains of any length', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => op.call(i + 2));
    chain.push(nops(1));
    assert.equal(light(chain).length, chain.length);
  });
});
