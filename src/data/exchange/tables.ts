/**
 * What a request needs of the configuration, ready to use. `data/apply` builds it, the exchange
 * reads it; a request keeps what it started with, a reload only swaps the reference.
 */

import type { Cluster } from '../../config/cluster.ts';
import type { ClientSettings } from '../../config/listener.ts';
import type { Rule } from '../../config/route.ts';
import type { ClusterMetrics, ListenerMetrics, RouteMetrics } from '../../observe/data-metrics.ts';
import type { HeadFilter, HttpFilterFactory } from '../filter/contract.ts';
import type { RouteTable } from '../route/table.ts';
import type { UpstreamConnector } from '../upstream/connector.ts';

export interface BindTables {
  readonly port: number;
  readonly routes: RouteTable<RuntimeRule>;
  /** By {@link ListenerMetrics} label. */
  readonly listeners: ReadonlyMap<string, RuntimeListener>;
  readonly client: ClientSettings;
  isTrusted(address: string): boolean;
}

export interface RuntimeListener {
  readonly name: string;
  readonly metrics: ListenerMetrics;
  /** Filters of the Gateway, for requests that no rule matches. */
  readonly filters: readonly HttpFilterFactory[];
}

export interface RuntimeRule {
  /** What only requests that are not plain need. */
  readonly config: Rule;
  readonly name: string;
  readonly invalid: string | null;
  /** Neither timeouts nor retries. */
  readonly plain: boolean;
  /** It has timeouts of its own: then idle time alone fails nothing. */
  readonly timed: boolean;
  readonly listener: RuntimeListener;
  readonly metrics: RouteMetrics;
  /** Filters of the Gateway, then of the route. */
  readonly filters: readonly HttpFilterFactory[];
  readonly headFilters: readonly HeadFilter[];
  readonly mirrors: readonly RuntimeMirror[];
  readonly backends: readonly RuntimeBackend[];
}

export interface RuntimeBackend {
  readonly weight: number;
  /** Null: the reference is not valid. */
  readonly cluster: RuntimeCluster | null;
  readonly headFilters: readonly HeadFilter[];
  readonly mirrors: readonly RuntimeMirror[];
}

export interface RuntimeMirror {
  readonly cluster: RuntimeCluster;
  /** Share of requests, 0 to 1. */
  readonly share: number;
}

/** An endpoint of a cluster; who sends it a request counts it. */
export interface ChosenEndpoint {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  activeRequests: number;
}

/** The part of a cluster that chooses endpoints and bounds what is under way. */
export interface EndpointSource {
  readonly config: Cluster;
  choose(avoid: readonly string[]): ChosenEndpoint | null;
  whenReady(): Promise<void> | null;
  tryAcquireRequest(): boolean;
  releaseRequest(): void;
}

export interface RuntimeCluster {
  readonly name: string;
  readonly connector: UpstreamConnector;
  /** For who brings a protocol of its own; null where there are none (a Wasm service). */
  readonly endpoints: EndpointSource | null;
  readonly metrics: ClusterMetrics;
  readonly streamIdleMs: number;
  /** A Wasm service of this process. */
  readonly inProcess: boolean;
}
