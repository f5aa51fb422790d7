/**
 * The clusters of a worker. They outlive a configuration: one that is still listed keeps its
 * endpoints, pools and counts, so a reload costs no connection. One that is gone lingers for a
 * while, because requests that began before the change may still choose it.
 */

import type { Clock } from '../../base/clock.ts';
import type { DeadlineWheel } from '../../base/deadline.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Log } from '../../base/log.ts';
import type { Scheduler } from '../../base/scheduler.ts';
import type { Cluster } from '../../config/cluster.ts';
import { type ClusterMetrics, clusterMetrics, releaseGroup } from '../../observe/data-metrics.ts';
import type { MetricsRegistry } from '../../observe/metrics.ts';
import { type ClusterSnapshot, ClusterState } from '../cluster/cluster.ts';
import type { Resolver } from '../cluster/resolver.ts';
import type { RuntimeCluster } from '../exchange/tables.ts';
import type { UpstreamConnector } from '../upstream/connector.ts';
import { type EndpointPool, TcpConnector } from '../upstream/tcp-connector.ts';

export interface ClusterSetDeps {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly scheduler: Scheduler;
  readonly registry: MetricsRegistry;
  readonly resolver: Resolver;
  readonly log: Log;
  random(): number;
}

interface Entry {
  readonly metrics: ClusterMetrics;
  readonly state: ClusterState<EndpointPool> | null;
  readonly connector: UpstreamConnector;
}

export class ClusterSet {
  readonly #deps: ClusterSetDeps;
  #entries = new Map<string, Entry>();

  constructor(deps: ClusterSetDeps) {
    this.#deps = deps;
  }

  /** Brings the set in line; `services`: the connectors of Wasm services by id. */
  update(
    clusters: readonly Cluster[],
    services: ReadonlyMap<string, UpstreamConnector>,
  ): ReadonlyMap<string, RuntimeCluster> {
    const entries = new Map<string, Entry>();
    const runtime = new Map<string, RuntimeCluster>();
    for (const cluster of clusters) {
      const entry = this.#entry(cluster, services);
      if (entry === null) continue;
      entries.set(cluster.name, entry);
      runtime.set(cluster.name, {
        name: cluster.name,
        connector: entry.connector,
        endpoints: entry.state,
        metrics: entry.metrics,
        streamIdleMs: cluster.streamIdleMs,
        inProcess: cluster.discovery.type === 'wasm',
      });
    }
    for (const [name, entry] of this.#entries) {
      if (!entries.has(name)) this.#retire(entry);
    }
    this.#entries = entries;
    return runtime;
  }

  /** TCP clusters by name. */
  snapshots(): Record<string, ClusterSnapshot> {
    const snapshots: Record<string, ClusterSnapshot> = {};
    for (const [name, { state }] of this.#entries) {
      if (state !== null) snapshots[name] = state.snapshot();
    }
    return snapshots;
  }

  close(): void {
    for (const { connector } of this.#entries.values()) connector.retire();
  }

  #entry(cluster: Cluster, services: ReadonlyMap<string, UpstreamConnector>): Entry | null {
    const before = this.#entries.get(cluster.name);
    if (cluster.discovery.type === 'wasm') {
      const connector = services.get(cluster.discovery.service);
      if (connector === undefined) return null;
      const metrics = before?.metrics ?? clusterMetrics(this.#deps.registry, cluster.name);
      return { metrics, state: null, connector };
    }
    if (before !== undefined && before.state !== null) {
      before.state.update(cluster);
      return before;
    }
    const metrics = clusterMetrics(this.#deps.registry, cluster.name);
    const { clock, wheel, scheduler, log, resolver, random } = this.#deps;
    const deps = { clock, scheduler, log, resolver, random };
    const state = new ClusterState<EndpointPool>(cluster, deps, (endpoint) =>
      endpoint.attachment?.retire(),
    );
    return { metrics, state, connector: new TcpConnector(state, { clock, wheel, metrics }) };
  }

  /** The connector of a Wasm service is retired by whoever made it. */
  #retire({ state, connector, metrics }: Entry): void {
    this.#deps.scheduler.setTimeout(() => {
      if (state !== null) connector.retire();
      releaseGroup(this.#deps.registry, metrics);
    }, LIMITS.drainMs);
  }
}
