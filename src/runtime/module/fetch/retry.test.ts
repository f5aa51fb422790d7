import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelayMs, Turnstile } from './retry.ts';

test('1 s, doubled to 60 s, and up to a half less', () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8, 1_000].map((failures) => retryDelayMs(failures, 0, 0));
  assert.deepEqual(delays, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  assert.equal(retryDelayMs(1, 1, 0), 500);
  assert.equal(retryDelayMs(9, 0.5, 0), 45_000);
});

test('what the other side asks for is kept to, within the bound', () => {
  assert.equal(retryDelayMs(1, 0, 5_000), 5_000);
  assert.equal(retryDelayMs(1, 0, 500), 1_000);
  assert.equal(retryDelayMs(1, 0, 3_600_000), 60_000);
});

test('as many as it says at a time, in order', async () => {
  const turnstile = new Turnstile(2);
  const entered: number[] = [];
  const visits = [0, 1, 2, 3].map(async (visitor) => {
    await turnstile.enter();
    entered.push(visitor);
  });
  await Promise.all(visits.slice(0, 2));
  assert.deepEqual(entered, [0, 1]);
  turnstile.leave();
  await visits[2];
  assert.deepEqual(entered, [0, 1, 2]);
  turnstile.leave();
  await visits[3];
  turnstile.leave();
  turnstile.leave();
  await turnstile.enter();
  assert.deepEqual(entered, [0, 1, 2, 3]);
});
