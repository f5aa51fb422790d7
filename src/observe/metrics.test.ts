import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { MetricsDirectory } from './directory.ts';
import type { MetricDefinition } from './metric.ts';
import { labelsKey, MetricsRegistry, metricNameOf } from './metrics.ts';

/** A registry whose definitions a directory gets, as between two threads. */
function connected(
  source: number,
  directory: MetricsDirectory,
  labelSetsMax = 100,
): MetricsRegistry {
  const registry: MetricsRegistry = new MetricsRegistry(
    {
      define: (definition) => directory.define(source, definition),
      retire: (id) => {
        directory.retire(source, id);
        registry.confirmRetired(id);
      },
    },
    { labelSetsMax },
  );
  return registry;
}

function valueOf(directory: MetricsDirectory, name: string, key = ''): number | undefined {
  const family = directory.collect().find((one) => one.name === name);
  return family?.samples.find((sample) => labelsKey(sample.labels) === key)?.value;
}

test('the same name and labels are the same series, whatever their order', () => {
  const registry = new MetricsRegistry();
  const one = registry.counter('a_total', 'A.', { x: '1', y: '2' });
  assert.equal(registry.counter('a_total', 'A.', { y: '2', x: '1' }), one);
  assert.notEqual(registry.counter('a_total', 'A.', { x: '1', y: '3' }), one);
});

test('label values cannot be made to collide', () => {
  assert.notEqual(labelsKey({ a: '1', b: '2' }), labelsKey({ a: '1b2' }));
  assert.notEqual(labelsKey({ a: '1,b=1:2' }), labelsKey({ a: '1', b: '2' }));
  assert.notEqual(labelsKey({ a: 'b', c: '' }), labelsKey({ a: '', c: 'b' }));
});

test('a name is of one kind and well-formed', () => {
  const registry = new MetricsRegistry();
  registry.counter('a_total', 'A.');
  assert.throws(() => registry.gauge('a_total', 'A.'), /a_total is a counter/);
  assert.throws(() => registry.counter('a-b', 'A.'), /not a metric name/);
  assert.equal(registry.kindOf('a_total'), 'counter');
  assert.equal(registry.kindOf('b'), undefined);
  assert.equal(metricNameOf('wasm.rate-limit é'), 'wasm_rate_limit__');
  assert.equal(metricNameOf('9lives'), '_9lives');
});

test('sums go over threads, gauges too', () => {
  const directory = new MetricsDirectory();
  const first = connected(1, directory);
  const second = connected(2, directory);
  first.counter('a_total', 'A.').add(2);
  second.counter('a_total', 'A.').add(3);
  first.gauge('g', 'G.').set(7);
  const gauge = second.gauge('g', 'G.');
  gauge.add(2);
  gauge.add(-1);
  assert.equal(valueOf(directory, 'a_total'), 5);
  assert.equal(valueOf(directory, 'g'), 8);
});

test('a thread that ended keeps its counts and loses its gauges', () => {
  const directory = new MetricsDirectory();
  const dying = connected(1, directory);
  dying.counter('a_total', 'A.').add(10);
  dying.histogram('h_seconds', 'H.').observe(3);
  dying.gauge('g', 'G.').set(4);
  directory.ended(1);
  const next = connected(2, directory);
  next.counter('a_total', 'A.').add(1);
  next.histogram('h_seconds', 'H.').observe(3);
  next.gauge('g', 'G.').set(1);
  assert.equal(valueOf(directory, 'a_total'), 11);
  assert.equal(valueOf(directory, 'h_seconds'), 2);
  assert.equal(valueOf(directory, 'g'), 1);
});

test('a histogram counts into cumulative buckets, the bound itself included', () => {
  const directory = new MetricsDirectory();
  const registry = connected(1, directory);
  const histogram = registry.histogram('h_seconds', 'H.');
  for (const ms of [0, 0.5, 0.6, 5, 9_999, 60_000]) histogram.observe(ms);
  const sample = directory.collect()[0]?.samples[0];
  assert.equal(sample?.value, 6);
  assert.equal(sample.histogram?.cumulative[0], 2);
  assert.equal(sample.histogram.cumulative[1], 3);
  assert.equal(sample.histogram.cumulative[3], 4);
  assert.equal(sample.histogram.cumulative.at(-1), 5);
  assert.ok(Math.abs(sample.histogram.sumSeconds - 70.0051) < 1e-9);
  assert.equal(histogram.count, 6);
  assert.ok(Math.abs(histogram.sumMs - 70_005.1) < 1e-9);
});

