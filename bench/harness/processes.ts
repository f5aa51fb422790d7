/**
 * Every process a run starts, so that none outlives it. Each child leads its own process group; `killAll`
 * ends the groups, and runs when the harness ends, fails or is interrupted. Should the harness itself be
 * killed, the kernel asks the children to end (setpriv --pdeathsig, where it is installed).
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasProgram } from './machine.ts';

export interface LaunchOptions {
  /** Used in file names of the captured output and in messages. */
  readonly name: string;
  readonly command: readonly string[];
  /** Core to run on; null leaves it to the kernel. */
  readonly core: number | null;
  /** Standard output goes here; by default to a file of the work directory. */
  readonly stdoutPath?: string | undefined;
  /** Runs only when nothing else wants the core (SCHED_IDLE), for a generator that spins. */
  readonly idlePriority?: boolean;
  /** Standard output comes back as text, and standard input stays open. */
  readonly piped?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const STOP_GRACE_MS = 500;

export class Processes {
  readonly #workDir: string;
  readonly #running = new Set<Running>();
  readonly #lifeline: readonly string[];
  #counter = 0;

  constructor(workDir: string) {
    this.#workDir = workDir;
    this.#lifeline = hasProgram('setpriv') ? ['setpriv', '--pdeathsig', 'TERM'] : [];
  }

  launch(options: LaunchOptions): Running {
    const prefix = join(
      this.#workDir,
      `${String(this.#counter++).padStart(3, '0')}-${options.name}`,
    );
    const full = [
      ...this.#lifeline,
      ...(options.core === null ? [] : ['taskset', '-c', String(options.core)]),
      ...(options.idlePriority === true ? ['chrt', '--idle', '0'] : []),
      ...options.command,
    ];
    const running = new Running(full, options, prefix);
    this.#running.add(running);
    void running.ended.then(() => this.#running.delete(running));
    return running;
  }

  /** Ends every process group at once; safe to call from an exit handler. */
  killAll(): void {
    for (const running of this.#running) running.kill('SIGKILL');
  }
}

export class Running {
  readonly name: string;
  readonly pid: number;
  readonly ended: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #stdoutPath: string;
  readonly #stderrPath: string;
  #text = '';
  #exit: Exit | null = null;

  constructor(command: readonly string[], options: LaunchOptions, prefix: string) {
    this.name = options.name;
    this.#stdoutPath = options.stdoutPath ?? `${prefix}.out`;
    this.#stderrPath = `${prefix}.err`;
    const piped = options.piped === true;
    const out = piped ? 'pipe' : openSync(this.#stdoutPath, 'a');
    const err = openSync(this.#stderrPath, 'a');
    const [program = '', ...args] = command;
    this.#child = spawn(program, args, {
      detached: true,
      stdio: [piped ? 'pipe' : 'ignore', out, err],
    });
    if (typeof out === 'number') closeSync(out);
    closeSync(err);
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
    });
    this.#child.stdin?.on('error', () => undefined); // the child may end first
    this.pid = this.#child.pid ?? 0;
    this.ended = new Promise((resolve) => {
      const finish = (exit: Exit) => {
        this.#exit = exit;
        resolve(exit);
      };
      this.#child.once('error', () => finish({ code: 127, signal: null }));
      this.#child.once('close', (code, signal) => finish({ code, signal }));
    });
  }

  get exit(): Exit | null {
    return this.#exit;
  }

  /** What a piped child has printed so far. */
  get stdout(): string {
    return this.#text;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** To the process alone: it is the one that hands a graceful stop on to its children. */
  signal(signal: NodeJS.Signals): void {
    if (this.#exit === null && this.pid > 0) this.#child.kill(signal);
  }

  /** To the whole group. */
  kill(signal: NodeJS.Signals): void {
    if (this.pid === 0) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      // the group has gone
    }
  }

  /** Asks the leader to stop, so that it can wait for its children; soon after ends the whole group. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    await this.waitExit(STOP_GRACE_MS);
    this.kill('SIGKILL');
    await this.ended;
  }

  /** The exit, or null when it did not come in time. */
  async waitExit(timeoutMs: number): Promise<Exit | null> {
    const timer = Promise.withResolvers<null>();
    const handle = setTimeout(() => timer.resolve(null), timeoutMs);
    const exit = await Promise.race([this.ended, timer.promise]);
    clearTimeout(handle);
    return exit;
  }

  /** The last lines it wrote to standard error, for a message. */
  lastWords(lines = 6): string {
    const texts = [readTail(this.#stderrPath), readTail(this.#stdoutPath)];
    const text = texts.find((part) => part.trim() !== '') ?? '';
    return text.trim().split('\n').slice(-lines).join('\n');
  }
}

function readTail(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-4_000);
  } catch {
    return '';
  }
}
