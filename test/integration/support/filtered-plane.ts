/**
 * A bind with filters written in the test: everything of a data plane but the guests that filters
 * are made of in a real one.
 */

import type { TestContext } from 'node:test';
import { systemClock } from '../../../src/base/clock.ts';
import { DeadlineWheel } from '../../../src/base/deadline.ts';
import { silentLog } from '../../../src/base/log.ts';
import { systemScheduler } from '../../../src/base/scheduler.ts';
import type { Cluster } from '../../../src/config/cluster.ts';
import type { Bind } from '../../../src/config/listener.ts';
import type { Rule } from '../../../src/config/route.ts';
import { buildBindTables } from '../../../src/data/apply/bind-tables.ts';
import { ClusterSet } from '../../../src/data/apply/cluster-set.ts';
import { SystemResolver } from '../../../src/data/cluster/resolver.ts';
import { HttpDate } from '../../../src/data/exchange/http-date.ts';
import { MirrorBudget } from '../../../src/data/exchange/mirrors.ts';
import type { FilterHost, HttpFilter } from '../../../src/data/filter/contract.ts';
import { BindServer } from '../../../src/data/listen/bind-server.ts';
import {
  bindMetrics,
  limitCounters,
  listenerMetrics,
  routeMetrics,
} from '../../../src/observe/data-metrics.ts';
import { MetricsRegistry } from '../../../src/observe/metrics.ts';
import type { Watched } from './await.ts';
import {
  cluster,
  freePort,
  type LoggedRequest,
  loggedRequest,
  rule,
  snapshot,
} from './data-plane.ts';
import type { RawBackend } from './raw-backend.ts';

export type OpenFilter = (host: FilterHost) => Omit<HttpFilter, 'complete'>;

export interface FilteredPlane extends Watched {
  /** How often a filter was told that its request is over. */
  readonly completed: () => number;
  /** Deadlines that are set, or were and are not let go of. */
  readonly deadlines: () => number;
}

export interface FilteredOptions {
  readonly rule?: Partial<Rule>;
  readonly cluster?: Partial<Cluster>;
}

/** Serves `backend` behind these filters, in this order. */
export async function filteredPlane(
  t: TestContext,
  backend: RawBackend,
  filters: readonly OpenFilter[],
  options: FilteredOptions = {},
): Promise<FilteredPlane> {
  const registry = new MetricsRegistry();
  const wheel = new DeadlineWheel(systemClock, undefined, systemScheduler);
  const common = { clock: systemClock, random: Math.random, wheel };
  const log: LoggedRequest[] = [];
  const clusters = new ClusterSet({
    ...common,
    scheduler: systemScheduler,
    registry,
    resolver: new SystemResolver(),
    log: silentLog,
  });
  let completed = 0;
  const factories = filters.map((open, i) => {
    const opened = (host: FilterHost): HttpFilter => {
      return { ...open(host), complete: () => void completed++ };
    };
    return [`f${i}`, { name: `f${i}`, open: opened, retire: () => {} }] as const;
  });
  const port = await freePort();
  const wasmFilters = factories.map(([id]) => id);
  const config = snapshot({
    port,
    rules: [rule({ wasmFilters, ...options.rule })],
    clusters: [cluster([backend.endpoint], options.cluster)],
  });
  const tables = buildBindTables(config.binds[0] as Bind, {
    clusters: clusters.update(config.clusters, new Map()),
    filters: new Map(factories),
    listenerMetrics: (name) => listenerMetrics(registry, name),
    routeMetrics: (name) => routeMetrics(registry, name),
  });
  const deps = {
    ...common,
    date: new HttpDate(systemClock),
    mirrors: new MirrorBudget(),
    limits: limitCounters(registry),
    newId: () => 'id',
    logRequest: (info: Parameters<typeof loggedRequest>[0]) => void log.push(loggedRequest(info)),
  };
  const metrics = bindMetrics(registry, 'test');
  const context = { deps, wheel, metrics, tables: () => tables };
  const server = new BindServer({ address: '127.0.0.1', port, log: silentLog, context });
  await server.listen();
  t.after(() => {
    server.destroy();
    clusters.close();
    wheel.close();
  });
  const figures = () => ({
    snapshotVersion: 1,
    connections: server.connections,
    clusters: clusters.snapshots(),
    services: {},
  });
  return { port, log, plane: { figures }, completed: () => completed, deadlines: () => wheel.size };
}
