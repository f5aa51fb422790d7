import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  bindMetrics,
  clusterMetrics,
  limitCounters,
  listenerMetrics,
  recordRequest,
  releaseGroup,
  routeMetrics,
} from './data-metrics.ts';
import { MetricsDirectory } from './directory.ts';
import { MetricsRegistry } from './metrics.ts';
import { processFamilies } from './process-metrics.ts';
import { renderPrometheus } from './prometheus.ts';
import { streamInfo } from './testing/stream-info.ts';

function observed(labelSetsMax?: number): { registry: MetricsRegistry; text: () => string } {
  const directory = new MetricsDirectory();
  const registry: MetricsRegistry = new MetricsRegistry(
    {
      define: (definition) => directory.define(0, definition),
      retire: (id) => {
        directory.retire(0, id);
        registry.confirmRetired(id);
      },
    },
    labelSetsMax === undefined ? {} : { labelSetsMax },
  );
  return { registry, text: () => renderPrometheus(directory.collect()) };
}

test('a finished request counts once in its listener, rule and cluster', () => {
  const { registry, text } = observed();
  const listener = listenerMetrics(registry, 'default/edge/http');
  const route = routeMetrics(registry, 'default/shop/0');
  const cluster = clusterMetrics(registry, 'backend/default/legacy');
  recordRequest(listener, route, cluster, streamInfo({ attempts: 3 }));
  const shown = text();
  for (const line of [
    'tulle_http_requests_total{listener="default/edge/http",code_class="2xx"} 1',
    'tulle_http_request_duration_seconds_bucket{listener="default/edge/http",le="0.005"} 0',
    'tulle_http_request_duration_seconds_bucket{listener="default/edge/http",le="0.01"} 1',
    'tulle_http_received_bytes_total{listener="default/edge/http"} 123',
    'tulle_http_sent_bytes_total{listener="default/edge/http"} 92',
    'tulle_route_requests_total{route="default/shop/0",code_class="2xx"} 1',
    'tulle_route_retries_total{route="default/shop/0"} 2',
    'tulle_upstream_requests_total{cluster="backend/default/legacy",code_class="2xx"} 1',
    'tulle_upstream_retries_total{cluster="backend/default/legacy"} 2',
    'tulle_upstream_sent_bytes_total{cluster="backend/default/legacy"} 3',
    'tulle_upstream_received_bytes_total{cluster="backend/default/legacy"} 12',
  ]) {
    assert.ok(shown.includes(`${line}\n`), line);
  }
});

test('each status falls into its class, none and odd ones into "none"', () => {
  const { registry } = observed();
  const listener = listenerMetrics(registry, 'l');
  for (const status of [0, 42, 100, 204, 301, 404, 503, 599, 600, 999]) {
    recordRequest(listener, null, null, streamInfo({ status }));
  }
  assert.deepEqual(
    listener.requests.map((counter) => counter.value),
    [4, 1, 1, 1, 1, 2],
  );
});

test('a request cut before its end has no duration below zero', () => {
  const { registry } = observed();
  const listener = listenerMetrics(registry, 'l');
  recordRequest(listener, null, null, streamInfo({ endMs: -1, status: 0 }));
  assert.equal(listener.duration.sumMs, 0);
  assert.equal(listener.duration.count, 1);
});

test('a rule costs nothing before its first request', () => {
  const { registry, text } = observed();
  const route = routeMetrics(registry, 'unused');
  assert.equal(text().includes('unused'), false);
  recordRequest(null, route, null, streamInfo());
  assert.ok(text().includes('route="unused"'));
});

test('a released rule makes room for another, also if it is first used afterwards', () => {
  const { registry, text } = observed(1);
  const old = routeMetrics(registry, 'old');
  old.release();
  recordRequest(null, old, null, streamInfo());
  const fresh = routeMetrics(registry, 'fresh');
  recordRequest(null, fresh, null, streamInfo());
  recordRequest(null, old, null, streamInfo());
  assert.equal(fresh.requests.countOf(2), 1);
  assert.equal(text().includes('tulle_route_requests_total{route="old"'), false);
});

test('a cluster that stays across two configurations keeps its series', () => {
  const { registry } = observed();
  const before = clusterMetrics(registry, 'c');
  before.overflow.add(1);
  const after = clusterMetrics(registry, 'c');
  releaseGroup(registry, before);
  assert.equal(after.overflow, before.overflow);
  after.overflow.add(1);
  assert.equal(before.overflow.value, 2);
});

test('every limit has a counter of its own', () => {
  const { registry, text } = observed();
  const counters = limitCounters(registry);
  counters.headBytesMax.add(1);
  assert.ok(text().includes('tulle_limit_trips_total{limit="headBytesMax"} 1\n'));
  assert.ok(text().includes('tulle_limit_trips_total{limit="upstreamPendingMax"} 0\n'));
});

test('connections are counted by bind', () => {
  const { registry, text } = observed();
  const bind = bindMetrics(registry, '0.0.0.0:8080');
  bind.connectionsActive.add(1);
  bind.connections.add(1);
  assert.ok(text().includes('tulle_downstream_connections_active{bind="0.0.0.0:8080"} 1\n'));
});

test('docs/metrics.md lists every metric', () => {
  const { registry, text } = observed();
  bindMetrics(registry, 'b');
  listenerMetrics(registry, 'l');
  clusterMetrics(registry, 'c');
  limitCounters(registry);
  recordRequest(null, routeMetrics(registry, 'r'), null, streamInfo());
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const process = processFamilies({ startWallMs: 0, version: '1', workers: [] });
  const shown = text().matchAll(/^# TYPE (\S+) (\S+)$/gm);
  const metrics = [...shown].map(([, name, kind]) => `\`${name}\` | ${kind} |`);
  metrics.push(...process.map(({ name, kind }) => `\`${name}\` | ${kind} |`));
  assert.ok(metrics.length > 30);
  for (const metric of metrics) assert.ok(page.includes(metric), metric);
});