test('more series than a slab holds spread over several', () => {
  const directory = new MetricsDirectory();
  const slabs = new Set<SharedArrayBuffer>();
  const registry = new MetricsRegistry({
    define: (definition: MetricDefinition) => {
      slabs.add(definition.slab);
      directory.define(1, definition);
    },
    retire: () => assert.fail('nothing is retired'),
  });
  for (let i = 0; i < 600; i++) registry.histogram('h_seconds', 'H.', { i: `${i}` }).observe(i);
  assert.ok(slabs.size >= 2);
  const samples = directory.collect()[0]?.samples ?? [];
  assert.equal(samples.length, 600);
  for (const sample of samples) {
    assert.equal(sample.value, 1);
    assert.equal(sample.histogram?.sumSeconds, Number(sample.labels['i']) / 1000);
  }
});

test('beyond the bound, label values become "other" and the overflow is counted', () => {
  const directory = new MetricsDirectory();
  const registry = connected(1, directory, 2);
  registry.counter('a_total', 'A.', { path: '/1' }).add(1);
  registry.counter('a_total', 'A.', { path: '/2' }).add(1);
  const third = registry.counter('a_total', 'A.', { path: '/3' });
  third.add(1);
  assert.equal(registry.counter('a_total', 'A.', { path: '/4' }), third);
  assert.equal(valueOf(directory, 'a_total', labelsKey({ path: 'other' })), 1);
  assert.equal(
    valueOf(directory, 'tulle_metric_overflow_total', labelsKey({ metric: 'a_total' })),
    2,
  );
});

test('the overflow counter itself may overflow', () => {
  const registry = new MetricsRegistry(null, { labelSetsMax: 1 });
  for (const name of ['a_total', 'b_total', 'c_total']) {
    registry.counter(name, 'A.', { x: '1' });
    registry.counter(name, 'A.', { x: '2' }).add(1);
  }
  const overflow = registry.counter('tulle_metric_overflow_total', '', { metric: 'other' });
  assert.ok(overflow.value > 0);
});

test('released series make room only at the bound, the oldest first', () => {
  const directory = new MetricsDirectory();
  const registry = connected(1, directory, 2);
  const old = registry.counter('a_total', 'A.', { route: 'old' });
  const kept = registry.counter('a_total', 'A.', { route: 'kept' });
  old.add(5);
  registry.release([old]);
  assert.equal(valueOf(directory, 'a_total', labelsKey({ route: 'old' })), 5);
  const fresh = registry.counter('a_total', 'A.', { route: 'fresh' });
  assert.equal(valueOf(directory, 'a_total', labelsKey({ route: 'old' })), undefined);
  old.add(100);
  kept.add(1);
  assert.equal(fresh.value, 0);
  assert.equal(valueOf(directory, 'a_total', labelsKey({ route: 'fresh' })), 0);
});

test('a series in use twice survives one release', () => {
  const registry = new MetricsRegistry(null, { labelSetsMax: 1 });
  const series = registry.counter('a_total', 'A.', { route: 'a' });
  registry.counter('a_total', 'A.', { route: 'a' });
  registry.release([series]);
  registry.counter('a_total', 'A.', { route: 'b' });
  assert.equal(registry.counter('a_total', 'A.', { route: 'a' }), series);
});

test('a slot is used again only when the main thread has confirmed', () => {
  const definitions: MetricDefinition[] = [];
  const retired: number[] = [];
  const registry = new MetricsRegistry(
    { define: (definition) => definitions.push(definition), retire: (id) => retired.push(id) },
    { labelSetsMax: 1 },
  );
  const place = (i: number): number => definitions[i]?.offset ?? -1;
  const first = registry.counter('a_total', 'A.', { route: '1' });
  first.add(9);
  registry.release([first]);
  const second = registry.counter('a_total', 'A.', { route: '2' });
  assert.deepEqual(retired, [0]);
  assert.notEqual(place(1), place(0));
  registry.confirmRetired(0);
  registry.confirmRetired(0);
  registry.release([second]);
  const third = registry.counter('a_total', 'A.', { route: '3' });
  assert.equal(place(2), place(0));
  assert.equal(third.value, 0);
});

test('a thread writes, the main thread reads', async () => {
  const directory = new MetricsDirectory();
  const source = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(new URL('./metrics.ts', import.meta.url).href)}).then(({ MetricsRegistry }) => {
      const registry = new MetricsRegistry({
        define: (definition) => parentPort.postMessage(definition),
        retire: () => {},
      });
      registry.counter('a_total', 'A.', { worker: '1' }).add(41);
      registry.counter('a_total', 'A.', { worker: '1' }).add(1);
    });`;
  const worker = new Worker(source, { eval: true });
  worker.on('message', (definition: MetricDefinition) => directory.define(1, definition));
  await new Promise((resolve) => worker.on('exit', resolve));
  directory.ended(1);
  assert.equal(valueOf(directory, 'a_total', labelsKey({ worker: '1' })), 42);
});
