/**
 * One worker's view of a cluster: which endpoints there are, which to send the next attempt to, and
 * how much may be under way. Where endpoints come from (a list, a hostname) ends here; above it
 * there are only {@link EndpointState}s and {@link ClusterState.choose}.
 *
 * An endpoint keeps its object while it stays listed, through config changes and DNS answers. Only
 * healthy ones are chosen, unless none is: a cluster that looks wholly broken is better tried than
 * refused ("panic"). A `wasm` cluster has no endpoints; only its limits are of use here.
 */

import { isIP } from 'node:net';
import type { Cluster, Endpoint } from '../../config/cluster.ts';
import type { DnsDeps } from './dns.ts';
import { DnsWatcher } from './dns.ts';
import { EndpointState, endpointKey } from './endpoint.ts';
import { createPolicy } from './lb/policies.ts';
import type { Policy } from './lb/policy.ts';
import { LimitCounter } from './limit-counter.ts';

export type ClusterDeps = DnsDeps;

/** What admin shows of a cluster in one worker. */
export interface ClusterSnapshot {
  readonly endpoints: readonly EndpointSnapshot[];
  /** Requests in flight. */
  readonly active: number;
  readonly pending: number;
  readonly connections: number;
  /** Refusals by each limit since the start. */
  readonly refused: {
    readonly active: number;
    readonly pending: number;
    readonly connections: number;
  };
}

export interface EndpointSnapshot {
  readonly key: string;
  readonly weight: number;
  readonly healthy: boolean;
  readonly activeRequests: number;
}

export class ClusterState<P> {
  readonly #deps: ClusterDeps;
  readonly #onRemoved: (endpoint: EndpointState<P>) => void;
  #config: Cluster;
  #policy: Policy<P>;
  #endpoints: readonly EndpointState<P>[] = [];
  #watcher: DnsWatcher | null = null;
  #closed = false;
  readonly #requests: LimitCounter;
  readonly #pending: LimitCounter;
  readonly #connections: LimitCounter;

  /** `onRemoved`: an endpoint is no longer listed; its connections should end as their requests do. */
  constructor(config: Cluster, deps: ClusterDeps, onRemoved: (endpoint: EndpointState<P>) => void) {
    this.#config = config;
    this.#deps = deps;
    this.#onRemoved = onRemoved;
    this.#policy = createPolicy(config.loadBalancer, deps.random);
    this.#requests = new LimitCounter('request', config.limits.requestsMax);
    this.#pending = new LimitCounter('pending request', config.limits.pendingMax);
    this.#connections = new LimitCounter('connection', config.limits.connectionsMax);
    this.#discover(null);
  }

  get config(): Cluster {
    return this.#config;
  }

  /** All that are listed, healthy or not. A list is never modified; a change makes a new one. */
  get endpoints(): readonly EndpointState<P>[] {
    return this.#endpoints;
  }

  /**
   * The endpoint for the next attempt: not one whose key is in `avoid` while there is another; null
   * when the cluster has none. Allocates nothing. The caller counts `activeRequests`.
   */
  choose(avoid: readonly string[]): EndpointState<P> | null {
    return this.#policy.pick(avoid);
  }

  /**
   * Null, but while a hostname's first look-up runs: then settles (never rejects) when that ends,
   * with addresses or without. A request may be held for it instead of failing at once.
   */
  whenReady(): Promise<void> | null {
    return this.#watcher === null ? null : this.#watcher.whenReady();
  }

