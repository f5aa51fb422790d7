/**
 * One place in the crew of workers, and the thread that fills it. It turns messages into calls with
 * an answer, tells the supervisor what the thread says by itself, and that it is gone; it knows
 * nothing of why.
 */

import { Worker } from 'node:worker_threads';
import type { Snapshot } from '../config/snapshot.ts';
import type { GuestModules } from '../data/apply/guests.ts';
import type { Applied } from '../data/apply/outcome.ts';
import type { FromWorker, ToWorker, WorkerFigures, WorkerOptions } from './messages.ts';

export interface SlotEvents {
  /** Without the answers of calls. */
  message(slot: WorkerSlot, message: FromWorker): void;
  /** The thread has ended. */
  gone(slot: WorkerSlot): void;
}

export type SlotState = 'starting' | 'serving' | 'draining' | 'silent' | 'ended';

/** Why a worker did not apply a snapshot. */
export interface Died {
  /** One line. */
  readonly reason: string;
  /** It died while it was at it. */
  readonly began: boolean;
}

export function isDied(outcome: Applied | Died): outcome is Died {
  return 'began' in outcome;
}

interface Pending<T> {
  readonly resolve: (answer: T) => void;
  readonly version: number;
}

/** The entry beside this file, in `src/` and in `dist/` alike. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
);

/**
 * A request leaves some 6 KB of garbage and hardly anything that lives, so a small young generation
 * is collected often and for next to nothing; see docs/decisions/0004-memory.md.
 */
const YOUNG_MB_MAX = 12;

export class WorkerSlot {
  readonly index: number;
  /** Unique over the process's life: a replacement has another. */
  readonly source: number;
  state: SlotState = 'starting';
  readonly startedMs: number;
  /** Resolves when the thread has stopped or ended. */
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #events: SlotEvents;
  readonly #figures = new Map<number, Pending<WorkerFigures | null>>();
  readonly #applies = new Map<number, Pending<Applied | Died>>();
  readonly #end = Promise.withResolvers<void>();
  #nextCall = 0;
  #version = 0;
  #applying = false;
  #error: unknown = null;
  #reason = '';

  constructor(options: WorkerOptions, source: number, nowMs: number, events: SlotEvents) {
    this.index = options.index;
    this.source = source;
    this.startedMs = nowMs;
    this.ended = this.#end.promise;
    this.#events = events;
    this.#worker = new Worker(ENTRY, {
      workerData: options,
      name: `tulle-${options.index}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB_MAX },
    });
    this.#worker.on('message', (message: FromWorker) => this.#message(message));
    this.#worker.on('error', (error: unknown) => {
      this.#error = error;
    });
    this.#worker.on('exit', (code) => this.#exit(code));
  }

  /** Of the snapshot it has in force; 0 for none. */
  get version(): number {
    return this.#version;
  }

  /** Why the thread ended, in one line; '' while it runs. */
  get reason(): string {
    return this.#reason;
  }

  /** The same, with the stack where there is one. */
  get details(): string {
    const error = this.#error;
    return error instanceof Error ? (error.stack ?? this.#reason) : this.#reason;
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  /** The worker takes the snapshot into force; never rejects. */
  apply(snapshot: Snapshot, guests: GuestModules): Promise<Applied | Died> {
    if (this.state === 'ended') return Promise.resolve({ reason: this.reason, began: false });
    const call = this.#nextCall++;
    return new Promise((resolve) => {
      this.#applies.set(call, { resolve, version: snapshot.version });
      this.post({ type: 'apply', call, snapshot, guests });
    });
  }

  /** Null when the worker does not answer within `timeoutMs`. */
  figures(timeoutMs: number): Promise<WorkerFigures | null> {
    if (this.state === 'ended' || this.state === 'silent') return Promise.resolve(null);
    const call = this.#nextCall++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answerFigures(call, null), timeoutMs);
      const answer = (figures: WorkerFigures | null): void => {
        clearTimeout(timer);
        resolve(figures);
      };
      this.#figures.set(call, { resolve: answer, version: 0 });
      this.post({ type: 'figures', call });
    });
  }

  /** Resolves when the worker has said this, or is gone. */
  said(type: 'notListening' | 'drained'): Promise<void> {
    return new Promise((resolve) => {
      const listener = (message: FromWorker): void => {
        if (message.type === type) resolve();
      };
      this.#worker.on('message', listener);
      void this.ended.then(resolve);
    });
  }

  /** Ends the thread, whatever it is doing. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  #message(message: FromWorker): void {
    switch (message.type) {
      case 'applying':
        this.#applying = true;
        break;
      case 'applied':
        this.#answerApply(message.call, message.applied);
        break;
      case 'figures':
        this.#answerFigures(message.call, message.figures);
        break;
      case 'stopped':
        void this.terminate();
        break;
      default:
        this.#events.message(this, message);
    }
  }

  #answerApply(call: number, applied: Applied): void {
    const pending = this.#applies.get(call);
    if (pending === undefined) return;
    this.#applies.delete(call);
    this.#applying = false;
    this.#version = pending.version;
    if (this.state === 'starting') this.state = 'serving';
    pending.resolve(applied);
  }

  #answerFigures(call: number, figures: WorkerFigures | null): void {
    const pending = this.#figures.get(call);
    this.#figures.delete(call);
    pending?.resolve(figures);
  }

  #exit(code: number): void {
    this.#reason = this.#reasonOf(code);
    this.state = 'ended';
    this.#end.resolve();
    for (const call of this.#figures.keys()) this.#answerFigures(call, null);
    const died = { reason: this.#reason, began: this.#applying };
    for (const { resolve } of this.#applies.values()) resolve(died);
    this.#applies.clear();
    this.#events.gone(this);
  }

  #reasonOf(code: number): string {
    if (this.state === 'silent') return 'its event loop stood still';
    const error = this.#error;
    if (error === null) return `exit code ${code}`;
    return error instanceof Error ? error.message : String(error);
  }
}
