/** What the main thread and a worker say to each other; structured clone safe. */

import type { LogFields, LogLevel } from '../base/log.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { DataPlaneFigures } from '../data/apply/data-plane.ts';
import type { GuestModules } from '../data/apply/guests.ts';
import type { Applied } from '../data/apply/outcome.ts';
import type { MetricDefinition } from '../observe/metric.ts';
import type { TapBatch } from '../observe/tap.ts';

/** What a worker is started with. */
export interface WorkerOptions {
  /** Its place, from 0; a replacement has its predecessor's. */
  readonly index: number;
  readonly accessLog: string;
  readonly accessLogFormat: string;
  /** Directory for recordings of what passes filters; '' for none. */
  readonly record: string;
  readonly logLevel: LogLevel;
  /** Cell `index` is this worker's: it counts up with every beat. */
  readonly beats: SharedArrayBuffer;
  /** Live Wasm instances of the process. */
  readonly instanceBudget: SharedArrayBuffer;
  /** Shared data and queues of Wasm filters. */
  readonly sharedState: SharedArrayBuffer;
}

/** `call` comes back with the answer. */
export type ToWorker =
  | {
      readonly type: 'apply';
      readonly call: number;
      readonly snapshot: Snapshot;
      readonly guests: GuestModules;
    }
  | { readonly type: 'stopListening' }
  | { readonly type: 'drain' }
  | { readonly type: 'stop' }
  | { readonly type: 'reopen' }
  | { readonly type: 'tap'; readonly on: boolean }
  | { readonly type: 'figures'; readonly call: number }
  | { readonly type: 'confirmRetired'; readonly id: number };

export type FromWorker =
  /** It has begun to apply; a worker that dies between this and `applied` dies of the snapshot. */
  | { readonly type: 'applying' }
  | { readonly type: 'applied'; readonly call: number; readonly applied: Applied }
  | { readonly type: 'notListening' }
  | { readonly type: 'drained' }
  | { readonly type: 'stopped' }
  | { readonly type: 'figures'; readonly call: number; readonly figures: WorkerFigures }
  | { readonly type: 'tap'; readonly batch: TapBatch }
  | { readonly type: 'defineMetrics'; readonly definitions: readonly MetricDefinition[] }
  | { readonly type: 'retireMetric'; readonly id: number }
  | {
      readonly type: 'log';
      readonly level: Exclude<LogLevel, 'off'>;
      readonly message: string;
      readonly fields: LogFields;
    };

export interface WorkerFigures extends DataPlaneFigures {
  readonly eventLoopDelayMs: number;
}

/** How often a worker says that its event loop turns, ms. */
export const BEAT_MS = 250;
