/**
 * Keeps N workers serving the snapshot in force. A worker that dies or whose event loop stands
 * still is replaced by a new one with the same snapshot; the others notice nothing. A worker that
 * dies at its start again and again is started with growing pauses.
 */

import type { Clock } from '../base/clock.ts';
import { LIMITS } from '../base/limits.ts';
import type { Log } from '../base/log.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { BindFailure } from '../data/apply/data-plane.ts';
import { type GuestModules, NO_GUESTS } from '../data/apply/guests.ts';
import { MetricsDirectory } from '../observe/directory.ts';
import type { TapBatch } from '../observe/tap.ts';
import { InstanceBudget } from '../runtime/instance/budget.ts';
import { BEAT_MS, type FromWorker, type WorkerOptions } from './messages.ts';
import type { UpOptions } from './options.ts';
import { WorkerSlot } from './worker-slot.ts';

const RESTART_FIRST_MS = 100;
const RESTART_MAX_MS = 5_000;
/** A worker that lived longer than this did not die at its start. */
const SETTLED_MS = 10_000;
/** Grace for a worker to close its log before it is ended. */
const STOP_MS = 1_000;

export interface SupervisorDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Lines of tapped access logs. */
  onTap(batch: TapBatch): void;
}

export class Supervisor {
  readonly metrics: MetricsDirectory = new MetricsDirectory();
  readonly #options: UpOptions;
  readonly #deps: SupervisorDeps;
  readonly #beats: Int32Array<SharedArrayBuffer>;
  readonly #budget: InstanceBudget;
  readonly #slots: WorkerSlot[] = [];
  readonly #replaced: number[];
  readonly #restartMs: number[];
  readonly #applied = new Map<string, (failures: readonly BindFailure[]) => void>();
  #snapshot: Snapshot | null = null;
  #guests: GuestModules = NO_GUESTS;
  #nextSource = 1;
  #tapping = false;
  #draining = false;
  #stopping = false;
  #watchdog: NodeJS.Timeout | null = null;
  #drained: (() => void) | null = null;
  #lastCheckMs = 0;

  constructor(options: UpOptions, deps: SupervisorDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#beats = new Int32Array(new SharedArrayBuffer(4 * options.workers));
    this.#budget = InstanceBudget.create(options.workers + 1);
    this.#replaced = Array.from({ length: options.workers }, () => 0);
    this.#restartMs = Array.from({ length: options.workers }, () => RESTART_FIRST_MS);
  }

