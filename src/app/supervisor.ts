/**
 * Keeps N workers serving what is in force. A worker that dies or whose event loop stands still is
 * replaced by a new one with the same configuration; the others notice nothing.
 *
 * A change goes to one worker first. Should that one not survive it, the change is refused, the
 * others never see it, and the replacement gets what was in force before.
 */

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { systemScheduler } from '../base/scheduler.ts';
import type { Applied } from '../data/apply/outcome.ts';
import { MetricsDirectory } from '../observe/directory.ts';
import type { TapBatch } from '../observe/tap.ts';
import { InstanceBudget } from '../runtime/instance/budget.ts';
import { createSharedState, type ThreadSharedState } from '../runtime/proxy-wasm/shared-state.ts';
import type { InForce } from './in-force.ts';
import { BEAT_MS, type FromWorker, type WorkerOptions } from './messages.ts';
import type { UpOptions } from './options.ts';
import { Restarts } from './restarts.ts';
import { Watchdog } from './watchdog.ts';
import { type Died, isDied, WorkerSlot } from './worker-slot.ts';

/** More than a worker takes to close its sockets, unless it hangs. */
const CLOSE_MS = 500;
/** Grace for a worker to close its log before it is ended. */
const STOP_MS = 1_000;

export interface SupervisorDeps {
  readonly clock: Clock;
  readonly log: Log;
}

export class Supervisor {
  readonly metrics: MetricsDirectory = new MetricsDirectory();
  /** Gets the lines of tapped access logs. */
  onTap: (batch: TapBatch) => void = () => {};
  readonly #options: UpOptions;
  readonly #deps: SupervisorDeps;
  readonly #beats: Int32Array<SharedArrayBuffer>;
  readonly #budget: InstanceBudget;
  readonly #shared: ThreadSharedState;
  readonly #watchdog: Watchdog;
  readonly #slots: WorkerSlot[] = [];
  readonly #restarts: readonly Restarts[];
  #inForce: InForce | null = null;
  #nextSource = 1;
  #tapping = false;
  #stopping = false;
  #timer: NodeJS.Timeout | undefined;
  #draining = false;

  constructor(options: UpOptions, deps: SupervisorDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#beats = new Int32Array(new SharedArrayBuffer(4 * options.workers));
    this.#budget = InstanceBudget.create(options.workers + 1);
    this.#shared = createSharedState(systemScheduler, options.workers);
    this.#watchdog = new Watchdog(deps.clock, this.#beats);
    this.#restarts = Array.from({ length: options.workers }, () => new Restarts());
  }

  get slots(): readonly WorkerSlot[] {
    return this.#slots;
  }

