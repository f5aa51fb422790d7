/** What the admin pages show, gathered from control plane, supervisor and workers when they ask. */

import { readFileSync } from 'node:fs';
import type {
  AdminSource,
  ClusterReport,
  ConfigReport,
  EndpointReport,
  FetchReport,
  FilterReport,
  GuestState,
  Readiness,
  ServiceReport,
  WorkerReport,
} from '../admin/source.ts';
import type { Clock } from '../base/clock.ts';
import type { Cluster } from '../config/cluster.ts';
import type { ModuleSource } from '../config/wasm.ts';
import type { FileControl } from '../control/control-plane.ts';
import type { GuestModule } from '../data/apply/guests.ts';
import type { MetricFamily } from '../observe/directory.ts';
import { processFamilies } from '../observe/process-metrics.ts';
import type { TapBatch } from '../observe/tap.ts';
import { shownUrl } from '../runtime/module/fetch/fetch-error.ts';
import type { RemoteStatus } from '../runtime/module/fetch/remote.ts';
import type { ConfigFlow } from './config-flow.ts';
import type { WorkerFigures } from './messages.ts';
import type { Supervisor } from './supervisor.ts';

/** A worker that is silent for longer is left out of the sums. */
const FIGURES_MS = 1_000;

export interface ProcessParts {
  readonly control: FileControl;
  readonly flow: ConfigFlow;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
}

export class ProcessSource implements AdminSource {
  readonly version: string = packageVersion();
  /** Resolves when somebody asks for the drain. */
  readonly drainRequested: Promise<void>;
  readonly #requestDrain: () => void;
  readonly #parts: ProcessParts;
  readonly #startWallMs: number;
  readonly #taps = new Set<(batch: TapBatch) => void>();

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.#startWallMs = parts.clock.wall();
    const requested = Promise.withResolvers<void>();
    this.drainRequested = requested.promise;
    this.#requestDrain = requested.resolve;
    parts.supervisor.onTap = (batch) => {
      for (const tap of this.#taps) tap(batch);
    };
  }

  async readiness(): Promise<Readiness> {
    const { supervisor, flow } = this.#parts;
    if (supervisor.draining) return { ready: false, reason: 'draining' };
    if (flow.snapshot === null) return { ready: false, reason: 'no configuration is in force yet' };
    const serving = supervisor.slots.some((slot) => slot.state === 'serving');
    return { ready: serving, reason: serving ? '' : 'no worker serves' };
  }

  async config(): Promise<ConfigReport> {
    const { control, flow } = this.#parts;
    return {
      snapshot: flow.snapshot,
      acceptedWallMs: flow.acceptedWallMs,
      problems: [...control.problems, ...flow.problems],
      status: control.status,
    };
  }

