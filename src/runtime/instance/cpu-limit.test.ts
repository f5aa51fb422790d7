import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../base/clock.ts';
import { SLICE } from '../module/instrument/costs.ts';
import { instrument } from '../module/instrument/instrument.ts';
import { assemble, op } from '../module/testing/assemble.ts';
import { CpuLimit, onSliceUsed } from './cpu-limit.ts';

const LOOP = 0x03;
const VOID = 0x40;
const BR = 0x0c;
const BR_IF = 0x0d;
const END = 0x0b;

/** `forever`, and `turns(n)` which goes round n times and gives 7. */
const bytes = assemble({
  types: [
    { params: [], results: [] },
    { params: ['i32'], results: ['i32'] },
  ],
  functions: [
    { type: 0, code: [LOOP, VOID, BR, 0, END] },
    {
      type: 1,
      code: [
        LOOP,
        VOID,
        ...op.local(0),
        ...op.i32(-1),
        ...op.add,
        0x22,
        0,
        BR_IF,
        0,
        END,
        ...op.i32(7),
      ],
    },
  ],
  exports: [
    { name: 'forever', index: 0 },
    { name: 'turns', index: 1 },
  ],
});

interface Guest {
  readonly instance: WebAssembly.Instance;
  readonly forever: () => void;
  readonly turns: (count: number) => number;
}

function guest(startBudget = 0): Guest {
  const counted = instrument(bytes, startBudget);
  if ('reason' in counted) assert.fail(counted.reason);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(counted));
  const { forever, turns } = instance.exports;
  return { instance, forever, turns } as unknown as Guest;
}

describe('CPU limit', () => {
  it('tells whoever wants to know of each look at the clock', () => {
    const { instance, turns } = guest();
    const limit = new CpuLimit(new ManualClock(), 5);
    let looks = 0;
    limit.onLook = () => looks++;
    limit.bind(instance);
    limit.begin();
    turns(3 * SLICE);
    assert.ok(looks >= 3, `${looks}`);
  });

  it('ends a loop without end, and says so', () => {
    const { instance, forever } = guest();
    const clock = new ManualClock();
    const limit = new CpuLimit({ now: () => (clock.advance(1), clock.now()), wall: () => 0 }, 5);
    limit.bind(instance);
    limit.begin();
    assert.throws(forever, WebAssembly.RuntimeError);
    assert.equal(limit.exceeded, true);
    assert.equal(limit.reason, 'exceeded its CPU limit of 5 ms');
    // The first look starts the time, and one that finds the limit reached ends it.
    assert.equal(clock.now(), 6);
  });

  it('ends one where the clock stands', () => {
    const { instance, forever } = guest();
    const limit = new CpuLimit(new ManualClock(), 1);
    limit.bind(instance);
    limit.begin();
    assert.throws(forever, WebAssembly.RuntimeError);
    assert.equal(limit.exceeded, true);
  });

  it('lets what ends in time end, and starts anew with each call', () => {
    const { instance, turns } = guest();
    const clock = new ManualClock();
    const limit = new CpuLimit({ now: () => (clock.advance(10), clock.now()), wall: () => 0 }, 15);
    limit.bind(instance);
    for (let i = 0; i < 50; i++) {
      limit.begin();
      assert.equal(turns(1_000), 7);
    }
    assert.equal(limit.exceeded, false);
  });

  it('is without effect on a module that has no counter', () => {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    new CpuLimit(new ManualClock(), 1).bind(instance);
    assert.equal((instance.exports['turns'] as (count: number) => number)(3), 7);
  });

  it('ends a guest that runs on before the host can be asked', () => {
    assert.throws(guest(1_000).forever, WebAssembly.RuntimeError);
  });
});

describe('a slice that is used', () => {
  it('can suspend the guest, which then goes on where it was', async () => {
    const { instance, turns } = guest();
    let yields = 0;
    const order: string[] = [];
    const look = new WebAssembly.Suspending(async () => {
      yields++;
      await new Promise((resolve) => setImmediate(resolve));
      return 1_000;
    });
    onSliceUsed(instance, look);
    const running = WebAssembly.promising(turns as unknown as WebAssembly.ExportValue)(10_000);
    setImmediate(() => order.push('another'));
    assert.equal(await running.then((result) => (order.push('guest'), result)), 7);
    assert.deepEqual(order, ['another', 'guest']);
    assert.ok(yields > 10 && yields < SLICE, `${yields}`);
  });
});
