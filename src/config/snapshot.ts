/**
 * The internal model: what one process has to serve, resolved and validated. Plain immutable data
 * (structured clone safe) that `control/compile` makes and `data/apply` turns into tables. Neither
 * YAML nor Kubernetes shapes pass this border, and nothing behind it checks again.
 *
 * Durations are ms, sizes bytes; 0 means "none" where a bound is optional.
 */

import type { Callee } from './callee.ts';
import type { Cluster } from './cluster.ts';
import type { Bind } from './listener.ts';
import type { WasmFilter, WasmService } from './wasm.ts';

export interface Snapshot {
  /** Rises by one with each accepted change. */
  readonly version: number;
  readonly binds: readonly Bind[];
  readonly clusters: readonly Cluster[];
  readonly filters: readonly WasmFilter[];
  readonly services: readonly WasmService[];
  /** Targets of filters' calls; empty without filters. */
  readonly callees: readonly Callee[];
}