  /** Wasm instances of all workers. */
  get liveInstances(): number {
    return this.#budget.live;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** How often the place has been filled anew. */
  replacedOf(index: number): number {
    return this.#restarts[index]?.count ?? 0;
  }

  /** The workers load their code and wait for something to serve. */
  start(): void {
    for (let index = 0; index < this.#options.workers; index++) this.#fill(index);
    this.#timer = setInterval(() => this.#check(), BEAT_MS);
  }

  /**
   * Takes `next` into force. `settle` turns what came of it into what is kept, for the workers after
   * the first and for all replacements. A {@link Died}: a worker did not survive it, and what was in
   * force before still is. The very first configuration goes to all workers at once.
   */
  async apply(next: InForce, settle: (applied: Applied) => InForce): Promise<Applied | Died> {
    if (this.#inForce === null) return this.#applyFirst(next, settle);
    const trial = await this.#tryOut(next);
    if (trial !== null && isDied(trial.outcome)) return trial.outcome;
    const tried = trial === null ? [] : [trial.outcome];
    this.#inForce = trial === null ? next : settle(merged(tried));
    const others = this.#slots.filter((slot) => slot !== trial?.slot && slot.state !== 'ended');
    const applied = merged([...tried, ...(await applyTo(others, this.#inForce))]);
    if (trial === null) this.#inForce = settle(applied);
    return applied;
  }

  async #applyFirst(next: InForce, settle: (applied: Applied) => InForce): Promise<Applied | Died> {
    const outcomes = await applyTo(this.#slots, next);
    const died = outcomes.find(isDied);
    if (died !== undefined) return died;
    const applied = merged(outcomes);
    this.#inForce = settle(applied);
    return applied;
  }

  /**
   * True when every request is answered; false at the deadline, or when `cut` resolves before. All
   * workers stop listening before the first tells its clients to go: they would come back to the
   * workers that still listen.
   */
  async drain(cut: Promise<unknown>): Promise<boolean> {
    this.#draining = true;
    const { promise, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(() => resolve(false), this.#options.drainMs);
    void cut.then(() => resolve(false));
    const drained = await Promise.race([this.#drainAll(), promise]);
    clearTimeout(timer);
    return drained;
  }

  /** Ends all workers. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await Promise.all(this.#slots.map((slot) => this.#end(slot)));
  }

  reopenLogs(): void {
    for (const slot of this.#slots) slot.post({ type: 'reopen' });
  }

  tap(on: boolean): void {
    this.#tapping = on;
    for (const slot of this.#slots) slot.post({ type: 'tap', on });
  }

  async #drainAll(): Promise<true> {
    await this.#tellAll('stopListening', 'notListening', CLOSE_MS);
    await this.#tellAll('drain', 'drained', Number.POSITIVE_INFINITY);
    return true;
  }

  /** Resolves when all workers that run have answered, or the time is up. */
  async #tellAll(
    type: 'stopListening' | 'drain',
    answer: 'notListening' | 'drained',
    timeoutMs: number,
  ): Promise<void> {
    const answers = this.#slots
      .filter(({ state }) => state !== 'ended')
      .map((slot) => {
        slot.state = 'draining';
        slot.post({ type });
        return slot.said(answer);
      });
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = timeoutMs === Number.POSITIVE_INFINITY ? null : setTimeout(resolve, timeoutMs);
    await Promise.race([Promise.all(answers), promise]);
    if (timer !== null) clearTimeout(timer);
  }

  #fill(index: number): void {
    const { accessLog, accessLogFormat, logLevel, record = '' } = this.#options;
    const options: WorkerOptions = {
      index,
      accessLog,
      accessLogFormat,
      record,
      logLevel,
      beats: this.#beats.buffer,
      instanceBudget: this.#budget.shared,
      sharedState: this.#shared.shared,
    };
    const slot = new WorkerSlot(options, this.#nextSource++, this.#deps.clock.now(), {
      message: (from, message) => this.#message(from, message),
      gone: (from) => this.#gone(from),
    });
    this.#slots[index] = slot;
    if (this.#tapping) slot.post({ type: 'tap', on: true });
    if (this.#inForce === null) return;
    const { snapshot, guests } = this.#inForce;
    // What cannot be listened on is known already, and tried again by whoever knows.
    void slot.apply(snapshot, guests);
  }

  /** One worker takes it; null when none runs. */
  async #tryOut({ snapshot, guests }: InForce): Promise<Trial | null> {
    const candidates = this.#slots.filter(({ state }) => state === 'serving');
    for (const slot of candidates) {
      const outcome = await slot.apply(snapshot, guests);
      // One that died before it had begun died of something else.
      if (!isDied(outcome) || outcome.began) return { slot, outcome };
    }
    return null;
  }

  #message(slot: WorkerSlot, message: FromWorker): void {
    switch (message.type) {
      case 'tap':
        this.onTap(message.batch);
        break;
      case 'defineMetrics':
        for (const definition of message.definitions) this.metrics.define(slot.source, definition);
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

  #gone(slot: WorkerSlot): void {
    this.metrics.ended(slot.source);
    this.#budget.reclaim(slot.index + 1);
    this.#shared.reclaim(slot.index);
    if (this.#stopping) return;
    const { log, clock } = this.#deps;
    const fields = { worker: slot.index, error: slot.details };
    if (this.#draining) {
      log.write('error', 'a worker ended while it drained', fields);
      return;
    }
    // The very first configuration is refused where a worker does not survive it.
    if (this.#inForce === null) return;
    const restartMs = this.#restarts[slot.index]?.next(clock.now() - slot.startedMs);
    log.write('error', 'a worker ended and is replaced', { ...fields, restartMs });
    setTimeout(() => {
      if (!this.#stopping && !this.#draining) this.#fill(slot.index);
    }, restartMs).unref();
  }

  /** Ends workers whose event loop stands still; {@link #gone} replaces them. */
  #check(): void {
    const running = this.#slots.filter(({ state }) => state !== 'ended' && state !== 'silent');
    for (const { worker, silentMs } of this.#watchdog.check(running)) {
      worker.state = 'silent';
      const fields = { worker: worker.index, silentMs: Math.round(silentMs) };
      this.#deps.log.write('error', 'a worker does not answer and is ended', fields);
      void worker.terminate();
    }
  }

  /** One that serves closes its log first. */
  async #end(slot: WorkerSlot): Promise<void> {
    if (slot.state === 'starting' || slot.state === 'silent') await slot.terminate();
    slot.post({ type: 'stop' });
    const timer = setTimeout(() => void slot.terminate(), STOP_MS);
    await slot.ended;
    clearTimeout(timer);
  }
}

interface Trial {
  readonly slot: WorkerSlot;
  readonly outcome: Applied | Died;
}

function applyTo(
  slots: readonly WorkerSlot[],
  { snapshot, guests }: InForce,
): Promise<(Applied | Died)[]> {
  return Promise.all(slots.map((slot) => slot.apply(snapshot, guests)));
}

/** Workers that died meanwhile add nothing: their replacements start with what is in force. */
function merged(outcomes: readonly (Applied | Died)[]): Applied {
  const all = outcomes.filter((outcome): outcome is Applied => !isDied(outcome));
  return {
    bindFailures: all.flatMap(({ bindFailures }) => bindFailures),
    filterFailures: all[0]?.filterFailures ?? [],
  };
}
