import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../base/clock.ts';
import { DeadlineWheel } from '../../base/deadline.ts';
import { LIMITS } from '../../base/limits.ts';
import { silentLog } from '../../base/log.ts';
import { ManualScheduler } from '../../base/scheduler.ts';
import type { Cluster } from '../../config/cluster.ts';
import { MetricsRegistry } from '../../observe/metrics.ts';
import { ScriptedResolver } from '../cluster/testing/scripted-resolver.ts';
import type { UpstreamConnector } from '../upstream/connector.ts';
import { ClusterSet } from './cluster-set.ts';

const NO_SERVICES = new Map<string, UpstreamConnector>();

function rig() {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler(clock);
  const registry = new MetricsRegistry(null, { labelSetsMax: 1 });
  const set = new ClusterSet({
    clock,
    scheduler,
    registry,
    wheel: new DeadlineWheel(clock, undefined, scheduler),
    resolver: new ScriptedResolver(),
    log: silentLog,
    random: () => 0,
  });
  return { set, scheduler, registry };
}

const fixed = (name: string, ...ports: number[]): Cluster => ({
  name,
  discovery: {
    type: 'static',
    endpoints: ports.map((port) => ({ address: '127.0.0.1', port, weight: 1 })),
  },
  loadBalancer: 'RoundRobin',
  connectMs: 1,
  idleMs: 1,
  streamIdleMs: 7,
  limits: { connectionsMax: 1, pendingMax: 1, requestsMax: 1 },
});

const wasm = (name: string, service: string): Cluster => ({
  ...fixed(name),
  discovery: { type: 'wasm', service },
});

function connector(): UpstreamConnector & { retired: number } {
  const made = { retired: 0, retire: () => void made.retired++ };
  return made as unknown as UpstreamConnector & { retired: number };
}

test('a cluster that stays keeps its connector, and takes its new endpoints', () => {
  const { set } = rig();
  const first = set.update([fixed('a', 1)], NO_SERVICES).get('a');
  const second = set.update([fixed('a', 1, 2)], NO_SERVICES).get('a');
  assert.equal(second?.connector, first?.connector);
  assert.equal(second?.metrics, first?.metrics);
  assert.equal(second?.streamIdleMs, 7);
  assert.deepEqual(
    set.snapshots()['a']?.endpoints.map(({ key }) => key),
    ['127.0.0.1:1', '127.0.0.1:2'],
  );
});

test('a cluster that is gone lingers for requests that know it; then its figures are let go of', () => {
  const { set, scheduler, registry } = rig();
  const metrics = set.update([fixed('a', 1)], NO_SERVICES).get('a')?.metrics;
  metrics?.connections.add(5);
  set.update([], NO_SERVICES);
  assert.deepEqual(set.snapshots(), {});
  const other = (): string => {
    // There is room for one label set: whether the old one makes room shows that it was let go of.
    const counter = registry.counter('tulle_upstream_connections_total', '', { cluster: 'b' });
    counter.add(1);
    return String(counter.value);
  };
  scheduler.advance(LIMITS.drainMs - 1);
  other();
  assert.equal(metrics?.connections.value, 5);
  scheduler.advance(1);
  other();
  metrics?.connections.add(1);
  // It counts for nobody now.
  assert.equal(metrics?.connections.value, 1);
});

test('a cluster of a service has the connector of the service, and is left out without one', () => {
  const { set, scheduler } = rig();
  const [old, young] = [connector(), connector()];
  const first = set.update([wasm('w', 's')], new Map([['s', old]])).get('w');
  assert.equal(first?.connector, old);
  assert.equal(first?.inProcess, true);
  const second = set.update([wasm('w', 's')], new Map([['s', young]])).get('w');
  assert.equal(second?.connector, young);
  assert.equal(second?.metrics, first?.metrics);
  assert.equal(set.update([wasm('w', 's')], NO_SERVICES).size, 0);
  scheduler.advance(LIMITS.drainMs * 2);
  // Whoever made it retires it.
  assert.deepEqual([old.retired, young.retired], [0, 0]);
});
