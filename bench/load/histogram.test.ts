import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LatencyHistogram } from './histogram.ts';

function exactPercentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1] ?? Number.NaN;
}

test('every percentile is within 0.1 % of the exact one, and never below it', () => {
  const value = fc.oneof(
    fc.integer({ min: 0, max: 4_100 }),
    fc.integer({ min: 0, max: 130_000_000 }),
  );
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (values, percent) => {
        const histogram = new LatencyHistogram();
        for (const each of values) histogram.record(each);
        const exact = exactPercentile(values, percent);
        const found = histogram.percentileUs(percent);
        assert.ok(found >= exact && found <= exact * 1.001 + 1e-9, `${found} for ${exact}`);
        assert.equal(histogram.total, values.length);
        assert.equal(histogram.maxUs, Math.max(...values));
      },
    ),
  );
});

test('values at the edges of the slots stay apart', () => {
  for (const value of [0, 1, 2_047, 2_048, 2_049, 4_095, 4_096, 134_217_727]) {
    const histogram = new LatencyHistogram();
    histogram.record(value);
    assert.equal(histogram.percentileUs(50), value);
  }
});

test('out of range is clamped, empty is NaN', () => {
  const histogram = new LatencyHistogram();
  assert.ok(Number.isNaN(histogram.percentileUs(99)));
  histogram.record(-5);
  assert.equal(histogram.percentileUs(99), 0);
  histogram.record(1e12);
  assert.equal(histogram.maxUs, 2_048 * 65_536 - 1);
});
