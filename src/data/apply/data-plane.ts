/**
 * One worker's data plane: takes each snapshot into force. The order matters: guests and clusters
 * first, then tables that refer to them, then the sockets; tables are swapped by reference, so a
 * request sees the old ones or the new ones and never a mix. What the new snapshot no longer names
 * is let go of behind it, once nothing can reach it.
 *
 * What runs guests is loaded by the first snapshot that has some: half of the worker's code.
 */

import { DeadlineWheel } from '../../base/deadline.ts';
import type { Bind } from '../../config/listener.ts';
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
import type { PluginDeps } from '../../runtime/proxy-wasm/host.ts';
import type { WorkerCallouts } from '../callout/worker-callouts.ts';
import type { ClusterSnapshot } from '../cluster/cluster.ts';
import { endpointKey } from '../cluster/endpoint.ts';
import type { ExchangeDeps } from '../exchange/deps.ts';
import { HttpDate } from '../exchange/http-date.ts';
import { MirrorBudget } from '../exchange/mirrors.ts';
import type { BindTables } from '../exchange/tables.ts';
import type { FilterRecorder } from '../filter/recorder.ts';
import { BindServer } from '../listen/bind-server.ts';
import { buildBindTables } from './bind-tables.ts';
import { ClusterSet, type ClusterSetDeps } from './cluster-set.ts';
import type { FilterSet } from './filter-set.ts';
import type { GuestModules } from './guests.ts';
import type { Applied, BindFailure } from './outcome.ts';
import type { ServiceFigures, ServiceSet, ServiceSetDeps } from './service-set.ts';

export interface DataPlaneDeps
  extends Omit<ClusterSetDeps, 'wheel'>,
    ServiceSetDeps,
    Pick<PluginDeps, 'budget' | 'node' | 'shared' | 'working'> {
  newId(): string;
  readonly logRequest: ExchangeDeps['logRequest'];
  /** Absent: nothing is recorded. */
  readonly recorder?: FilterRecorder;
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
  #services: ServiceSet | null = null;
  #filters: FilterSet | null = null;
  #callouts: WorkerCallouts | null = null;
  readonly #binds = new Map<string, BoundBind>();
  /** Serve the last requests of addresses that are no longer in force. */
  readonly #leaving = new Set<BindServer>();
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
  }

  /** Resolves when every address of the snapshot is listened on or has failed. One call at a time. */
  async apply(snapshot: Snapshot, modules: GuestModules): Promise<Applied> {
    await this.#loadGuestSets(snapshot);
    const services = this.#services?.update(snapshot.services, modules.services) ?? new Map();
    const clusters = this.#clusters.update(snapshot.clusters, services);
    this.#callouts?.update(snapshot.callees, clusters);
    const filters = this.#filters?.update(snapshot.filters, modules.filters);
    const listeners: ListenerMetrics[] = [];
    const routes: RouteMetrics[] = [];
    const { registry } = this.#deps;
    const parts = {
      clusters,
      filters: filters?.factories ?? new Map(),
      listenerMetrics: (name: string) => kept(listeners, listenerMetrics(registry, name)),
      routeMetrics: (rule: string) => kept(routes, routeMetrics(registry, rule)),
    };
    const added: BoundBind[] = [];
    const named = new Set<string>();
    for (const bind of snapshot.binds) {
      const key = keyOf(bind);
      named.add(key);
      const tables = buildBindTables(bind, parts);
      const bound = this.#binds.get(key);
      if (bound !== undefined) bound.tables = tables;
      else added.push(this.#bind(bind, tables));
    }
    this.#version = snapshot.version;
    this.#letGo(named, listeners, routes);
    this.#filters?.retireUnused();
    const bindFailures = await this.#listen(added);
    return { bindFailures, filterFailures: filters?.failures ?? [] };
  }

  /** Resolves when no address is listened on any more. */
  async stopListening(): Promise<void> {
    await Promise.all(this.#servers().map((server) => server.stopListening()));
  }

  /** Resolves when the last request is answered and its connection closed. */
  async drain(): Promise<void> {
    await Promise.all(this.#servers().map((server) => server.drain()));
  }

  /** Cuts what is left. */
  close(): void {
    for (const server of this.#servers()) server.destroy();
    this.#clusters.close();
    this.#services?.close();
    this.#filters?.close();
    this.#callouts?.close();
    this.#wheel.close();
  }

  figures(): DataPlaneFigures {
    let connections = 0;
    for (const server of this.#servers()) connections += server.connections;
    return {
      snapshotVersion: this.#version,
      connections,
      clusters: this.#clusters.snapshots(),
      services: this.#services?.figures() ?? {},
    };
  }

  /** Once loaded they stay: what they hold has to be let go of by them. */
  async #loadGuestSets({ filters, services }: Snapshot): Promise<void> {
    const deps = this.#deps;
    if (filters.length > 0 && this.#filters === null) {
      const { FilterSet } = await import('./filter-set.ts');
      const { WorkerCallouts } = await import('../callout/worker-callouts.ts');
      this.#callouts = new WorkerCallouts({ ...deps, wheel: this.#wheel });
      const { recorder } = deps;
      const parts = { ...deps, metrics: deps.registry };
      this.#filters =
        recorder === undefined
          ? new FilterSet({ ...parts, callouts: this.#callouts })
          : new FilterSet(
              {
                ...parts,
                callouts: recorder.callouts(this.#callouts),
                watch: recorder.watch,
              },
              recorder,
            );
    }
    if (services.length > 0 && this.#services === null) {
      const { ServiceSet } = await import('./service-set.ts');
      this.#services = new ServiceSet(deps);
    }
  }

  #bind({ address, port }: Bind, tables: BindTables): BoundBind {
    const { registry, log } = this.#deps;
    const context = {
      deps: this.#exchange,
      wheel: this.#wheel,
      metrics: bindMetrics(registry, endpointKey(address, port)),
      tables: (): BindTables => bound.tables,
    };
    const bound: BoundBind = { server: new BindServer({ address, port, log, context }), tables };
    return bound;
  }

  async #listen(added: readonly BoundBind[]): Promise<BindFailure[]> {
    const failures: BindFailure[] = [];
    for (const bound of added) {
      const { server } = bound;
      try {
        await server.listen();
        this.#binds.set(keyOf(server), bound);
      } catch (error) {
        const { address, port } = server;
        failures.push({ address, port, code: (error as NodeJS.ErrnoException).code ?? 'EIO' });
        releaseGroup(this.#deps.registry, server.metrics);
      }
    }
    return failures;
  }

  #letGo(named: ReadonlySet<string>, listeners: ListenerMetrics[], routes: RouteMetrics[]): void {
    for (const [key, { server }] of this.#binds) {
      if (named.has(key)) continue;
      this.#binds.delete(key);
      void this.#leave(server);
    }
    for (const group of this.#listeners) releaseGroup(this.#deps.registry, group);
    for (const group of this.#routes) group.release();
    this.#listeners = listeners;
    this.#routes = routes;
  }

  #servers(): BindServer[] {
    return [...Array.from(this.#binds.values(), ({ server }) => server), ...this.#leaving];
  }

  async #leave(server: BindServer): Promise<void> {
    this.#leaving.add(server);
    await server.drain();
    this.#leaving.delete(server);
    releaseGroup(this.#deps.registry, server.metrics);
  }
}

function keyOf({ address, port }: Pick<Bind, 'address' | 'port'>): string {
  return `${address} ${port}`;
}

function kept<T>(list: T[], item: T): T {
  list.push(item);
  return item;
}
