import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Restarts } from './restarts.ts';

test('one that dies young is started with growing pauses, up to a bound', () => {
  const restarts = new Restarts();
  const pauses = Array.from({ length: 9 }, () => restarts.next(50));
  assert.deepEqual(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  assert.equal(restarts.count, 9);
});

test('one that had served is started at once, and its next pauses are short again', () => {
  const restarts = new Restarts();
  for (let count = 0; count < 5; count++) restarts.next(0);
  assert.equal(restarts.next(10_000), 0);
  assert.equal(restarts.next(9_999), 100);
  assert.equal(restarts.count, 7);
});
