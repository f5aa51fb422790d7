import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ManualClock } from './clock.ts';
import { Deadline, DeadlineWheel } from './deadline.ts';
import { ManualScheduler } from './scheduler.ts';

const TICK_MS = 20;
const TURN_MS = 512 * TICK_MS;

class Bench {
  readonly clock: ManualClock;
  readonly scheduler: ManualScheduler;
  readonly wheel: DeadlineWheel;
  readonly fired: string[] = [];

  constructor(startMs = 0) {
    this.clock = new ManualClock(startMs);
    this.scheduler = new ManualScheduler(this.clock);
    this.wheel = new DeadlineWheel(this.clock, TICK_MS, this.scheduler);
  }

  /** A deadline that notes its name and time when it expires. */
  deadline(name: string, then: () => void = () => {}): Deadline {
    return new Deadline(this.wheel, () => {
      this.fired.push(`${name}@${this.clock.now()}`);
      then();
    });
  }
}

test('a deadline fires once, at the end of its tick', () => {
  const bench = new Bench();
  const deadline = bench.deadline('a');
  deadline.set(101);
  bench.scheduler.advance(119);
  assert.deepEqual(bench.fired, []);
  bench.scheduler.advance(1);
  assert.deepEqual(bench.fired, ['a@120']);
  assert.equal(deadline.atMs, Number.POSITIVE_INFINITY);
  bench.scheduler.advance(TURN_MS * 3);
  assert.deepEqual(bench.fired, ['a@120']);
});

test('a deadline on the edge of a tick fires there, not one later', () => {
  const bench = new Bench();
  bench.deadline('a').set(100);
  bench.scheduler.advance(100);
  assert.deepEqual(bench.fired, ['a@100']);
});

test('a past deadline fires soon, but never within set', () => {
  const bench = new Bench(1_000);
  bench.deadline('past').set(3);
  bench.deadline('negative').set(-5);
  assert.deepEqual(bench.fired, []);
  bench.scheduler.advance(TICK_MS);
  assert.equal(bench.fired.length, 2);
});

test('moving a deadline later is only a field: no timer is touched until the slot is reached', () => {
  const bench = new Bench();
  const deadline = bench.deadline('a');
  deadline.set(100);
  const armedFor = bench.scheduler.nextAtMs;
  for (let at = 101; at < 400; at++) deadline.set(at);
  assert.equal(bench.scheduler.nextAtMs, armedFor);
  bench.scheduler.advance(399);
  assert.deepEqual(bench.fired, []);
  bench.scheduler.advance(1);
  assert.deepEqual(bench.fired, ['a@400']);
});

test('moving a deadline earlier takes effect', () => {
  const bench = new Bench();
  const deadline = bench.deadline('a');
  deadline.set(5_000);
  deadline.set(60);
  bench.scheduler.advance(60);
  assert.deepEqual(bench.fired, ['a@60']);
  bench.scheduler.advance(10_000);
  assert.equal(bench.fired.length, 1);
});

test('a cleared deadline does not fire, and can be set again', () => {
  const bench = new Bench();
  const deadline = bench.deadline('a');
  deadline.set(100);
  deadline.clear();
  bench.scheduler.advance(200);
  assert.deepEqual(bench.fired, []);
  deadline.set(300);
  deadline.clear();
  deadline.set(310);
  bench.scheduler.advance(200);
  assert.deepEqual(bench.fired, ['a@320']);
});

test('a cleared deadline set to an earlier time fires at that time', () => {
  const bench = new Bench();
  const deadline = bench.deadline('a');
  deadline.set(5_000);
  deadline.clear();
  deadline.set(200);
  bench.scheduler.advance(200);
  assert.deepEqual(bench.fired, ['a@200']);
});

test('release lets go at once; the last one disarms the timer', () => {
  const bench = new Bench();
  const first = bench.deadline('a');
  const second = bench.deadline('b');
  first.set(100);
  second.set(100);
  first.release();
  assert.equal(bench.wheel.size, 1);
  assert.equal(bench.scheduler.armed, 1);
  second.release();
  second.release();
  assert.equal(bench.wheel.size, 0);
  assert.equal(bench.scheduler.armed, 0);
  bench.scheduler.advance(200);
  assert.deepEqual(bench.fired, []);
  first.set(300);
  bench.scheduler.advance(100);
  assert.deepEqual(bench.fired, ['a@300']);
});

test('one timer at most, none while nothing is set, and none kept for cleared ones', () => {
  const bench = new Bench();
  assert.equal(bench.scheduler.armed, 0);
  const deadlines = Array.from({ length: 1_000 }, (_, i) => bench.deadline(String(i)));
  for (const [i, deadline] of deadlines.entries()) deadline.set(50_000 - i * 7);
  assert.equal(bench.scheduler.armed, 1);
  for (const deadline of deadlines) deadline.clear();
  bench.scheduler.advance(TURN_MS);
  assert.equal(bench.wheel.size, 0);
  assert.equal(bench.scheduler.armed, 0);
});

