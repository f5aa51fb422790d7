/**
 * One worker's data plane: takes each snapshot into force. The order matters: guests and clusters
 * first, then tables that refer to them, then the sockets; tables are swapped by reference, so a
 * request sees the old ones or the new ones and never a mix. What the new snapshot no longer names
 * is let go of behind it, once nothing can reach it.
 */

import { DeadlineWheel } from '../../base/deadline.ts';
import type { Snapshot } from '../../config/snapshot.ts';
import {
  bindMetrics,
  type ListenerMetrics,
  limitCounters,
  listenerMetrics,
  type RouteMetrics,
  releaseGroup,
  routeMetrics,
} from '../../observe/data-metrics.ts';
import { noCallouts } from '../../runtime/proxy-wasm/callouts.ts';
import type { PluginDeps } from '../../runtime/proxy-wasm/host.ts';
import type { ClusterSnapshot } from '../cluster/cluster.ts';
import { endpointKey } from '../cluster/endpoint.ts';
import type { ExchangeDeps } from '../exchange/deps.ts';
import { HttpDate } from '../exchange/http-date.ts';
import { MirrorBudget } from '../exchange/mirrors.ts';
import type { BindTables } from '../exchange/tables.ts';
import { BindServer } from '../listen/bind-server.ts';
import { buildBindTables } from './bind-tables.ts';
import { ClusterSet, type ClusterSetDeps } from './cluster-set.ts';
import { FilterSet } from './filter-set.ts';
import type { GuestModules } from './guests.ts';
import { type ServiceFigures, ServiceSet, type ServiceSetDeps } from './service-set.ts';

export interface DataPlaneDeps
  extends Omit<ClusterSetDeps, 'wheel'>,
    ServiceSetDeps,
    Pick<PluginDeps, 'budget' | 'node' | 'shared'> {
  newId(): string;
  readonly logRequest: ExchangeDeps['logRequest'];
}

/** An address that could not be listened on. */
export interface BindFailure {
  readonly address: string;
  readonly port: number;
  /** The system's code: EADDRINUSE, EACCES... */
  readonly code: string;
}

/** What the admin pages show of a worker. */
export interface DataPlaneFigures {
  readonly snapshotVersion: number;
  readonly connections: number;
  readonly clusters: Readonly<Record<string, ClusterSnapshot>>;
  readonly services: Readonly<Record<string, ServiceFigures>>;
}

interface BoundBind {
  readonly server: BindServer;
  tables: BindTables;
}

export class DataPlane {
  readonly #deps: DataPlaneDeps;
  readonly #wheel: DeadlineWheel;
  readonly #exchange: ExchangeDeps;
  readonly #clusters: ClusterSet;
  readonly #services: ServiceSet;
  readonly #filters: FilterSet;
  readonly #binds = new Map<string, BoundBind>();
  #listeners: ListenerMetrics[] = [];
  #routes: RouteMetrics[] = [];
  #version = 0;

  constructor(deps: DataPlaneDeps) {
    this.#deps = deps;
    const { clock, scheduler, random, newId, logRequest } = deps;
    this.#wheel = new DeadlineWheel(clock, undefined, scheduler);
    this.#exchange = {
      clock,
      wheel: this.#wheel,
      date: new HttpDate(clock),
      mirrors: new MirrorBudget(),
      limits: limitCounters(deps.registry),
      random,
      newId,
      logRequest,
    };
    this.#clusters = new ClusterSet({ ...deps, wheel: this.#wheel });
    this.#services = new ServiceSet(deps);
    this.#filters = new FilterSet({ ...deps, metrics: deps.registry, callouts: noCallouts });
  }

  /** Resolves when every address of the snapshot is listened on or has failed. */
  async apply(snapshot: Snapshot, modules: GuestModules): Promise<BindFailure[]> {
    const services = this.#services.update(snapshot.services, modules.services);
    const clusters = this.#clusters.update(snapshot.clusters, services);
    const filters = this.#filters.update(snapshot.filters, modules.filters);
    const listeners: ListenerMetrics[] = [];
    const routes: RouteMetrics[] = [];
    const { registry } = this.#deps;
    const parts = {
      clusters,
      filters,
      listenerMetrics: (name: string) => kept(listeners, listenerMetrics(registry, name)),
      routeMetrics: (rule: string) => kept(routes, routeMetrics(registry, rule)),
    };
    const added: BoundBind[] = [];
    const named = new Set<string>();
    for (const bind of snapshot.binds) {
      const key = `${bind.address} ${bind.port}`;
      named.add(key);
      const tables = buildBindTables(bind, parts);
      const bound = this.#binds.get(key);
      if (bound !== undefined) bound.tables = tables;
      else added.push(this.#bind(key, bind.address, bind.port, tables));
    }
    this.#version = snapshot.version;
    this.#letGo(named, listeners, routes);
    this.#filters.retireUnused();
    return this.#listen(added);
  }

  /** Resolves when the last request is answered and its connection closed. */
  async drain(): Promise<void> {
    await Promise.all([...this.#binds.values()].map(({ server }) => server.drain()));
  }

  /** Cuts what is left. */
  close(): void {
    for (const { server } of this.#binds.values()) server.destroy();
    this.#clusters.close();
    this.#services.close();
    this.#filters.close();
    this.#wheel.close();
  }

  figures(): DataPlaneFigures {
    let connections = 0;
    for (const { server } of this.#binds.values()) connections += server.connections;
    return {
      snapshotVersion: this.#version,
      connections,
      clusters: this.#clusters.snapshots(),
      services: this.#services.figures(),
    };
  }

  #bind(key: string, address: string, port: number, tables: BindTables): BoundBind {
    const metrics = bindMetrics(this.#deps.registry, endpointKey(address, port));
    const context = {
      deps: this.#exchange,
      wheel: this.#wheel,
      metrics,
      tables: (): BindTables => bound.tables,
    };
    const bound: BoundBind = { server: new BindServer({ address, port, context }), tables };
    this.#binds.set(key, bound);
    return bound;
  }

  async #listen(added: readonly BoundBind[]): Promise<BindFailure[]> {
    const failures: BindFailure[] = [];
    for (const { server } of added) {
      try {
        await server.listen();
      } catch (error) {
        const { address, port } = server;
        failures.push({ address, port, code: (error as NodeJS.ErrnoException).code ?? 'EIO' });
        this.#binds.delete(`${address} ${port}`);
      }
    }
    return failures;
  }

  #letGo(named: ReadonlySet<string>, listeners: ListenerMetrics[], routes: RouteMetrics[]): void {
    for (const [key, { server }] of this.#binds) {
      if (named.has(key)) continue;
      this.#binds.delete(key);
      void server.drain();
    }
    for (const group of this.#listeners) releaseGroup(this.#deps.registry, group);
    for (const group of this.#routes) group.release();
    this.#listeners = listeners;
    this.#routes = routes;
  }
}

function kept<T>(list: T[], item: T): T {
  list.push(item);
  return item;
}
