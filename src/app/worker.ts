/**
 * A data plane thread, assembled: log and metrics that end at the main thread, an access log, a
 * data plane, and the messages that drive it. Started by the supervisor, never by hand.
 */

import { randomUUID } from 'node:crypto';
import { flushCompileCache } from 'node:module';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../base/clock.ts';
import { type Log, passes } from '../base/log.ts';
import { systemScheduler } from '../base/scheduler.ts';
import { DataPlane } from '../data/apply/data-plane.ts';
import type { Applied } from '../data/apply/outcome.ts';
import { SystemResolver } from '../data/cluster/resolver.ts';
import { AccessLog } from '../observe/access-log.ts';
import type { MetricDefinition } from '../observe/metric.ts';
import { MetricsRegistry } from '../observe/metrics.ts';
import { TapBuffer } from '../observe/tap.ts';
import { InstanceBudget } from '../runtime/instance/budget.ts';
import { attachSharedState } from '../runtime/proxy-wasm/shared-state.ts';
import {
  BEAT_MS,
  type FromWorker,
  type ToWorker,
  type WorkerFigures,
  type WorkerOptions,
} from './messages.ts';
import type { Recorder } from './workbench/record/recorder.ts';

const DELAY_TICK_MS = 20;
const NOTHING_APPLIED: Applied = { bindFailures: [], filterFailures: [] };

const options = workerData as WorkerOptions;
const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a worker thread');

const post = (message: FromWorker): void => port.postMessage(message);

const log: Log = {
  level: options.logLevel,
  write: (level, message, fields = {}) => {
    if (!passes(options.logLevel, level)) return;
    post({ type: 'log', level, message, fields: { ...fields, worker: options.index } });
  },
};

/** New series are told in batches: the first requests of 10,000 routes would be as many messages. */
const DEFINITIONS_MS = 50;
let definitions: MetricDefinition[] = [];

function tellDefinitions(): void {
  if (definitions.length === 0) return;
  post({ type: 'defineMetrics', definitions });
  definitions = [];
}

const registry = new MetricsRegistry({
  define: (definition) => {
    if (definitions.push(definition) === 1) setTimeout(tellDefinitions, DEFINITIONS_MS).unref();
  },
  retire: (id) => {
    tellDefinitions();
    post({ type: 'retireMetric', id });
  },
});

const accessLog = new AccessLog({
  target: options.accessLog,
  format: options.accessLogFormat,
  clock: systemClock,
  log,
  registry,
});

const tap = new TapBuffer((batch) => post({ type: 'tap', batch }));

const shared = attachSharedState(options.sharedState, options.index, systemScheduler);

const recorder = options.record === '' ? null : await openRecorder(options.record);

// The beat: a counter that stands still as soon as the event loop does, but for the start of guests.
const beats = new Int32Array(options.beats);
const beat = (): void => {
  Atomics.add(beats, options.index, 1);
};

const plane = new DataPlane({
  clock: systemClock,
  scheduler: systemScheduler,
  registry,
  resolver: new SystemResolver(),
  log,
  random: Math.random,
  newId: randomUUID,
  budget: InstanceBudget.attach(options.instanceBudget, options.index + 1),
  shared,
  node: { id: hostname(), cluster: 'tulle' },
  working: beat,
  logRequest: (info) => accessLog.write(info),
  ...(recorder === null ? {} : { recorder }),
});

// The first beat says that the code is loaded.
beat();
setInterval(beat, BEAT_MS).unref();

const delay = monitorEventLoopDelay({ resolution: DELAY_TICK_MS });
delay.enable();

port.on('message', (message: ToWorker) => {
  void handle(message);
});

/** Its code is loaded by those who record. */
async function openRecorder(directory: string): Promise<Recorder | null> {
  const { Recorder } = await import('./workbench/record/recorder.ts');
  const path = join(directory, `worker-${options.index}.jsonl`);
  try {
    return new Recorder({ path, clock: systemClock, log });
  } catch (error) {
    log.write('error', `nothing is recorded: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

let applying: Promise<void> = Promise.resolve();
let draining = false;

/** Rejects where the code is wrong, which ends the thread: the supervisor starts another. */
async function handle(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'apply':
      applying = applying.then(() => apply(message));
      await applying;
      break;
    case 'stopListening':
      draining = true;
      await applying;
      await plane.stopListening();
      post({ type: 'notListening' });
      break;
    case 'drain':
      draining = true;
      await applying;
      await plane.drain();
      await accessLog.flush();
      post({ type: 'drained' });
      break;
    case 'stop':
      plane.close();
      shared.close();
      tap.close();
      await accessLog.close();
      await recorder?.close();
      // The main thread's share is written when it exits; a thread that is ended writes none.
      flushCompileCache();
      post({ type: 'stopped' });
      break;
    case 'reopen':
      await accessLog.reopen();
      break;
    case 'tap':
      accessLog.tap(message.on ? tap.take : null);
      break;
    case 'figures':
      post({ type: 'figures', call: message.call, figures: figures() });
      break;
    case 'confirmRetired':
      registry.confirmRetired(message.id);
      break;
  }
}

async function apply(message: Extract<ToWorker, { type: 'apply' }>): Promise<void> {
  const { call, snapshot, guests } = message;
  post({ type: 'applying' });
  const applied = draining ? NOTHING_APPLIED : await plane.apply(snapshot, guests);
  post({ type: 'applied', call, applied });
}

function figures(): WorkerFigures {
  // The histogram measures the distance of its ticks, so what is above that is delay.
  const eventLoopDelayMs = delay.count === 0 ? 0 : Math.max(0, delay.mean / 1e6 - DELAY_TICK_MS);
  delay.reset();
  return { ...plane.figures(), eventLoopDelayMs };
}
