/** Services of real or assembled modules, as tests start them. */

import { type Clock, systemClock } from '../../../base/clock.ts';
import type { Log, LogFields } from '../../../base/log.ts';
import { compileModule, isRefusal } from '../../module/load.ts';
import { type CommandOptions, CommandService, type RunOutcome } from '../command.ts';
import { OutputBuffer } from '../output.ts';
import { prepareCommand } from '../prepare.ts';
import { guestBytes } from './wasm.ts';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** A log that remembers. */
export class MemoryLog implements Log {
  readonly level = 'trace';
  readonly lines: LogLine[] = [];

  write(level: string, message: string, fields: LogFields = {}): void {
    this.lines.push({ level, message, fields });
  }
}

/** A counter of live instances that can run out. */
export class CountingBudget {
  live = 0;
  peak = 0;
  readonly max: number;

  constructor(max = 10) {
    this.max = max;
  }

  acquire(): boolean {
    if (this.live >= this.max) return false;
    this.live += 1;
    this.peak = Math.max(this.peak, this.live);
    return true;
  }

  release(): void {
    this.live -= 1;
  }
}

export type HarnessOptions = Partial<CommandOptions> & {
  readonly memoryBytes?: number;
  readonly outputBytes?: number;
  readonly wallMs?: number;
  readonly clock?: Clock;
};

export interface Answered extends RunOutcome {
  readonly stdout: string;
}

export class Harness {
  readonly log: MemoryLog = new MemoryLog();
  readonly budget: CountingBudget = new CountingBudget();
  readonly service: CommandService;
  readonly #output: OutputBuffer;

  private constructor(module: WebAssembly.Module, options: HarnessOptions) {
    this.#output = new OutputBuffer(options.outputBytes ?? 4 * 1024 * 1024);
    this.service = new CommandService(module, {
      name: 'guest',
      args: [],
      env: [],
      dirs: [],
      limits: { wallMs: options.wallMs ?? 10_000 },
      clock: systemClock,
      log: this.log,
      budget: this.budget,
      ...options,
    });
  }

  /** Of a committed guest, or of bytes. */
  static async start(guest: string | Uint8Array, options: HarnessOptions = {}): Promise<Harness> {
    const bytes = typeof guest === 'string' ? guestBytes(guest) : guest;
    const loaded = await compileModule(
      bytes,
      { path: 'guest.wasm', sha256: '' },
      { prepare: prepareCommand(options.memoryBytes ?? 64 * 1024 * 1024) },
    );
    if (isRefusal(loaded)) throw new Error(loaded.reason);
    return new Harness(loaded.module, options);
  }

  run(env: Readonly<Record<string, string>> = {}, stdin: string | null = null): Answered {
    this.#output.clear();
    const request = {
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      stdin: stdin === null ? null : Buffer.from(stdin),
    };
    const outcome = this.service.run(request, this.#output);
    return { ...outcome, stdout: this.#output.written.toString('utf8') };
  }

  /** A request for a path. */
  get(path: string, query = '', stdin: string | null = null): Answered {
    return this.run({ REQUEST_METHOD: 'GET', PATH_INFO: path, QUERY_STRING: query }, stdin);
  }
}

/** Why a module is refused at load. */
export async function refusal(bytes: Uint8Array, memoryBytes = 1 << 20): Promise<string> {
  const file = { path: 'guest.wasm', sha256: '' };
  const loaded = await compileModule(bytes, file, { prepare: prepareCommand(memoryBytes) });
  if (!isRefusal(loaded)) throw new Error('the module was accepted');
  return loaded.reason;
}
