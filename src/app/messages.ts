/** What the main thread and a worker say to each other; structured clone safe. */

import type { LogFields, LogLevel } from '../base/log.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { BindFailure, DataPlaneFigures } from '../data/apply/data-plane.ts';
import type { GuestModules } from '../data/apply/guests.ts';
import type { MetricDefinition } from '../observe/metric.ts';
import type { TapBatch } from '../observe/tap.ts';

/** What a worker is started with. */
export interface WorkerOptions {
  /** Its place, from 0; a replacement has its predecessor's. */
  readonly index: number;
  readonly accessLog: string;
  readonly accessLogFormat: string;
  readonly logLevel: LogLevel;
  /** Cell `index` is this worker's: it counts up with every beat. */
  readonly beats: SharedArrayBuffer;
  /** Live Wasm instances of the process. */
  readonly instanceBudget: SharedArrayBuffer;
}

export type ToWorker =
  | { readonly type: 'apply'; readonly snapshot: Snapshot; readonly guests: GuestModules }
  | { readonly type: 'drain' }
  | { readonly type: 'stop' }
  | { readonly type: 'reopen' }
  | { readonly type: 'tap'; readonly on: boolean }
  | { readonly type: 'figures'; readonly call: number }
  | { readonly type: 'confirmRetired'; readonly id: number };

export type FromWorker =
  | {
      readonly type: 'applied';
      readonly version: number;
      readonly failures: readonly BindFailure[];
    }
  | { readonly type: 'drained' }
  | { readonly type: 'stopped' }
  | { readonly type: 'figures'; readonly call: number; readonly figures: WorkerFigures }
  | { readonly type: 'tap'; readonly batch: TapBatch }
  | { readonly type: 'defineMetric'; readonly definition: MetricDefinition }
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
