import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../base/clock.ts';
import { GuestTurns, type TurnTaker } from './turns.ts';

/** `count` requests, each taking `costMs`. */
class Taker implements TurnTaker {
  readonly name: string;
  readonly costMs: number;
  readonly clock: ManualClock;
  readonly served: string[];
  left: number;

  constructor(name: string, left: number, costMs: number, all: Shared) {
    this.name = name;
    this.left = left;
    this.costMs = costMs;
    this.clock = all.clock;
    this.served = all.served;
  }

  get waiting(): boolean {
    return this.left > 0;
  }

  takeTurn(): void {
    this.left -= 1;
    this.served.push(this.name);
    this.clock.advance(this.costMs);
  }
}

interface Shared {
  readonly clock: ManualClock;
  readonly served: string[];
  readonly ticks: (() => void)[];
  readonly turns: GuestTurns;
}

function shared(): Shared {
  const clock = new ManualClock();
  const ticks: (() => void)[] = [];
  return { clock, served: [], ticks, turns: new GuestTurns(clock, (tick) => ticks.push(tick)) };
}

test('services take turns, whatever the length of their queues', () => {
  const all = shared();
  all.turns.join(new Taker('a', 3, 0, all));
  all.turns.join(new Taker('b', 1, 0, all));
  assert.equal(all.ticks.length, 1, 'one callback for all');
  assert.deepEqual(all.served, [], 'nothing runs on the stack of who asks');
  all.ticks.shift()?.();
  assert.deepEqual(all.served, ['a', 'b', 'a', 'a']);
  assert.equal(all.ticks.length, 0);
});

test('a tick ends after about a millisecond, and the rest gets another', () => {
  const all = shared();
  all.turns.join(new Taker('a', 10, 0.4, all));
  const perTick: number[] = [];
  while (all.ticks.length > 0) {
    const before = all.served.length;
    all.ticks.shift()?.();
    perTick.push(all.served.length - before);
  }
  assert.deepEqual(perTick, [3, 3, 3, 1]);
});

test('a slow request has a tick of its own', () => {
  const all = shared();
  all.turns.join(new Taker('slow', 2, 500, all));
  all.turns.join(new Taker('quick', 1, 0, all));
  all.ticks.shift()?.();
  assert.deepEqual(all.served, ['slow']);
  all.ticks.shift()?.();
  assert.deepEqual(all.served, ['slow', 'quick', 'slow']);
});

test('an error of one turn stops neither its service nor the others', () => {
  const all = shared();
  const broken = new Taker('broken', 2, 0, all);
  const original = broken.takeTurn.bind(broken);
  broken.takeTurn = () => {
    original();
    throw new Error('a fault');
  };
  all.turns.join(broken);
  all.turns.join(new Taker('b', 1, 0, all));
  while (all.ticks.length > 0) {
    try {
      all.ticks.shift()?.();
    } catch (error) {
      assert.equal((error as Error).message, 'a fault');
    }
  }
  assert.deepEqual(all.served, ['broken', 'b', 'broken']);
});

test('between ticks the event loop serves sockets', async () => {
  const clock = new ManualClock();
  const turns = new GuestTurns(clock);
  const order: string[] = [];
  let left = 3;
  turns.join({
    get waiting() {
      return left > 0;
    },
    takeTurn: () => {
      left -= 1;
      clock.advance(5);
      order.push('run');
      setTimeout(() => order.push('event'), 0);
      const until = performance.now() + 2;
      while (performance.now() < until);
    },
  });
  while (left > 0 || order.length < 6) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(order.indexOf('event') < order.lastIndexOf('run'), order.join());
});
