/** A group of equal endpoints, and how to choose and reach one (Envoy's "cluster"). */

export type LoadBalancer = 'RoundRobin' | 'LeastRequest' | 'Random';

export interface Cluster {
  /** `backend/ns/name`, `service/ns/name:port` or `wasm/ns/name`; the metric label. */
  readonly name: string;
  readonly discovery: Discovery;
  readonly loadBalancer: LoadBalancer;
  readonly connectMs: number;
  /** Pooled connection with no request. */
  readonly idleMs: number;
  /** Answer body with no progress. */
  readonly streamIdleMs: number;
  /** Per worker. */
  readonly limits: ClusterLimits;
}

export type Discovery =
  | { readonly type: 'static'; readonly endpoints: readonly Endpoint[] }
  /** Resolved again and again; all addresses are endpoints. */
  | { readonly type: 'dns'; readonly hostname: string; readonly port: number }
  /** A WasmService of this process, by id. */
  | { readonly type: 'wasm'; readonly service: string };

export interface Endpoint {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** 1 or more. */
  readonly weight: number;
}

export interface ClusterLimits {
  readonly connectionsMax: number;
  readonly pendingMax: number;
  readonly requestsMax: number;
}
