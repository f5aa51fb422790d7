/**
 * One running guest: an instance of a plugin's module with its root context and the contexts of the
 * streams in flight. Everything that enters the guest goes through {@link Vm.run}:
 *
 * - The guest is never entered while it runs. What a host call asks for that could lead back into
 *   it waits in a queue and is carried out once the guest has returned.
 * - A trap kills the guest: all its streams are told, nothing enters it any more.
 */

import { LIMITS } from '../../base/limits.ts';
import { CpuLimit } from '../instance/cpu-limit.ts';
import { CalloutTable } from './callout-table.ts';
import type { GuestExports, GuestFunction } from './exports.ts';
import { readExports } from './exports.ts';
import { GuestMemory } from './guest-memory.ts';
import { guestStack, keepDeepStacks, trapMessage } from './guest-stack.ts';
import type { PluginDeps, PluginSpec } from './host.ts';
import type { MetricTable } from './metric-table.ts';
import { ROOT_ID } from './status.ts';
import type { GuestStream } from './stream.ts';
import { StreamTable } from './stream-table.ts';
import { TickTimer } from './tick-timer.ts';

const WARNINGS_MAX = 100;

/** Thrown by `proc_exit`: ends the guest as a trap does, unless it comes from `_start` with 0. */
export class GuestExit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`the guest called proc_exit(${code})`);
    this.code = code;
  }
}

/** What a {@link Vm} belongs to. */
export interface VmOwner {
  readonly spec: PluginSpec;
  readonly deps: PluginDeps;
  readonly metrics: MetricTable;
  /** The guest is dead; its streams have not been told yet. */
  vmDied(vm: Vm, reason: string): void;
  /** The root context is gone after `proxy_done`. */
  vmFinished(vm: Vm): void;
}

/** Makes the imports of a guest. */
export type BindImports = (vm: Vm) => WebAssembly.Imports;

export class Vm {
  readonly spec: PluginSpec;
  readonly deps: PluginDeps;
  readonly metrics: MetricTable;
  readonly ticks: TickTimer;
  readonly callouts: CalloutTable;
  /** The stream host calls are about; null: the root context. */
  stream: GuestStream | null = null;
  dead = false;
  /** Properties the guest has declared; true: to be set once. */
  readonly declared = new Map<string, boolean>();
  /** `proxy_on_vm_start` runs. */
  startingVm = false;
  /** `proxy_on_done` of the root gave false: `proxy_done` is awaited. */
  parked = false;
  // What the running callback is about; null outside of it.
  callFields: string[] | null = null;
  callTrailers: string[] | null = null;
  callBody: Uint8Array | null = null;
  grpcInitial: string[] | null = null;
  grpcTrailing: string[] | null = null;
  grpcMessage: Uint8Array | null = null;
  callData: Uint8Array | null = null;
  /** For `proxy_get_status`. */
  status = 0;
  statusMessage = '';
  readonly #owner: VmOwner;
  readonly #cpu: CpuLimit;
  readonly #streams = new StreamTable(ROOT_ID + 1);
  #memory: GuestMemory | null = null;
  #exports: GuestExports | null = null;
  #later: (() => void)[] = [];
  #running = false;
  #held = true;
  #warnings = 0;

  /** `owner.deps.budget` has admitted it already. */
  constructor(owner: VmOwner) {
    this.spec = owner.spec;
    this.deps = owner.deps;
    this.metrics = owner.metrics;
    this.#owner = owner;
    this.#cpu = new CpuLimit(owner.deps.clock, LIMITS.filterStartMs);
    this.ticks = new TickTimer(owner.deps.scheduler, () => {
      this.run(null, this.exports.tick, ROOT_ID);
    });
    this.callouts = new CalloutTable(this);
    keepDeepStacks();
  }

