/**
 * One place in the crew of workers, and the thread that fills it. It tells the supervisor what the
 * thread says, and that it is gone; it knows nothing of why.
 */

import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerFigures, WorkerOptions } from './messages.ts';

export interface SlotEvents {
  message(slot: WorkerSlot, message: FromWorker): void;
  /** The thread has ended; `error` is '' for an orderly end. */
  gone(slot: WorkerSlot, error: string): void;
}

export type SlotState = 'starting' | 'serving' | 'draining' | 'silent' | 'ended';

/** The entry beside this file, in `src/` and in `dist/` alike. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
);

export class WorkerSlot {
  readonly index: number;
  /** Unique over the process's life: a replacement has another. */
  readonly source: number;
  state: SlotState = 'starting';
  /** Version of the snapshot it has in force. */
  version = 0;
  readonly startedMs: number;
  /** Beats seen, and when they last changed; ms. */
  beats = 0;
  beatMs: number;
  /** Resolves when the thread has stopped or ended. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #calls = new Map<number, (figures: WorkerFigures | null) => void>();
  #nextCall = 0;
  #error = '';

  constructor(options: WorkerOptions, source: number, nowMs: number, events: SlotEvents) {
    this.index = options.index;
    this.source = source;
    this.startedMs = nowMs;
    this.beatMs = nowMs;
    this.#worker = new Worker(ENTRY, { workerData: options, name: `tulle-${options.index}` });
    const ended = Promise.withResolvers<void>();
    this.ended = ended.promise;
    this.#worker.on('message', (message: FromWorker) => {
      if (message.type === 'stopped') void this.terminate();
      if (message.type === 'figures') this.#answer(message.call, message.figures);
      else events.message(this, message);
    });
    this.#worker.on('error', (error: unknown) => {
      this.#error = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    this.#worker.on('exit', (code) => {
      this.state = 'ended';
      ended.resolve();
      for (const call of this.#calls.keys()) this.#answer(call, null);
      events.gone(this, this.#error || (code === 0 ? '' : `exit code ${code}`));
    });
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Null when the worker does not answer within `timeoutMs`. */
  figures(timeoutMs: number): Promise<WorkerFigures | null> {
    const call = this.#nextCall++;
    return new Promise((resolve) => {
      this.#calls.set(call, resolve);
      setTimeout(() => this.#answer(call, null), timeoutMs).unref();
      this.post({ type: 'figures', call });
    });
  }

  /** Ends the thread, whatever it is doing. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(call: number, figures: WorkerFigures | null): void {
    const resolve = this.#calls.get(call);
    if (resolve === undefined) return;
    this.#calls.delete(call);
    resolve(figures);
  }
}
