/** `tulle` as a process of its own: started on free ports, watched, and gone when the test is over. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const READY_MS = 30_000;
const STEP_MS = 10;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface AdminAnswer {
  readonly status: number;
  readonly text: string;
}

/** A directory of resource files. */
export class ConfigDir {
  readonly path: string = mkdtempSync(join(tmpdir(), 'tulle-life-'));
  #writes = 0;

  constructor(t: TestContext, files: Readonly<Record<string, string>> = {}) {
    t.after(() => rmSync(this.path, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** For a process of another user. */
  readableByAll(): void {
    chmodSync(this.path, 0o755);
  }

  has(name: string): boolean {
    return existsSync(this.file(name));
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  move(from: string, to: string): void {
    renameSync(this.file(from), this.file(to));
  }

  /** Replaced as a whole, as editors and mounts do it. */
  write(name: string, content: string | Uint8Array): void {
    const next = join(this.path, `.next-${this.#writes++}`);
    writeFileSync(next, content);
    renameSync(next, this.file(name));
  }
}

export interface LaunchOptions {
  readonly verb?: string;
  /** For `up`; default 1. */
  readonly workers?: number;
  readonly args?: readonly string[];
  readonly uid?: number;
  readonly nodeArgs?: readonly string[];
}

export class Tulle {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  out = '';
  err = '';
  #exit: Exit | null = null;

  private constructor(argv: readonly string[], options: LaunchOptions) {
    this.child = spawn(process.execPath, [...(options.nodeArgs ?? []), MAIN, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text;
    });
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      this.#exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      return this.#exit;
    });
  }

  /** Any command line. It is killed with the test. */
  static run(t: TestContext, argv: readonly string[], options: LaunchOptions = {}): Tulle {
    const tulle = new Tulle(argv, options);
    t.after(async () => {
      if (tulle.#exit === null) tulle.child.kill('SIGKILL');
      await tulle.exited;
    });
    return tulle;
  }

  /** `tulle up`, not yet ready. */
  static up(t: TestContext, file: string, options: LaunchOptions = {}): Tulle {
    const workers = String(options.workers ?? 1);
    const argv = ['up', '-f', file, '--workers', workers, '--admin', '127.0.0.1:0'];
    return Tulle.run(t, [...argv, ...(options.args ?? [])], options);
  }

  /** `tulle up`, ready by its own word. */
  static async start(t: TestContext, file: string, options: LaunchOptions = {}): Promise<Tulle> {
    const tulle = Tulle.up(t, file, options);
    await tulle.ready();
    return tulle;
  }

  get exit(): Exit | null {
    return this.#exit;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Where the admin server listens, from what was printed. */
  get adminPort(): number {
    return Number(/^admin: http:\/\/127\.0\.0\.1:(\d+)$/m.exec(this.out)?.[1] ?? 0);
  }

  async ready(): Promise<void> {
    await this.until(async () => {
      if (this.#exit !== null) throw new Error(`ended instead of serving:\n${this.out}${this.err}`);
      return this.adminPort > 0 && (await this.admin('/ready')).status === 200;
    }, 'ready');
  }

  admin(path: string, method = 'GET'): Promise<AdminAnswer> {
    return httpAsk(this.adminPort, path, { method });
  }

  async adminJson<T>(path: string): Promise<T> {
    return JSON.parse((await this.admin(path)).text) as T;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Fails, with what the process wrote, when `condition` does not come true. */
  async until(
    condition: () => boolean | Promise<boolean>,
    what: string,
    timeoutMs = READY_MS,
  ): Promise<void> {
    const untilMs = performance.now() + timeoutMs;
    while (!(await condition())) {
      if (performance.now() > untilMs) {
        throw new Error(`never happened: ${what}\n${this.out}\n${this.err}`);
      }
      await delay(STEP_MS);
    }
  }

  /** Until a line of the process log holds the text. */
  logged(text: string, timeoutMs = READY_MS): Promise<void> {
    return this.until(() => this.err.includes(text), `"${text}" in the log`, timeoutMs);
  }
}

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request on a connection of its own; status 0 when there was no whole answer. */
export function httpAsk(port: number, path: string, ask: Ask = {}): Promise<AdminAnswer> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path, agent: false, ...ask };
    const outgoing = ask.method === 'POST' ? request(options) : get(options);
    outgoing.once('error', () => resolve({ status: 0, text: '' }));
    outgoing.once('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.once('error', () => resolve({ status: 0, text }));
    });
    outgoing.end();
  });
}
