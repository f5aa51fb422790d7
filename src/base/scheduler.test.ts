import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from './clock.ts';
import { ManualScheduler, systemScheduler } from './scheduler.ts';

test('timers fire in order of time, each at its own time', () => {
  const clock = new ManualClock(100);
  const scheduler = new ManualScheduler(clock);
  const fired: string[] = [];
  const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
  scheduler.setTimeout(note('late'), 30);
  scheduler.setTimeout(note('early'), 10);
  scheduler.setTimeout(note('also early'), 10);
  scheduler.advance(20);
  assert.deepEqual(fired, ['early@110', 'also early@110']);
  assert.equal(clock.now(), 120);
  scheduler.advance(10);
  assert.deepEqual(fired, ['early@110', 'also early@110', 'late@130']);
  assert.equal(scheduler.armed, 0);
});

test('a timer set by a timer fires in the same move when its time has come', () => {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler(clock);
  const fired: number[] = [];
  scheduler.setTimeout(() => {
    fired.push(clock.now());
    scheduler.setTimeout(() => fired.push(clock.now()), 5);
    scheduler.setTimeout(() => fired.push(clock.now()), 50);
  }, 10);
  scheduler.advance(20);
  assert.deepEqual(fired, [10, 15]);
  assert.equal(scheduler.nextAtMs, 60);
});

test('a cleared timer does not fire, and clearing twice does no harm', () => {
  const scheduler = new ManualScheduler(new ManualClock());
  let fired = 0;
  const handle = scheduler.setTimeout(() => fired++, 10);
  scheduler.clear(handle);
  scheduler.clear(handle);
  scheduler.advance(100);
  assert.equal(fired, 0);
  assert.equal(scheduler.nextAtMs, Number.POSITIVE_INFINITY);
});

test('timers of the process fire, can be cleared and do not keep it alive', async () => {
  let cleared = 0;
  systemScheduler.clear(systemScheduler.setTimeout(() => cleared++, 1));
  const handle = await new Promise<object>((resolve) => {
    const keepAlive = setTimeout(() => {}, 10_000);
    const timer = systemScheduler.setTimeout(() => {
      clearTimeout(keepAlive);
      resolve(timer);
    }, 5);
  });
  assert.equal(cleared, 0);
  assert.equal((handle as NodeJS.Timeout).hasRef(), false);
  systemScheduler.clear(handle);
});