  /** Instantiates, starts and configures the guest; a reason when it cannot serve. */
  start(module: WebAssembly.Module, bind: BindImports): string | null {
    this.deps.working?.();
    this.#cpu.onLook = this.deps.working ?? null;
    try {
      const watch = this.deps.watch?.(this.spec);
      const imports = bind(this);
      const instance = new WebAssembly.Instance(module, watch?.imports(imports) ?? imports);
      this.#cpu.bind(instance);
      const exports = watch?.exports(instance.exports) ?? instance.exports;
      const memory = exports['memory'];
      if (!(memory instanceof WebAssembly.Memory)) return 'the module exports no memory';
      this.#memory = new GuestMemory(memory);
      this.#exports = readExports(exports);
      if (this.#exports === null) return 'the module exports neither malloc nor its substitute';
      this.#running = true;
      runStartFunctions(exports);
    } catch (error) {
      this.#report('could not start', error);
      return `could not start: ${this.#why(error)}`;
    } finally {
      this.#running = false;
    }
    const problem = this.#startRoot(this.#exports);
    this.#cpu.onLook = null;
    this.#cpu.limitMs = this.spec.cpuMs ?? LIMITS.filterCpuMs;
    return problem;
  }

  #startRoot(exports: GuestExports): string | null {
    this.run(null, exports.contextCreate, ROOT_ID, 0);
    if (this.dead) return this.#diedIn('proxy_on_context_create');
    this.startingVm = true;
    const started =
      exports.vmStart === null ||
      this.run(null, exports.vmStart, ROOT_ID, this.spec.vmConfiguration.length) !== 0;
    this.startingVm = false;
    if (this.dead) return this.#diedIn('proxy_on_vm_start');
    if (!started) return 'refused to start (proxy_on_vm_start gave false)';
    const configured =
      exports.configure === null ||
      this.run(null, exports.configure, ROOT_ID, this.spec.configuration.length) !== 0;
    if (this.dead) return this.#diedIn('proxy_on_configure');
    return configured ? null : 'refused its configuration (proxy_on_configure gave false)';
  }

