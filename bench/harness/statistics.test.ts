import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, summarize } from './statistics.ts';

test('the median of an odd list is its middle, of an even one the mean of two, whatever the order', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

test('the input is left as it was', () => {
  const values = [3, 1, 2];
  assert.deepEqual(summarize(values), { median: 2, min: 1, max: 3, count: 3 });
  assert.deepEqual(values, [3, 1, 2]);
  assert.equal(summarize([]), null);
});