test('an idle wheel wakes once a turn for a far deadline, not once a tick', () => {
  const bench = new Bench();
  bench.deadline('far').set(10 * TURN_MS);
  let wakeUps = 0;
  while (bench.fired.length === 0) {
    bench.scheduler.advance(bench.scheduler.nextAtMs - bench.clock.now());
    wakeUps++;
  }
  assert.deepEqual(bench.fired, [`far@${10 * TURN_MS}`]);
  assert.ok(wakeUps < 15, `${wakeUps} wake-ups`);
});

test('a callback may set its own deadline, also to the past, without holding the wheel', () => {
  const bench = new Bench();
  const own: Deadline = bench.deadline('own', () => own.set(bench.clock.now() - 1_000));
  own.set(40);
  bench.scheduler.advance(40 + 3 * TICK_MS);
  assert.ok(bench.fired.length >= 3 && bench.fired.length <= 5, bench.fired.join());
  own.release();
});

test('a callback may clear, release or set others that are due in the same tick', () => {
  const bench = new Bench();
  const cleared = bench.deadline('cleared');
  const released = bench.deadline('released');
  const moved = bench.deadline('moved');
  const kept = bench.deadline('kept');
  const first = bench.deadline('first', () => {
    cleared.clear();
    released.release();
    moved.set(bench.clock.now() + 100);
  });
  for (const deadline of [first, cleared, released, moved, kept]) deadline.set(60);
  bench.scheduler.advance(60);
  assert.deepEqual(bench.fired, ['first@60', 'kept@60']);
  bench.scheduler.advance(100);
  assert.deepEqual(bench.fired, ['first@60', 'kept@60', 'moved@160']);
  assert.equal(bench.wheel.size, 0);
});

test('after a long block everything due fires, in order of ticks, and the rest keeps its time', () => {
  const bench = new Bench();
  for (const at of [30_000, 20, 9_000, 5_000]) bench.deadline(String(at)).set(at);
  bench.deadline('later').set(40_000);
  bench.deadline('much later').set(90_000);
  const timerAtMs = bench.scheduler.nextAtMs;
  // The event loop was stuck: the clock moved, and the timer fires late.
  bench.clock.advance(35_000 - timerAtMs);
  bench.scheduler.advance(timerAtMs);
  assert.deepEqual(
    bench.fired.map((entry) => entry.split('@')[0]),
    ['20', '5000', '9000', '30000'],
  );
  bench.scheduler.advance(5_000);
  assert.equal(bench.fired.at(-1), 'later@40000');
  bench.scheduler.advance(50_000);
  assert.equal(bench.fired.at(-1), 'much later@90000');
});

test('after a long idle time the timer is set for the new deadline itself', () => {
  const bench = new Bench();
  bench.scheduler.advance(100_000);
  bench.deadline('a').set(105_000);
  assert.equal(bench.scheduler.nextAtMs, 105_000);
});

test('a deadline set while the wheel has not turned for long is on time', () => {
  const bench = new Bench();
  bench.deadline('far').set(100_000);
  bench.clock.advance(9_990);
  bench.deadline('near').set(10_001);
  bench.scheduler.advance(30);
  assert.deepEqual(bench.fired, ['near@10020']);
});

test('one failing callback costs the others nothing, and is not swallowed', () => {
  const bench = new Bench();
  bench
    .deadline('bad', () => {
      throw new Error('owner is broken');
    })
    .set(40);
  bench.deadline('good').set(40);
  bench.deadline('next').set(80);
  assert.throws(() => bench.scheduler.advance(40), /owner is broken/);
  assert.deepEqual(bench.fired, ['bad@40', 'good@40']);
  bench.scheduler.advance(40);
  assert.deepEqual(bench.fired, ['bad@40', 'good@40', 'next@80']);
});

test('several failing callbacks are reported together', () => {
  const bench = new Bench();
  for (const name of ['one', 'two']) {
    bench
      .deadline(name, () => {
        throw new Error(name);
      })
      .set(40);
  }
  assert.throws(
    () => bench.scheduler.advance(40),
    (error) => error instanceof AggregateError && error.errors.length === 2,
  );
});

test('a closed wheel fires nothing, from inside a callback too, and takes nothing', () => {
  const bench = new Bench();
  bench.deadline('closes', () => bench.wheel.close()).set(40);
  const other = bench.deadline('other');
  other.set(40);
  bench.deadline('later').set(80);
  bench.scheduler.advance(200);
  assert.deepEqual(bench.fired, ['closes@40']);
  other.set(300);
  assert.equal(bench.wheel.size, 0);
  assert.equal(bench.scheduler.armed, 0);
});

