/**
 * What the admin pages ask of the process. `app/` implements it; a page never reaches past it. All
 * figures are sums over workers unless a type says otherwise.
 */

import type { Snapshot } from '../config/snapshot.ts';
import type { Problem } from '../control/resource.ts';
import type { ResourceStatus } from '../control/status/status.ts';
import type { MetricFamily } from '../observe/directory.ts';
import type { TapBatch } from '../observe/tap.ts';

export interface AdminSource {
  /** Of Tulle. */
  readonly version: string;
  readiness(): Promise<Readiness>;
  config(): Promise<ConfigReport>;
  /** Metrics of all threads and of the process. */
  metrics(): Promise<readonly MetricFamily[]>;
  clusters(): Promise<readonly ClusterReport[]>;
  filters(): Promise<readonly FilterReport[]>;
  services(): Promise<readonly ServiceReport[]>;
  workers(): Promise<readonly WorkerReport[]>;
  /** Begins the drain, as SIGTERM does; resolves once it has begun. */
  drain(): Promise<void>;
  /** Access log lines of all workers as they happen; the answer ends it. */
  tap(onBatch: (batch: TapBatch) => void): () => void;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not; '' when ready. */
  readonly reason: string;
}

export interface ConfigReport {
  /** What is in force; null before the first. */
  readonly snapshot: Snapshot | null;
  /** When it came into force, ms since the epoch; 0 for never. */
  readonly acceptedWallMs: number;
  /** Of the files as they are now, whether or not they came into force. */
  readonly problems: readonly Problem[];
  readonly status: readonly ResourceStatus[];
}

export interface ClusterReport {
  readonly name: string;
  /** `static`, `dns` or `wasm`. */
  readonly discovery: string;
  readonly loadBalancer: string;
  readonly requestsActive: number;
  readonly pending: number;
  readonly connections: number;
  readonly endpoints: readonly EndpointReport[];
}

export interface EndpointReport {
  /** `ip:port`. */
  readonly address: string;
  readonly weight: number;
  /** In every worker. */
  readonly healthy: boolean;
  readonly requestsActive: number;
}

/** Where a guest's module stands. */
export type GuestState = 'loading' | 'ready' | 'failed';

/** How a module that comes from elsewhere was fetched. */
export interface FetchReport {
  /** Without a password. */
  readonly url: string;
  readonly state: GuestState;
  /** Image by digest, or URL after redirects, that the module came from; '' before there is one. */
  readonly source: string;
  /** Of the fetched module, lower-case hex; '' before there is one. */
  readonly sha256: string;
  /** Why the last attempt failed, also while an older module is ready; '' if it did not. */
  readonly error: string;
  /** Of the last attempt, ISO 8601; null while the cache was enough. */
  readonly attemptedAt: string | null;
  /** Of the next one; null when none is planned. */
  readonly nextAt: string | null;
}

export interface FilterReport {
  readonly id: string;
  readonly module: string;
  /** Null for a file. */
  readonly fetch: FetchReport | null;
  /** Lower-case hex of the bytes in use; '' when there are none. */
  readonly sha256: string;
  readonly pluginName: string;
  readonly failOpen: boolean;
  readonly state: GuestState;
  /** Why it failed, with what to do; '' otherwise. */
  readonly error: string;
  /** Requests it failed. */
  readonly failures: number;
}

export interface ServiceReport {
  readonly id: string;
  readonly module: string;
  /** Null for a file. */
  readonly fetch: FetchReport | null;
  readonly sha256: string;
  readonly kind: string;
  readonly state: GuestState;
  readonly error: string;
  readonly running: number;
  readonly queued: number;
  /** Requests it failed. */
  readonly failures: number;
}

export interface WorkerReport {
  readonly id: number;
  readonly state: 'starting' | 'serving' | 'draining' | 'silent' | 'ended';
  readonly uptimeMs: number;
  /** Mean since the last beat. */
  readonly eventLoopDelayMs: number;
  readonly connections: number;
  readonly requestsActive: number;
  /** Version of the snapshot it serves; 0 for none. */
  readonly snapshotVersion: number;
  /** How often this place had to be filled anew. */
  readonly replaced: number;
}
