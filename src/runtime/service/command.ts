/**
 * A service whose unit is a process: a WASI command, started for each request in an instance of its
 * own and gone afterwards. Runs are synchronous, one after the other on a thread, so the imports are
 * bound once and look up whose run it is; everything a guest can see or change is made for its run.
 *
 * A run ends by returning, by `proc_exit`, by a trap, at its deadline (noticed at its next host call)
 * or when it has written more than it may. What comes of it is in {@link RunOutcome}; it never throws.
 */

import type { Clock } from '../../base/clock.ts';
import type { ErrorCode } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Descriptor } from '../wasi/descriptor.ts';
import { DirectoryDescriptor } from '../wasi/directory.ts';
import { WasiGuest, type WasiHost } from '../wasi/guest.ts';
import { processHost } from '../wasi/host.ts';
import { HostDir } from '../wasi/host-dir.ts';
import { bindWasi } from '../wasi/imports.ts';
import type { Run } from '../wasi/run.ts';
import { InputDescriptor, inputOf, OutputDescriptor, type OutputSink } from '../wasi/stdio.ts';
import { GuestStop } from '../wasi/stop.ts';
import { type ByteString, byteString } from '../wasi/strings.ts';
import { GuestLog } from './guest-log.ts';
import { describeTrap, TRAP_FRAMES_MAX } from './trap.ts';

/** A directory of the host under a name of the guest's. */
interface CommandMount {
  readonly guest: string;
  readonly host: string;
  readonly readonly: boolean;
}

export interface CommandOptions {
  /** For the log. */
  readonly name: string;
  /** After the program's own name. */
  readonly args: readonly string[];
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly dirs: readonly CommandMount[];
  readonly limits: { readonly wallMs: number };
  readonly clock: Clock;
  readonly log: Log;
  /** The process's count of live instances. */
  readonly budget: { acquire(): boolean; release(): void };
  /** Default: the process itself. */
  readonly host?: WasiHost;
}

/** One request as the program gets it. */
export interface CommandRequest {
  /** `NAME=value` as byte strings; a name the service's own environment has is left out. */
  readonly env: readonly ByteString[];
  readonly stdin: Uint8Array | null;
}

export interface RunOutcome {
  /** Null: the program ended by itself; its exit code may still be other than 0. */
  readonly code: ErrorCode | null;
  readonly detail: string;
  readonly exitCode: number;
}

const ENDED: RunOutcome = { code: null, detail: '', exitCode: 0 };

const failed = (code: ErrorCode, detail: string): RunOutcome => ({ code, detail, exitCode: -1 });

interface Mount {
  readonly dir: HostDir;
  readonly name: ByteString;
  readonly readonly: boolean;
}

export class CommandService {
  readonly name: string;
  readonly #module: WebAssembly.Module;
  readonly #options: CommandOptions;
  readonly #host: WasiHost;
  readonly #args: readonly ByteString[];
  readonly #env: readonly ByteString[];
  readonly #envNames: ReadonlySet<string>;
  readonly #mounts: readonly Mount[];
  /** Stands in between runs, so that a finished guest can be collected. */
  readonly #nobody: WasiGuest;
  readonly #run: Run;
  readonly #imports: WebAssembly.Imports;

  /** `module` must have passed `prepareCommand`. Throws what `node:fs` throws for a directory. */
  constructor(module: WebAssembly.Module, options: CommandOptions) {
    this.name = options.name;
    this.#module = module;
    this.#options = options;
    this.#host = options.host ?? processHost(options.clock);
    this.#args = [options.name, ...options.args].map(byteString);
    this.#env = options.env.map(([name, value]) => byteString(`${name}=${value}`));
    this.#envNames = new Set(options.env.map(([name]) => byteString(name)));
    this.#mounts = openMounts(options.dirs);
    this.#nobody = this.#guest([], []);
    this.#run = { guest: this.#nobody };
    this.#imports = bindWasi(this.#run);
  }

  #guest(env: readonly ByteString[], descriptors: Descriptor[]): WasiGuest {
    const deadlineMs = this.#host.clock.now() + this.#options.limits.wallMs;
    return new WasiGuest({ host: this.#host, args: this.#args, env, descriptors, deadlineMs });
  }

  /** Runs the program to its end on this stack. */
  run(request: CommandRequest, out: OutputSink): RunOutcome {
    const { budget, log } = this.#options;
    if (!budget.acquire()) return failed('service_limit', 'the process holds too many instances');
    const stderr = new GuestLog(log, this.name);
    const guest = this.#guest(this.#environment(request.env), [
      new InputDescriptor(inputOf(request.stdin)),
      new OutputDescriptor(out),
      new OutputDescriptor(stderr),
    ]);
    for (const mount of this.#mounts) {
      guest.add(new DirectoryDescriptor(mount.dir, mount.name, mount.readonly));
    }
    this.#run.guest = guest;
    const framesMax = Error.stackTraceLimit;
    Error.stackTraceLimit = TRAP_FRAMES_MAX;
    try {
      this.#start(guest);
      return ENDED;
    } catch (error) {
      return this.#outcome(error);
    } finally {
      Error.stackTraceLimit = framesMax;
      this.#run.guest = this.#nobody;
      guest.dispose();
      stderr.end();
      budget.release();
    }
  }

  #start(guest: WasiGuest): void {
    const { exports } = new WebAssembly.Instance(this.#module, this.#imports);
    guest.memory.attach(exports.memory as WebAssembly.Memory);
    (exports._start as () => void)();
  }

  /** The service's own variables stand first and win. */
  #environment(request: readonly ByteString[]): ByteString[] {
    const env = [...this.#env];
    for (const variable of request) {
      if (variable.includes('\0')) continue;
      const named = this.#envNames.size > 0;
      if (named && this.#envNames.has(variable.slice(0, variable.indexOf('=')))) continue;
      env.push(variable);
    }
    return env;
  }

  #outcome(error: unknown): RunOutcome {
    if (error instanceof GuestStop) return this.#stopped(error);
    const trap = describeTrap(error);
    const { log } = this.#options;
    if (trap === null) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.write('error', 'running a service failed', { service: this.name, error: detail });
      return failed('internal', 'running the service failed');
    }
    log.write('error', `service trapped: ${trap.message}`, {
      service: this.name,
      stack: trap.stack,
    });
    return failed('service_trap', trap.message);
  }

  #stopped(stop: GuestStop): RunOutcome {
    switch (stop.kind) {
      case 'wall':
        return failed('service_timeout', `ran longer than ${this.#options.limits.wallMs} ms`);
      case 'output':
        return failed('service_output', 'wrote more than it may');
      case 'exit':
        return stop.code === 0 ? ENDED : { code: null, detail: '', exitCode: stop.code };
    }
  }

  /** Closes the directories; no run may follow. */
  close(): void {
    for (const mount of this.#mounts) mount.dir.close();
  }
}

function openMounts(dirs: readonly CommandMount[]): Mount[] {
  const mounts: Mount[] = [];
  try {
    for (const { guest, host, readonly } of dirs) {
      mounts.push({ dir: HostDir.open(host), name: byteString(guest), readonly });
    }
    return mounts;
  } catch (error) {
    for (const mount of mounts) mount.dir.close();
    throw error;
  }
}
