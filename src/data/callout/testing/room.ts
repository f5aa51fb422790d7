/** The callouts of a worker with clusters of its own, and the answers of their calls. */

import { systemClock } from '../../../base/clock.ts';
import { DeadlineWheel } from '../../../base/deadline.ts';
import { systemScheduler } from '../../../base/scheduler.ts';
import type { Callee } from '../../../config/callee.ts';
import type { Cluster, Discovery } from '../../../config/cluster.ts';
import { MetricsRegistry } from '../../../observe/metrics.ts';
import type {
  CalloutHandle,
  CalloutRequest,
  CalloutResponse,
  GrpcHandle,
  GrpcRequest,
} from '../../../runtime/proxy-wasm/callouts.ts';
import { KeptLog } from '../../../runtime/proxy-wasm/testing/deps.ts';
import { ClusterSet } from '../../apply/cluster-set.ts';
import { SystemResolver } from '../../cluster/resolver.ts';
import type { UpstreamConnector } from '../../upstream/connector.ts';
import { WorkerCallouts } from '../worker-callouts.ts';

export const LIMITS_OF_CLUSTER = { connectionsMax: 10, pendingMax: 10, requestsMax: 10 };

export function cluster(discovery: Discovery, changes: Partial<Cluster> = {}): Cluster {
  return {
    name: 'backend/default/other',
    discovery,
    loadBalancer: 'RoundRobin',
    connectMs: 500,
    idleMs: 5_000,
    streamIdleMs: 5_000,
    limits: LIMITS_OF_CLUSTER,
    ...changes,
  };
}

export const at = (port: number): Discovery => ({
  type: 'static',
  endpoints: [{ address: '127.0.0.1', port, weight: 1 }],
});

/** The target `other` of namespace default leads to `backend`. */
export class Room {
  readonly callouts: WorkerCallouts;
  readonly registry = new MetricsRegistry();
  readonly log = new KeptLog();
  readonly #wheel = new DeadlineWheel(systemClock);
  readonly #clusters: ClusterSet;

  constructor(backend: Cluster, services: ReadonlyMap<string, UpstreamConnector> = new Map()) {
    const deps = {
      clock: systemClock,
      wheel: this.#wheel,
      scheduler: systemScheduler,
      registry: this.registry,
      resolver: new SystemResolver(),
      log: this.log,
      random: () => 0,
    };
    this.#clusters = new ClusterSet(deps);
    this.callouts = new WorkerCallouts(deps);
    const callee: Callee = {
      kind: 'Backend',
      namespace: 'default',
      name: 'other',
      port: 0,
      hostname: '',
      cluster: backend.name,
      callers: [],
    };
    this.callouts.update([callee], this.#clusters.update([backend], services));
  }

  /** Starts a call; its handle, or why there is none, and its answer. */
  http(changes: Partial<CalloutRequest> = {}): {
    handle: CalloutHandle | string;
    answer: Promise<CalloutResponse | null>;
  } {
    const { promise, resolve } = Promise.withResolvers<CalloutResponse | null>();
    const request = {
      caller: 'default/filter',
      target: 'other',
      fields: [':method', 'GET', ':path', '/ask', ':authority', 'other.test'],
      body: new Uint8Array(0),
      trailers: [],
      timeoutMs: 5_000,
      ...changes,
    };
    return { handle: this.callouts.http(request, resolve), answer: promise };
  }

  grpc(changes: Partial<GrpcRequest> = {}): GrpcTalk {
    return new GrpcTalk(this.callouts, changes);
  }

  counter(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const all = { cluster: 'backend/default/other', ...labels };
    return this.registry.counter(`tulle_upstream_${name}_total`, '', all).value;
  }

  get active(): number {
    const labels = { cluster: 'backend/default/other' };
    return this.registry.gauge('tulle_upstream_requests_active', '', labels).value;
  }

  close(): void {
    this.callouts.close();
    this.#clusters.close();
    this.#wheel.close();
  }
}

/** What a gRPC call or stream told, in order. */
export class GrpcTalk {
  readonly events: string[] = [];
  readonly handle: GrpcHandle | string;
  initial: string[] = [];
  trailing: string[] = [];
  readonly messages: Uint8Array[] = [];
  #waiting: { count: number; resolve(): void }[] = [];

  constructor(callouts: WorkerCallouts, changes: Partial<GrpcRequest>) {
    const request = {
      caller: 'default/filter',
      target: 'other',
      service: 'test.Echo',
      method: 'Unary',
      initialMetadata: [],
      message: Buffer.from('hello'),
      timeoutMs: 5_000,
      ...changes,
    };
    this.handle = callouts.grpc(request, {
      initialMetadata: (fields) => {
        this.initial = fields;
        this.#event('initial');
      },
      message: (bytes) => {
        this.messages.push(bytes);
        this.#event(`message ${Buffer.from(bytes).toString().slice(0, 40)}`);
      },
      trailingMetadata: (fields) => {
        this.trailing = fields;
        this.#event('trailing');
      },
      close: (status, message) => this.#event(`close ${status} ${message}`.trim()),
    });
  }

  get stream(): GrpcHandle {
    if (typeof this.handle === 'string') throw new Error(this.handle);
    return this.handle;
  }

  /** Resolves when so many events have come. */
  async until(count: number): Promise<string[]> {
    if (this.events.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    }
    return this.events;
  }

  #event(event: string): void {
    this.events.push(event);
    for (const one of this.#waiting) if (this.events.length >= one.count) one.resolve();
    this.#waiting = this.#waiting.filter((one) => this.events.length < one.count);
  }
}