  get slots(): readonly WorkerSlot[] {
    return this.#slots;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** How often the place has been filled anew. */
  replacedOf(index: number): number {
    return this.#replaced[index] ?? 0;
  }

  start(): void {
    for (let index = 0; index < this.#options.workers; index++) this.#fill(index);
    this.#lastCheckMs = this.#deps.clock.now();
    this.#watchdog = setInterval(() => this.#check(), BEAT_MS);
  }

  /** Takes a snapshot into force everywhere; resolves with what could not be listened on. */
  async apply(snapshot: Snapshot, guests: GuestModules): Promise<readonly BindFailure[]> {
    this.#snapshot = snapshot;
    this.#guests = guests;
    const all = await Promise.all(this.#slots.map((slot) => this.#applyTo(slot)));
    return all.flat();
  }

  /** Answers what is in flight; resolves when all is answered or the time is up. */
  async drain(): Promise<boolean> {
    this.#draining = true;
    const drained = new Promise<boolean>((resolve) => {
      this.#drained = () => resolve(true);
      setTimeout(() => resolve(false), this.#options.drainMs);
    });
    for (const slot of this.#slots) {
      if (slot.state === 'ended') continue;
      slot.state = 'draining';
      slot.post({ type: 'drain' });
    }
    this.#checkDrained();
    return drained;
  }

  /** Ends all workers. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    for (const slot of this.#slots) slot.post({ type: 'stop' });
    await Promise.all(this.#slots.map((slot) => this.#end(slot)));
  }

  reopenLogs(): void {
    for (const slot of this.#slots) slot.post({ type: 'reopen' });
  }

  tap(on: boolean): void {
    this.#tapping = on;
    for (const slot of this.#slots) slot.post({ type: 'tap', on });
  }

  #fill(index: number): void {
    const { accessLog, accessLogFormat, logLevel } = this.#options;
    const options: WorkerOptions = {
      index,
      accessLog,
      accessLogFormat,
      logLevel,
      beats: this.#beats.buffer,
      instanceBudget: this.#budget.shared,
    };
    const slot = new WorkerSlot(options, this.#nextSource++, this.#deps.clock.now(), {
      message: (from, message) => this.#message(from, message),
      gone: (from, error) => this.#gone(from, error),
    });
    this.#slots[index] = slot;
    if (this.#tapping) slot.post({ type: 'tap', on: true });
    if (this.#snapshot !== null) void this.#applyTo(slot);
  }

  #applyTo(slot: WorkerSlot): Promise<readonly BindFailure[]> {
    const snapshot = this.#snapshot;
    if (snapshot === null || slot.state === 'ended') return Promise.resolve([]);
    return new Promise((resolve) => {
      this.#applied.set(`${slot.source} ${snapshot.version}`, resolve);
      slot.post({ type: 'apply', snapshot, guests: this.#guests });
    });
  }

  #message(slot: WorkerSlot, message: FromWorker): void {
    switch (message.type) {
      case 'applied':
        slot.version = message.version;
        if (slot.state === 'starting') slot.state = 'serving';
        this.#settle(`${slot.source} ${message.version}`, message.failures);
        break;
      case 'drained':
        slot.state = 'ended';
        this.#checkDrained();
        break;
      case 'tap':
        this.#deps.onTap(message.batch);
        break;
      case 'defineMetric':
        this.metrics.define(slot.source, message.definition);
        break;
      case 'retireMetric':
        this.metrics.retire(slot.source, message.id);
        slot.post({ type: 'confirmRetired', id: message.id });
        break;
      case 'log':
        this.#deps.log.write(message.level, message.message, message.fields);
        break;
      default:
        break;
    }
  }

  #settle(key: string, failures: readonly BindFailure[]): void {
    this.#applied.get(key)?.(failures);
    this.#applied.delete(key);
  }

  #gone(slot: WorkerSlot, error: string): void {
    this.metrics.ended(slot.source);
    this.#budget.reclaim(slot.index + 1);
    for (const key of this.#applied.keys()) {
      if (key.startsWith(`${slot.source} `)) this.#settle(key, []);
    }
    this.#checkDrained();
    if (this.#stopping || this.#draining) return;
    this.#replaced[slot.index] = this.replacedOf(slot.index) + 1;
    const livedMs = this.#deps.clock.now() - slot.startedMs;
    const waitMs = livedMs > SETTLED_MS ? 0 : (this.#restartMs[slot.index] ?? RESTART_FIRST_MS);
    this.#restartMs[slot.index] =
      livedMs > SETTLED_MS ? RESTART_FIRST_MS : Math.min(waitMs * 2, RESTART_MAX_MS);
    const fields = { worker: slot.index, error: error || undefined, restartMs: waitMs };
    this.#deps.log.write('error', 'a worker ended and is replaced', fields);
    setTimeout(() => {
      if (!this.#stopping && !this.#draining) this.#fill(slot.index);
    }, waitMs);
  }

  /** Finds workers whose event loop stands still. */
  #check(): void {
    const nowMs = this.#deps.clock.now();
    // Time this thread itself could not run counts for nobody.
    const lateMs = Math.max(0, nowMs - this.#lastCheckMs - 2 * BEAT_MS);
    this.#lastCheckMs = nowMs;
    for (const slot of this.#slots) {
      const beats = Atomics.load(this.#beats, slot.index);
      if (beats !== slot.beats || slot.state === 'starting' || slot.state === 'ended') {
        slot.beats = beats;
        slot.beatMs = nowMs;
      } else slot.beatMs += lateMs;
      if (nowMs - slot.beatMs < LIMITS.workerBeatMs || slot.state === 'silent') continue;
      slot.state = 'silent';
      const fields = { worker: slot.index, silentMs: Math.round(nowMs - slot.beatMs) };
      this.#deps.log.write('error', 'a worker does not answer and is ended', fields);
      void slot.terminate();
    }
  }

  #checkDrained(): void {
    if (this.#draining && this.#slots.every((slot) => slot.state === 'ended')) this.#drained?.();
  }

  async #end(slot: WorkerSlot): Promise<void> {
    const timer = setTimeout(() => void slot.terminate(), STOP_MS);
    await slot.ended;
    clearTimeout(timer);
  }
}