  /** Takes over a new config of the same cluster. Counts go on, also above a lowered limit. */
  update(config: Cluster): void {
    if (this.#closed) return;
    const before = this.#config;
    this.#config = config;
    this.#requests.max = config.limits.requestsMax;
    this.#pending.max = config.limits.pendingMax;
    this.#connections.max = config.limits.connectionsMax;
    if (config.loadBalancer !== before.loadBalancer) {
      this.#policy = createPolicy(config.loadBalancer, this.#deps.random);
      this.#useHealthy();
    }
    this.#discover(before);
  }

  /** Ends discovery and removes every endpoint: nothing is chosen any more. */
  close(): void {
    this.#closed = true;
    this.#stopWatching();
    this.#setEndpoints([]);
  }

  /** Each `true` is given back by one `releaseRequest`. */
  tryAcquireRequest(): boolean {
    return this.#requests.tryAcquire();
  }

  releaseRequest(): void {
    this.#requests.release();
  }

  tryAcquirePending(): boolean {
    return this.#pending.tryAcquire();
  }

  releasePending(): void {
    this.#pending.release();
  }

  tryAcquireConnection(): boolean {
    return this.#connections.tryAcquire();
  }

  releaseConnection(): void {
    this.#connections.release();
  }

  snapshot(): ClusterSnapshot {
    return {
      endpoints: this.#endpoints.map(({ key, weight, healthy, activeRequests }) => {
        return { key, weight, healthy, activeRequests };
      }),
      active: this.#requests.used,
      pending: this.#pending.used,
      connections: this.#connections.used,
      refused: {
        active: this.#requests.refused,
        pending: this.#pending.refused,
        connections: this.#connections.refused,
      },
    };
  }

  /** Brings the endpoints in line with the config; `before` is the config they are in line with. */
  #discover(before: Cluster | null): void {
    const { discovery, name } = this.#config;
    if (discovery.type !== 'dns' || isIP(unbracketed(discovery.hostname)) !== 0) {
      this.#stopWatching();
      this.#setEndpoints(fixedEndpoints(this.#config));
      return;
    }
    const { hostname } = discovery;
    const watched = before?.discovery.type === 'dns' ? before.discovery.hostname : null;
    if (this.#watcher !== null && watched === hostname) {
      this.#useAddresses(this.#watcher.addresses);
      return;
    }
    // Another name is another backend: the old addresses must not get its requests.
    this.#stopWatching();
    this.#setEndpoints([]);
    this.#watcher = new DnsWatcher(hostname, name, this.#deps, (addresses) =>
      this.#useAddresses(addresses),
    );
  }

  #stopWatching(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }

  #useAddresses(addresses: readonly string[]): void {
    const { discovery } = this.#config;
    if (discovery.type !== 'dns') return;
    const { port } = discovery;
    this.#setEndpoints(addresses.map((address) => ({ address, port, weight: 1 })));
  }

  #setEndpoints(listed: readonly Endpoint[]): void {
    const gone = new Map(this.#endpoints.map((endpoint) => [endpoint.key, endpoint]));
    const next = new Map<string, EndpointState<P>>();
    for (const { address, port, weight } of listed) {
      const key = endpointKey(address, port);
      const twice = next.get(key);
      if (twice !== undefined) {
        twice.weight += weight;
        continue;
      }
      const kept = gone.get(key);
      gone.delete(key);
      if (kept !== undefined) kept.weight = weight;
      const endpoint = kept ?? new EndpointState<P>(address, port, weight, this.#useHealthy);
      next.set(key, endpoint);
    }
    this.#endpoints = [...next.values()];
    this.#useHealthy();
    for (const endpoint of gone.values()) {
      endpoint.removed = true;
      this.#onRemoved(endpoint);
    }
  }

  readonly #useHealthy = (): void => {
    const healthy = this.#endpoints.filter((endpoint) => endpoint.healthy);
    this.#policy.use(healthy.length > 0 ? healthy : this.#endpoints);
  };
}

/** Endpoints that need no look-up: a list, or a hostname that is an address already. */
function fixedEndpoints({ discovery }: Cluster): readonly Endpoint[] {
  if (discovery.type === 'static') return discovery.endpoints;
  if (discovery.type === 'wasm') return [];
  return [{ address: unbracketed(discovery.hostname), port: discovery.port, weight: 1 }];
}

/** `[::1]`, as an URL writes it, is the address `::1`. */
function unbracketed(hostname: string): string {
  return hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
}
