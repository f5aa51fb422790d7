/** One bind of the configuration as the tables its requests are served with. Pure. */

import { compileCidrs } from '../../base/cidr.ts';
import type { Bind, Listener } from '../../config/listener.ts';
import type { BackendRef, RequestMirror, RouteFilter, Rule } from '../../config/route.ts';
import type { ListenerMetrics, RouteMetrics } from '../../observe/data-metrics.ts';
import type {
  BindTables,
  RuntimeBackend,
  RuntimeCluster,
  RuntimeListener,
  RuntimeMirror,
  RuntimeRule,
} from '../exchange/tables.ts';
import { buildHeadFilters } from '../filter/builtin.ts';
import type { HttpFilterFactory } from '../filter/contract.ts';
import { buildRouteTable } from '../route/table.ts';

/** What the tables refer to. */
export interface TableParts {
  readonly clusters: ReadonlyMap<string, RuntimeCluster>;
  readonly filters: ReadonlyMap<string, HttpFilterFactory>;
  listenerMetrics(name: string): ListenerMetrics;
  routeMetrics(rule: string): RouteMetrics;
}

const NO_MIRRORS: readonly RuntimeMirror[] = [];

export function buildBindTables(bind: Bind, parts: TableParts): BindTables {
  const listeners = new Map<string, RuntimeListener>();
  const runtimeListener = (listener: Listener): RuntimeListener => {
    const known = listeners.get(listener.name);
    if (known !== undefined) return known;
    const runtime = {
      name: listener.name,
      metrics: parts.listenerMetrics(listener.name),
      filters: filtersOf(listener.filters, parts),
    };
    listeners.set(listener.name, runtime);
    return runtime;
  };
  for (const listener of bind.listeners) runtimeListener(listener);
  return {
    port: bind.port,
    routes: buildRouteTable(bind, (rule, _route, listener) =>
      runtimeRule(rule, runtimeListener(listener), parts),
    ),
    listeners,
    client: bind.client,
    isTrusted: compileCidrs(bind.client.trustedProxies),
  };
}

function runtimeRule(rule: Rule, listener: RuntimeListener, parts: TableParts): RuntimeRule {
  const own = filtersOf(rule.wasmFilters, parts);
  const timed = rule.timeouts.requestMs + rule.timeouts.backendRequestMs > 0;
  return {
    config: rule,
    name: rule.name,
    invalid: rule.invalid,
    plain: rule.retry === null && !timed,
    timed,
    listener,
    metrics: parts.routeMetrics(rule.name),
    filters: own.length === 0 ? listener.filters : [...listener.filters, ...own],
    headFilters: buildHeadFilters(rule.filters),
    mirrors: mirrorsOf(rule.filters, parts),
    backends: rule.backends.map((backend) => runtimeBackend(backend, parts)),
  };
}

function runtimeBackend(backend: BackendRef, parts: TableParts): RuntimeBackend {
  const cluster = backend.invalid === null ? parts.clusters.get(backend.cluster) : undefined;
  return {
    weight: backend.weight,
    cluster: cluster ?? null,
    headFilters: buildHeadFilters(backend.filters),
    mirrors: mirrorsOf(backend.filters, parts),
  };
}

function filtersOf(ids: readonly string[], parts: TableParts): readonly HttpFilterFactory[] {
  return ids.flatMap((id) => parts.filters.get(id) ?? []);
}

function mirrorsOf(filters: readonly RouteFilter[], parts: TableParts): readonly RuntimeMirror[] {
  const mirrors = filters.filter(
    (filter): filter is RequestMirror => filter.type === 'RequestMirror',
  );
  if (mirrors.length === 0) return NO_MIRRORS;
  return mirrors.flatMap(({ cluster, numerator, denominator }) => {
    const target = parts.clusters.get(cluster);
    return target === undefined ? [] : { cluster: target, share: numerator / denominator };
  });
}