test('NaN is refused, and the deadline is left clear; Infinity clears', () => {
  const bench = new Bench();
  const deadline = bench.deadline('a');
  deadline.set(40);
  assert.throws(() => deadline.set(Number.NaN), RangeError);
  deadline.set(100);
  deadline.set(Number.POSITIVE_INFINITY);
  bench.scheduler.advance(1_000);
  assert.deepEqual(bench.fired, []);
  assert.throws(() => new DeadlineWheel(bench.clock, 0, bench.scheduler), RangeError);
  assert.throws(() => new DeadlineWheel(bench.clock, Number.NaN, bench.scheduler), RangeError);
});

test('the process timer drives it', async () => {
  const { systemClock } = await import('./clock.ts');
  const wheel = new DeadlineWheel(systemClock, 1);
  const dueMs = systemClock.now() + 5;
  const keepAlive = setTimeout(() => {}, 10_000);
  const firedMs = await new Promise<number>((resolve) => {
    new Deadline(wheel, () => resolve(systemClock.now())).set(dueMs);
  });
  clearTimeout(keepAlive);
  wheel.close();
  assert.ok(firedMs >= dueMs, `fired ${dueMs - firedMs} ms early`);
});

/** What a wheel must do, without one: a list of times. */
class Reference {
  readonly #dueMs = new Map<number, number>();

  /** A past time is due from now, `nowMs`. */
  set(id: number, atMs: number, nowMs: number): void {
    this.#dueMs.set(id, Math.max(atMs, nowMs));
  }

  clear(id: number): void {
    this.#dueMs.delete(id);
  }

  /** The event loop was stuck until `nowMs`: nothing could fire before. */
  stalled(nowMs: number): void {
    for (const [id, dueMs] of this.#dueMs) this.#dueMs.set(id, Math.max(dueMs, nowMs));
  }

  /** Takes `id`'s expiry at `nowMs`; fails when it had none or it is not its time. */
  expire(id: number, nowMs: number): void {
    const dueMs = this.#dueMs.get(id);
    assert.ok(dueMs !== undefined, `${id} fired though clear`);
    assert.ok(dueMs <= nowMs, `${id} fired ${dueMs - nowMs} ms early`);
    this.checkNoneOverdue(nowMs);
    this.#dueMs.delete(id);
  }

  /** Fails when something should have fired: a tick, and a timer's rounding to 1 ms, may pass. */
  checkNoneOverdue(nowMs: number): void {
    for (const [id, dueMs] of this.#dueMs) {
      assert.ok(dueMs + TICK_MS + 1 > nowMs, `${id} due at ${dueMs} has not fired at ${nowMs}`);
    }
  }
}

const IDS = 6;
const idOf = fc.nat({ max: IDS - 1 });
const delayOf = fc.oneof(
  fc.double({ min: -50, max: 200, noNaN: true }),
  fc.double({ min: 99, max: 101, noNaN: true }),
  fc.integer({ min: 0, max: 3 * TURN_MS }),
  fc.integer({ min: 0, max: 40 }).map((ticks) => ticks * TICK_MS),
);
const step = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant('set'), idOf, delayOf) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('clear'), idOf, fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('release'), idOf, fc.constant(0)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('advance'), idOf, fc.nat({ max: 300 })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('advance'), idOf, fc.nat({ max: 2 * TURN_MS })) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('stall'), idOf, fc.nat({ max: 2 * TURN_MS })) },
);
/** What the n-th expiry does to another deadline. */
const reaction = fc.option(fc.record({ id: idOf, ms: delayOf, clear: fc.boolean() }));

test('property: whatever is set, moved and cleared, it agrees with a list of times', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.array(reaction, { maxLength: 20, size: 'max' }),
      (startMs, steps, reactions) => {
        const clock = new ManualClock(startMs);
        const scheduler = new ManualScheduler(clock);
        const wheel = new DeadlineWheel(clock, TICK_MS, scheduler);
        const reference = new Reference();
        const deadlines: Deadline[] = [];
        const set = (id: number, atMs: number): void => {
          reference.set(id, atMs, clock.now());
          deadlines[id]?.set(atMs);
        };
        const clear = (id: number): void => {
          reference.clear(id);
          deadlines[id]?.clear();
        };
        let expiries = 0;
        const expired = (id: number): void => {
          reference.expire(id, clock.now());
          const then = reactions[expiries++];
          if (then?.clear === true) clear(then.id);
          else if (then) set(then.id, clock.now() + then.ms);
        };
        for (let id = 0; id < IDS; id++) deadlines.push(new Deadline(wheel, () => expired(id)));
        for (const [op, id, ms] of steps) {
          if (op === 'set') set(id, clock.now() + ms);
          else if (op === 'advance') scheduler.advance(ms);
          else if (op === 'stall') {
            clock.advance(ms);
            reference.stalled(clock.now());
          } else {
            clear(id);
            if (op === 'release') deadlines[id]?.release();
          }
          reference.checkNoneOverdue(clock.now());
          assert.ok(scheduler.armed <= 1);
          assert.equal(scheduler.armed === 1, wheel.size > 0);
        }
        scheduler.advance(6 * TURN_MS);
        reference.checkNoneOverdue(clock.now());
      },
    ),
    { numRuns: 400 },
  );
});