  #diedIn(callback: string): string {
    return `${this.#cpu.exceeded ? this.#cpu.reason : 'trapped'} in ${callback}`;
  }

  get memory(): GuestMemory {
    if (this.#memory === null) throw new Error('the guest has no memory before it is started');
    return this.#memory;
  }

  get exports(): GuestExports {
    if (this.#exports === null) throw new Error('the guest has no exports before it is started');
    return this.#exports;
  }

  /** Enters the guest on behalf of a stream (null: the root). 0 where it is dead or has no `fn`. */
  run(stream: GuestStream | null, fn: GuestFunction | null, a: number, b = 0, c = 0): number {
    if (fn === null || this.dead) return 0;
    if (this.#running) throw new Error('a guest must not be entered while it runs');
    this.stream = stream;
    this.#running = true;
    this.#cpu.begin();
    let result = 0;
    try {
      result = fn(a, b, c) ?? 0;
    } catch (error) {
      this.#running = false;
      this.stream = null;
      this.#die(error);
      return 0;
    }
    this.#running = false;
    this.stream = null;
    if (this.#later.length > 0) this.#carryOut();
    return result;
  }

  /** Runs `action` once the guest has returned: now, where it does not run. */
  later(action: () => void): void {
    this.#later.push(action);
    if (!this.#running) this.#carryOut();
  }

  /** Guest memory for `length` bytes, 0 when it has none to give. May move the memory. */
  allocate(length: number): number {
    const at = (this.exports.allocate(length) ?? 0) >>> 0;
    return at !== 0 && this.memory.has(at, length) ? at : 0;
  }

  createStream(stream: GuestStream): void {
    if (!this.#streams.add(stream)) return;
    stream.created = true;
    this.run(stream, this.exports.contextCreate, stream.id, ROOT_ID);
  }

  /** The stream is over: all filters of it log before the first of them ends. */
  logStream(stream: GuestStream): void {
    if (stream.created) this.run(stream, this.exports.log, stream.id);
  }

  /** Done, delete, after {@link logStream}; `done`'s result does not count for streams. */
  endStream(stream: GuestStream): void {
    if (!stream.created) return;
    this.run(stream, this.exports.done, stream.id);
    this.#deleteStream(stream);
  }

  /** Done, log, delete, in the order of TCP filters. */
  endConnection(stream: GuestStream): void {
    if (!stream.created) return;
    this.run(stream, this.exports.done, stream.id);
    this.run(stream, this.exports.log, stream.id);
    this.#deleteStream(stream);
  }

  #deleteStream(stream: GuestStream): void {
    this.run(stream, this.exports.delete, stream.id);
    stream.created = false;
    this.#streams.remove(stream);
  }

  /** Sets what further host calls are about; false for an unknown context. */
  setEffective(id: number): boolean {
    if (id === ROOT_ID) {
      this.stream = null;
      return true;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) return false;
    this.stream = stream;
    return true;
  }

  /** Ends the root context; the guest may ask for time until it calls `proxy_done`. */
  shutDown(): void {
    if (this.dead) return;
    const done = this.exports.done === null || this.run(null, this.exports.done, ROOT_ID) !== 0;
    if (this.dead) return;
    if (done) this.finish();
    else this.parked = true;
  }

  /** Deletes the root context; nothing enters the guest afterwards. */
  finish(): void {
    if (this.dead) return;
    this.parked = false;
    this.run(null, this.exports.delete, ROOT_ID);
    this.dead = true;
    this.#letGo();
    this.#owner.vmFinished(this);
  }

  /** A message of the host about what this guest does; the first hundred are logged. */
  warn(message: string): void {
    if (this.#warnings >= WARNINGS_MAX) return;
    this.#warnings++;
    this.deps.log.write('warn', message, { filter: this.spec.id, root: this.spec.rootId });
  }

  /** Frees what a guest that was never started, or is no more, holds. */
  discard(): void {
    this.dead = true;
    this.#letGo();
  }

  #die(error: unknown): void {
    if (this.dead) return;
    this.dead = true;
    this.#report('trapped', error);
    if (this.#cpu.exceeded) this.#countCpuTrip();
    this.#later = [];
    this.#letGo();
    const streams = [...this.#streams];
    this.#streams.clear();
    this.#owner.vmDied(this, this.#why(error));
    for (const stream of streams) stream.vmDied();
  }

  #letGo(): void {
    this.ticks.stop();
    this.callouts.cancelAll();
    this.deps.shared.queues.leave(this.queueReady);
    if (!this.#held) return;
    this.#held = false;
    this.deps.budget.release();
  }

  /** Consumer of the shared queues this guest registers. */
  readonly queueReady = (token: number): void => {
    if (!this.dead) this.run(null, this.exports.queueReady, ROOT_ID, token);
  };

  #carryOut(): void {
    while (this.#later.length > 0) {
      const actions = this.#later;
      this.#later = [];
      for (const action of actions) action();
    }
  }

  #countCpuTrip(): void {
    const help = 'Times a limit stopped something, by its name in the limits table.';
    const limit = this.#cpu.limitMs === LIMITS.filterStartMs ? 'filterStartMs' : 'filterCpuMs';
    this.deps.metrics.counter('tulle_limit_trips_total', help, { limit }).add(1);
  }

  #why(error: unknown): string {
    return this.#cpu.exceeded ? this.#cpu.reason : trapMessage(error);
  }

  #report(what: string, error: unknown): void {
    this.deps.log.write('error', `wasm filter ${what}: ${this.#why(error)}`, {
      filter: this.spec.id,
      root: this.spec.rootId,
      stack: guestStack(error),
    });
  }
}

/** A reactor has `_initialize` and maybe a main; a command only `_start`. */
function runStartFunctions(exports: WebAssembly.Exports): void {
  const call = (name: string, ...args: number[]): boolean => {
    const fn = exports[name];
    if (typeof fn !== 'function') return false;
    try {
      fn(...args);
    } catch (error) {
      if (!(error instanceof GuestExit) || error.code !== 0) throw error;
    }
    return true;
  };
  if (!call('_initialize')) {
    call('_start');
    return;
  }
  if (!call('main', 0, 0)) call('__main_void');
}