  async metrics(): Promise<readonly MetricFamily[]> {
    const figures = await this.#figures();
    const workers = figures.map(([slot, { eventLoopDelayMs }]) => {
      return { worker: String(slot.index), eventLoopDelayMs };
    });
    const { startWallMs, version } = { startWallMs: this.#startWallMs, version: this.version };
    return [
      ...this.#parts.supervisor.metrics.collect(),
      ...processFamilies({ startWallMs, version, workers }),
      instanceFamily(this.#parts.supervisor.liveInstances),
    ];
  }

  async clusters(): Promise<readonly ClusterReport[]> {
    const figures = (await this.#figures()).map(([, one]) => one);
    return (this.#parts.flow.snapshot?.clusters ?? []).map((cluster) =>
      clusterReport(cluster, figures),
    );
  }

  async filters(): Promise<readonly FilterReport[]> {
    const { flow, supervisor } = this.#parts;
    const failures = totalsBy(supervisor.metrics.collect(), 'tulle_filter_traps_total', 'filter');
    return (flow.snapshot?.filters ?? []).map((filter) => ({
      id: filter.id,
      ...this.#module(filter.id, filter.module, 'filters'),
      pluginName: filter.pluginName,
      failOpen: filter.failOpen,
      failures: failures.get(filter.id) ?? 0,
      ...guestState(flow.guests.filters.get(filter.id)),
    }));
  }

  async services(): Promise<readonly ServiceReport[]> {
    const { flow, supervisor } = this.#parts;
    const figures = await this.#figures();
    const families = supervisor.metrics.collect();
    const failures = totalsBy(families, 'tulle_upstream_guest_failures_total', 'cluster');
    return (flow.snapshot?.services ?? []).map((service) => {
      const of = figures.map(([, one]) => one.services[service.id]);
      return {
        id: service.id,
        ...this.#module(service.id, service.module, 'services'),
        kind: service.kind === 'auto' ? 'cgi' : service.kind,
        running: sum(of, (one) => one?.running),
        queued: sum(of, (one) => one?.queued),
        failures: failures.get(`wasm/${service.id}`) ?? 0,
        ...guestState(flow.guests.services.get(service.id)),
      };
    });
  }

  async workers(): Promise<readonly WorkerReport[]> {
    const { supervisor, clock } = this.#parts;
    const figures = new Map(await this.#figures());
    return supervisor.slots.map((slot) => {
      const one = figures.get(slot);
      return {
        id: slot.index,
        state: slot.state,
        uptimeMs: Math.round(clock.now() - slot.startedMs),
        eventLoopDelayMs: one?.eventLoopDelayMs ?? 0,
        connections: one?.connections ?? 0,
        requestsActive:
          sum(Object.values(one?.clusters ?? {}), ({ active }) => active) +
          sum(Object.values(one?.services ?? {}), ({ running }) => running),
        snapshotVersion: slot.version,
        replaced: supervisor.replacedOf(slot.index),
      };
    });
  }

  async drain(): Promise<void> {
    this.#requestDrain();
  }

  tap(onBatch: (batch: TapBatch) => void): () => void {
    this.#taps.add(onBatch);
    if (this.#taps.size === 1) this.#parts.supervisor.tap(true);
    return () => {
      if (this.#taps.delete(onBatch) && this.#taps.size === 0) this.#parts.supervisor.tap(false);
    };
  }

  /** The module in use, and how the one that is configured was fetched. */
  #module(
    id: string,
    inUse: ModuleSource,
    kind: 'filters' | 'services',
  ): { readonly module: string; readonly fetch: FetchReport | null } {
    const { control, flow } = this.#parts;
    const configured = control.snapshot[kind].find((one) => one.id === id)?.module ?? inUse;
    const status = flow.fetchStatus(configured);
    const fetch = status === null ? null : fetchReport(configured.url, status);
    return { module: shownUrl(inUse.url), fetch };
  }

  async #figures() {
    const { slots } = this.#parts.supervisor;
    const all = await Promise.all(
      slots.map(async (slot) => [slot, await slot.figures(FIGURES_MS)] as const),
    );
    return all.filter(
      (one): one is readonly [(typeof slots)[number], WorkerFigures] => one[1] !== null,
    );
  }
}

function instanceFamily(value: number): MetricFamily {
  const samples = [{ labels: {}, value, histogram: null }];
  const help = 'Live Wasm instances; their number is limited.';
  return { name: 'tulle_wasm_instances', help, kind: 'gauge', samples };
}

function clusterReport(cluster: Cluster, figures: readonly WorkerFigures[]): ClusterReport {
  const of = figures.map(({ clusters }) => clusters[cluster.name]);
  const endpoints = new Map<string, EndpointReport>();
  for (const one of of) {
    for (const { key, weight, healthy, activeRequests } of one?.endpoints ?? []) {
      const known = endpoints.get(key);
      endpoints.set(key, {
        address: key,
        weight,
        healthy: healthy && known?.healthy !== false,
        requestsActive: activeRequests + (known?.requestsActive ?? 0),
      });
    }
  }
  return {
    name: cluster.name,
    discovery: cluster.discovery.type,
    loadBalancer: cluster.loadBalancer,
    requestsActive: sum(of, (one) => one?.active),
    pending: sum(of, (one) => one?.pending),
    connections: sum(of, (one) => one?.connections),
    endpoints: [...endpoints.values()],
  };
}

function guestState(guest: GuestModule | undefined): {
  readonly sha256: string;
  readonly state: GuestState;
  readonly error: string;
} {
  if (guest === undefined) return { sha256: '', state: 'loading', error: '' };
  const missing = guest.fetch === 'loading' ? 'loading' : 'failed';
  const state = guest.works ? 'ready' : missing;
  return { sha256: guest.sha256, state, error: guest.reason };
}

function fetchReport(url: string, status: RemoteStatus): FetchReport {
  const { attemptedMs, nextMs, ...rest } = status;
  const at = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString());
  return { url: shownUrl(url), ...rest, attemptedAt: at(attemptedMs), nextAt: at(nextMs) };
}

function sum<T>(items: readonly T[], figure: (item: T) => number | undefined): number {
  return items.reduce((total, item) => total + (figure(item) ?? 0), 0);
}

/** A counter's totals by the value of one label. */
function totalsBy(
  families: readonly MetricFamily[],
  name: string,
  label: string,
): Map<string, number> {
  const totals = new Map<string, number>();
  for (const { labels, value } of families.find((one) => one.name === name)?.samples ?? []) {
    const key = labels[label] ?? '';
    totals.set(key, (totals.get(key) ?? 0) + value);
  }
  return totals;
}

/** Two folders up both in `src/` and in `dist/`. */
function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
