/**
 * A data plane in this very process, for tests that need sockets but no CLI: a snapshot is built
 * from a few options and served on a free port of the loopback address.
 */

import * as net from 'node:net';
import { systemClock } from '../../../src/base/clock.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { silentLog } from '../../../src/base/log.ts';
import { systemScheduler } from '../../../src/base/scheduler.ts';
import type { Cluster, Endpoint } from '../../../src/config/cluster.ts';
import type { ClientSettings } from '../../../src/config/listener.ts';
import type { Rule } from '../../../src/config/route.ts';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { DataPlane } from '../../../src/data/apply/data-plane.ts';
import { NO_GUESTS } from '../../../src/data/apply/guests.ts';
import { SystemResolver } from '../../../src/data/cluster/resolver.ts';
import { MetricsRegistry } from '../../../src/observe/metrics.ts';
import type { StreamInfo } from '../../../src/observe/stream-info.ts';
import { InstanceBudget } from '../../../src/runtime/instance/budget.ts';
import { createSharedState } from '../../../src/runtime/proxy-wasm/shared-state.ts';

export interface TestPlane {
  readonly port: number;
  readonly plane: DataPlane;
  readonly registry: MetricsRegistry;
  /** One a finished request, in order. */
  readonly log: LoggedRequest[];
  apply(snapshot: Snapshot): Promise<void>;
  close(): Promise<void>;
}

/** What a test may want of a finished request; the exchange itself goes on to other things. */
export interface LoggedRequest {
  readonly status: number;
  readonly flags: string;
  readonly details: string;
  readonly route: string;
  readonly cluster: string;
  readonly attempts: number;
  readonly requestBodyBytes: number;
  readonly responseBodyBytes: number;
}

export const CLIENT_DEFAULTS: ClientSettings = {
  trustedProxies: [],
  requestHeadMs: LIMITS.requestHeadMs,
  idleMs: LIMITS.downstreamIdleMs,
  streamIdleMs: LIMITS.streamIdleMs,
  connectionsMax: LIMITS.connectionsMax,
  headBytesMax: LIMITS.headBytesMax,
  targetBytesMax: LIMITS.targetBytesMax,
  headerCountMax: LIMITS.headerCountMax,
};

export function rule(over: Partial<Rule> = {}): Rule {
  return {
    name: 'default/test/0',
    matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], query: [], method: '' }],
    filters: [],
    wasmFilters: [],
    backends: [{ cluster: 'backend/default/test', weight: 1, filters: [], invalid: null }],
    timeouts: { requestMs: 0, backendRequestMs: 0 },
    retry: null,
    invalid: null,
    ...over,
  };
}

export function cluster(endpoints: readonly Endpoint[], over: Partial<Cluster> = {}): Cluster {
  return {
    name: 'backend/default/test',
    discovery: { type: 'static', endpoints },
    loadBalancer: 'RoundRobin',
    connectMs: LIMITS.upstreamConnectMs,
    idleMs: LIMITS.upstreamIdleMs,
    streamIdleMs: LIMITS.streamIdleMs,
    limits: {
      connectionsMax: LIMITS.upstreamConnectionsMax,
      pendingMax: LIMITS.upstreamPendingMax,
      requestsMax: LIMITS.upstreamRequestsMax,
    },
    ...over,
  };
}

export interface SnapshotParts {
  readonly port: number;
  readonly rules: readonly Rule[];
  readonly clusters: readonly Cluster[];
  readonly client?: Partial<ClientSettings>;
  readonly version?: number;
}

export interface PlaneParts extends Omit<SnapshotParts, 'port'> {
  /** Instead of real chance: shares of mirrors, backends, jitter. */
  random?(): number;
}

export function snapshot(parts: SnapshotParts): Snapshot {
  const listener = {
    name: 'default/edge/http',
    hostname: '',
    filters: [],
    routes: [{ name: 'default/test', hostnames: [], rules: parts.rules }],
  };
  const client = { ...CLIENT_DEFAULTS, ...parts.client };
  return {
    version: parts.version ?? 1,
    binds: [{ address: '127.0.0.1', port: parts.port, listeners: [listener], client }],
    clusters: parts.clusters,
    filters: [],
    services: [],
    callees: [],
  };
}

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Serves rules and clusters; the caller closes it. */
export async function startPlane(parts: PlaneParts): Promise<TestPlane> {
  const port = await freePort();
  const registry = new MetricsRegistry();
  const log: LoggedRequest[] = [];
  let ids = 0;
  const plane = new DataPlane({
    clock: systemClock,
    scheduler: systemScheduler,
    registry,
    resolver: new SystemResolver(),
    log: silentLog,
    budget: InstanceBudget.create(),
    shared: createSharedState(systemScheduler),
    node: { id: 'test', cluster: 'test' },
    random: parts.random ?? Math.random,
    newId: () => `id-${++ids}`,
    logRequest: (info) => log.push(loggedRequest(info)),
  });
  const apply = async (next: Snapshot): Promise<void> => {
    const { bindFailures } = await plane.apply(next, NO_GUESTS);
    if (bindFailures.length > 0) throw new Error(`cannot listen: ${bindFailures[0]?.code}`);
  };
  await apply(snapshot({ ...parts, port }));
  const close = async (): Promise<void> => plane.close();
  return { port, plane, registry, log, apply, close };
}

export function loggedRequest(info: StreamInfo): LoggedRequest {
  return {
    status: info.status,
    flags: info.responseFlags,
    details: info.statusDetails,
    route: info.routeName,
    cluster: info.clusterName,
    attempts: info.attempts,
    requestBodyBytes: info.requestBodyBytes,
    responseBodyBytes: info.responseBodyBytes,
  };
}
