import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { MetricsDirectory } from './directory.ts';
import { MetricsRegistry } from './metrics.ts';
import { processFamilies } from './process-metrics.ts';
import { renderPrometheus } from './prometheus.ts';

function observed(): { registry: MetricsRegistry; text: () => string } {
  const directory = new MetricsDirectory();
  const sink = {
    define: directory.define.bind(directory, 0),
    retire: directory.retire.bind(directory, 0),
  };
  return {
    registry: new MetricsRegistry(sink),
    text: () => renderPrometheus(directory.collect()),
  };
}

test('the exposition format, by name', () => {
  const { registry, text } = observed();
  registry.histogram('h_seconds', 'How long.', { x: '1' }).observe(2);
  registry.counter('a_total', 'Back\\slash\nand line.').add(1.5);
  const shown = text();
  assert.ok(
    shown.startsWith(
      '# HELP a_total Back\\\\slash\\nand line.\n# TYPE a_total counter\na_total 1.5\n',
    ),
  );
  assert.ok(shown.includes('# TYPE h_seconds histogram\nh_seconds_bucket{x="1",le="0.0005"} 0\n'));
  assert.ok(shown.includes('h_seconds_bucket{x="1",le="0.0025"} 1\n'));
  assert.ok(
    shown.endsWith(
      'h_seconds_bucket{x="1",le="+Inf"} 1\nh_seconds_sum{x="1"} 0.002\nh_seconds_count{x="1"} 1\n',
    ),
  );
});

test('infinite gauges are written as Prometheus reads them', () => {
  const { registry, text } = observed();
  registry.gauge('g', 'G.', { x: 'a' }).set(Number.POSITIVE_INFINITY);
  registry.gauge('g', 'G.', { x: 'b' }).set(Number.NEGATIVE_INFINITY);
  assert.match(text(), /g\{x="a"\} \+Inf\ng\{x="b"\} -Inf\n/);
});

test('any label value stays on its line and can be read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const { registry, text } = observed();
      registry.counter('a_total', 'A.', { x: value }).add(1);
      const line = text().split('\n')[2] as string;
      const escaped = /^a_total\{x="(.*)"\} 1$/s.exec(line)?.[1];
      assert.ok(escaped !== undefined);
      const unescaped = escaped.replaceAll(/\\(.)/g, (_, char: string) =>
        char === 'n' ? '\n' : char,
      );
      assert.equal(unescaped, value);
    }),
  );
});

test('figures of the process', () => {
  const families = processFamilies({
    startWallMs: 5_000,
    version: '1.2.3',
    workers: [{ worker: '0', eventLoopDelayMs: 2 }],
  });
  const shown = renderPrometheus(families);
  assert.match(shown, /\nprocess_cpu_seconds_total [0-9.]+\n/);
  assert.match(shown, /\nprocess_resident_memory_bytes [0-9]{7,}\n/);
  assert.match(shown, /\nprocess_start_time_seconds 5\n/);
  assert.match(shown, /\ntulle_build_info\{version="1.2.3",node="v[0-9.]+"\} 1\n/);
  assert.match(shown, /\ntulle_worker_event_loop_delay_seconds\{worker="0"\} 0.002\n/);
});
