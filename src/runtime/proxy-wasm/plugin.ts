/**
 * A configured filter in one worker, over the life of several guests. It starts one at once; when a
 * guest traps, the next one starts straight away if the old one had lived for a while, else after a
 * jittered wait of a second, which grows while guests go on trapping. A filter that never came up (bad start, refused configuration)
 * stays down: only another configuration helps.
 */

import { LIMITS } from '../../base/limits.ts';
import type { TimerHandle } from '../../base/scheduler.ts';
import type { Counter, Gauge } from '../../observe/metric.ts';
import type { PluginDeps, PluginSpec } from './host.ts';
import { linkerOf } from './link.ts';
import { MetricTable } from './metric-table.ts';
import type { BindImports, VmOwner } from './vm.ts';
import { Vm } from './vm.ts';

/**
 * Two starts lie at least this far apart, and at most half as much again. The distance doubles each
 * time a guest does not even live that long.
 */
const RESTART_MS = 1_000;
const RESTART_MS_MAX = 32_000;

export class Plugin implements VmOwner {
  readonly spec: PluginSpec;
  readonly deps: PluginDeps;
  readonly metrics: MetricTable;
  readonly #module: WebAssembly.Module;
  readonly #bind: BindImports | null;
  readonly #traps: Counter;
  readonly #starts: Counter;
  readonly #running: Gauge;
  #vm: Vm | null = null;
  #starting: Vm | null = null;
  #problem: string | null = null;
  #startedMs = 0;
  #apartMs = RESTART_MS;
  #restart: TimerHandle | null = null;
  #restartAtMs = 0;
  #streams = 0;
  #retired = false;
  #deadline: TimerHandle | null = null;

  constructor(module: WebAssembly.Module, spec: PluginSpec, deps: PluginDeps) {
    this.spec = spec;
    this.deps = deps;
    this.#module = module;
    this.#bind = linkerOf(module);
    this.metrics = new MetricTable(deps.metrics, spec.id);
    const labels = { filter: spec.id };
    const { metrics } = deps;
    this.#traps = metrics.counter('tulle_filter_traps_total', 'Wasm filters that trapped.', labels);
    this.#starts = metrics.counter('tulle_filter_starts_total', 'Wasm filters started.', labels);
    this.#running = metrics.gauge('tulle_filter_running', 'Wasm filters that serve.', labels);
    this.#start();
    if (this.#vm === null) this.#log(`wasm filter is not in force: it ${this.#problem}`);
  }

  /** The guest that serves now; null while there is none. A restart that is due happens here. */
  get vm(): Vm | null {
    if (this.#vm === null && this.#restart !== null && this.deps.clock.now() >= this.#restartAtMs) {
      this.deps.scheduler.clear(this.#restart);
      this.#startAgain();
    }
    return this.#vm;
  }

  /** Why there is no guest; null while one serves. */
  get problem(): string | null {
    return this.#vm === null ? this.#problem : null;
  }

  /** A stream of this plugin begins; each must end with {@link streamEnded}. */
  streamStarted(): void {
    this.#streams++;
  }

  streamEnded(): void {
    this.#streams--;
    if (this.#retired && this.#streams === 0) this.#shutDown();
  }

  /** No stream begins any more; the guest goes once the last one has ended. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    if (this.#restart !== null) this.deps.scheduler.clear(this.#restart);
    if (this.#streams === 0) this.#shutDown();
  }

  /** For the guest. */
  vmDied(vm: Vm, reason: string): void {
    if (vm === this.#starting) return;
    this.#traps.add(1);
    this.#vm = null;
    this.#running.add(-1);
    this.#problem = `trapped: ${reason}`;
    if (!this.#retired) this.#restartLater();
    else this.#forget();
  }

  /** For the guest. */
  vmFinished(vm: Vm): void {
    if (vm !== this.#vm) return;
    this.#vm = null;
    this.#running.add(-1);
    this.#forget();
  }

  #start(): void {
    this.#startedMs = this.deps.clock.now();
    this.#starts.add(1);
    if (this.#bind === null) {
      this.#problem = 'speaks no version of the proxy-wasm ABI that is served';
      return;
    }
    if (!this.deps.budget.acquire()) {
      this.#problem = `has no room: ${LIMITS.instancesMax} Wasm instances are live`;
      return;
    }
    const vm = new Vm(this);
    this.#starting = vm;
    this.#problem = vm.start(this.#module, this.#bind);
    this.#starting = null;
    if (this.#problem !== null) {
      vm.discard();
      return;
    }
    this.#vm = vm;
    this.#running.add(1);
  }

  #restartLater(): void {
    const livedMs = this.deps.clock.now() - this.#startedMs;
    if (livedMs >= this.#apartMs * 2) this.#apartMs = RESTART_MS;
    this.#restartAtMs = this.#startedMs + this.#apartMs * (1 + this.deps.random() / 2);
    if (livedMs < this.#apartMs) this.#apartMs = Math.min(this.#apartMs * 2, RESTART_MS_MAX);
    const waitMs = Math.max(0, this.#restartAtMs - this.deps.clock.now());
    this.#restart = this.deps.scheduler.setTimeout(() => this.#startAgain(), waitMs);
  }

  #startAgain(): void {
    this.#restart = null;
    this.#start();
    if (this.#vm === null) this.#restartLater();
  }

  /** The guest may ask for time to finish, which is bounded. */
  #shutDown(): void {
    const vm = this.#vm;
    if (vm === null) {
      this.#forget();
      return;
    }
    vm.shutDown();
    if (!vm.parked) return;
    this.#deadline = this.deps.scheduler.setTimeout(() => vm.finish(), LIMITS.drainMs);
  }

  #forget(): void {
    if (this.#deadline !== null) this.deps.scheduler.clear(this.#deadline);
    this.#deadline = null;
    this.metrics.release();
    this.deps.metrics.release([this.#traps, this.#starts, this.#running]);
  }

  #log(message: string): void {
    this.deps.log.write('error', message, { filter: this.spec.id, root: this.spec.rootId });
  }
}
