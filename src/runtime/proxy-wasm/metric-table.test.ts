import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MetricsRegistry } from '../../observe/metrics.ts';
import { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, MetricTable } from './metric-table.ts';
import { BAD_ARGUMENT, NOT_FOUND, OK } from './status.ts';

const make = (): MetricTable => new MetricTable(new MetricsRegistry(), 'default/f');

describe('metric table', () => {
  it('tags ids by kind and gives the same id for the same metric', () => {
    const table = make();
    const ids = [METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM].map((kind) =>
      table.define(kind, 'x'),
    );
    assert.deepEqual(
      ids.map((id) => id & 3),
      [0, 1, 2],
    );
    assert.deepEqual(
      [METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM].map((kind) => table.define(kind, 'x')),
      ids,
    );
    assert.ok(!ids.includes(0));
  });

  it('lets counters rise, gauges move and histograms observe', () => {
    const table = make();
    const counter = table.define(METRIC_COUNTER, 'c');
    assert.equal(table.increment(counter, 5n), OK);
    assert.equal(table.record(counter, 2), OK);
    assert.equal(table.increment(counter, 0n), BAD_ARGUMENT);
    assert.equal(table.increment(counter, -1n), BAD_ARGUMENT);
    assert.equal(table.read(counter), 7n);
    const gauge = table.define(METRIC_GAUGE, 'g');
    table.record(gauge, 10);
    table.increment(gauge, -25n);
    assert.equal(table.read(gauge), -15n);
    const histogram = table.define(METRIC_HISTOGRAM, 'h');
    assert.equal(table.record(histogram, 3), OK);
    assert.equal(table.increment(histogram, 1n), BAD_ARGUMENT);
    assert.equal(table.read(histogram), BAD_ARGUMENT);
  });

  it('knows no ids it did not give', () => {
    const table = make();
    const counter = table.define(METRIC_COUNTER, 'c');
    for (const id of [0, counter + 1, counter + 4, 0xffff_ffff]) {
      assert.equal(table.increment(id, 1n), NOT_FOUND);
      assert.equal(table.record(id, 1), NOT_FOUND);
      assert.equal(table.read(id), NOT_FOUND);
    }
  });

  it('is bounded', () => {
    const table = make();
    for (let i = 0; i < 1_000; i++) assert.notEqual(table.define(METRIC_COUNTER, `m${i}`), 0);
    assert.equal(table.define(METRIC_COUNTER, 'one more'), 0);
    assert.notEqual(table.define(METRIC_COUNTER, 'm7'), 0);
  });
});
