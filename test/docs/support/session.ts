/**
 * A reader at a terminal who types what a page says: one folder a page, in which Tulle is installed
 * as npm would, and the page's ports replaced by free ones. What a snippet starts stays until the
 * page is read to its end.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = resolve(import.meta.dirname, '../../..');
const READY_MS = 20_000;
const SNIPPET_MS = 120_000;
const STOP_MS = 10_000;
const POLL_MS = 20;

/** Ports that pages use: clients, admin, backends. */
const PORTS: readonly string[] = ['8080', '8081', '15000', '9000', '9001', '9002'];
const PORT = new RegExp(`\\b(?:${PORTS.join('|')})\\b`, 'g');

/** The last command of a snippet is a proxy that runs until it is stopped. */
const STAYS = /^(?:npx tulle up|npm start)\b/;

export interface Session {
  readonly dir: string;
  /** Writes a file of the page and gives its path; a proxy that watches it has it in force then. */
  write(name: string, text: string): Promise<string>;
  /**
   * Runs a snippet to its end or, where it is a proxy, until that is ready. Gives what it has printed
   * whenever that is asked for; throws with it if the snippet fails.
   */
  run(text: string): Promise<() => string>;
  /** `text` with the ports of this session. */
  local(text: string): string;
  close(): Promise<void>;
}

export async function openSession(): Promise<Session> {
  const dir = mkdtempSync(join(tmpdir(), 'tulle-docs-'));
  install(dir);
  const ports = await freePorts(PORTS.length);
  const portOf = new Map(PORTS.map((port, index) => [port, String(ports[index])]));
  const local = (text: string): string => text.replace(PORT, (port) => portOf.get(port) ?? port);
  const admin = `127.0.0.1:${portOf.get('15000')}`;
  const commands = (text: string): string =>
    local(text).replaceAll(/\bnpx tulle (?:up|get|tap|drain)\b/g, `$& --admin ${admin}`);
  const started: Started[] = [];
  let proxy: Started | null = null;

  return {
    dir,
    local,
    write: async (name, text) => {
      const path = join(dir, name);
      mkdirSync(dirname(path), { recursive: true });
      const before = changesOf(proxy);
      const isNews = existsSync(path) && proxy?.names(name) === true;
      writeFileSync(path, local(text));
      if (isNews) await until(() => changesOf(proxy) > before);
      return path;
    },
    run: async (text) => {
      const lastLine = text.trimEnd().split('\n').at(-1) ?? '';
      const stays = STAYS.test(lastLine);
      if (stays) await proxy?.stop();
      const command = new Started(dir, commands(text));
      started.push(command);
      if (stays) {
        proxy = command;
        await ready(admin, command);
      } else await command.finish();
      return () => command.output;
    },
    close: async () => {
      await Promise.all(started.map((one) => one.stop()));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A shell, in a process group of its own, and all it starts. */
class Started {
  output = '';
  readonly #child: ChildProcess;
  readonly #text: string;
  readonly #exited: Promise<number | null>;

  constructor(dir: string, text: string) {
    this.#text = text;
    const path = [join(dir, 'bin'), process.env['PATH'] ?? ''].join(delimiter);
    const env = { ...process.env, PATH: path, NO_COLOR: '1', CARGO_NET_OFFLINE: 'true' };
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    this.#child = spawn('sh', ['-euc', text], { cwd: dir, env, detached: true, stdio: [...stdio] });
    const keep = (bytes: Buffer): void => {
      this.output += bytes.toString();
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    // Not `close`: what the snippet left in the background holds the pipes.
    const exit = Promise.withResolvers<number | null>();
    this.#child.once('exit', exit.resolve);
    this.#exited = exit.promise;
  }

  get over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  names(file: string): boolean {
    return this.#text.includes(` ${file}`);
  }

  async finish(): Promise<void> {
    const timer = setTimeout(() => this.#signal('SIGKILL'), SNIPPET_MS);
    const code = await this.#exited;
    clearTimeout(timer);
    // What was written last is read in a later turn.
    await sleep(POLL_MS);
    if (code !== 0) throw this.failure(`ended with ${code}`);
  }

  async stop(): Promise<void> {
    this.#signal('SIGTERM');
    const timer = setTimeout(() => this.#signal('SIGKILL'), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
    this.#signal('SIGKILL');
  }

  failure(what: string): Error {
    return new Error(`${this.#text}${what}; it printed:\n${this.output}`);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The whole group is gone.
    }
  }
}

/** Configurations that a proxy has said are in force. */
function changesOf(proxy: Started | null): number {
  return proxy?.output.split('configuration in force').length ?? 0;
}

/** What does not come is found by whoever looks for it. */
async function until(holds: () => boolean): Promise<void> {
  for (let left = READY_MS / POLL_MS; left > 0 && !holds(); left--) await sleep(POLL_MS);
}

async function ready(admin: string, command: Started): Promise<void> {
  for (const end = performance.now() + READY_MS; performance.now() < end; await sleep(POLL_MS)) {
    if (command.over) throw command.failure('ended');
    const answer = await fetch(`http://${admin}/ready`).catch(() => null);
    if (answer?.status === 200) return;
  }
  throw command.failure('was not ready in time');
}

/** As `npm install tulle` would leave it, and an `npx` that never looks further. */
function install(dir: string): void {
  mkdirSync(join(dir, 'node_modules/.bin'), { recursive: true });
  mkdirSync(join(dir, 'bin'));
  symlinkSync(ROOT, join(dir, 'node_modules/tulle'));
  symlinkSync('../tulle/bin/tulle.js', join(dir, 'node_modules/.bin/tulle'));
  const npx = join(dir, 'bin/npx');
  writeFileSync(npx, '#!/bin/sh\nname=$1; shift; exec "node_modules/.bin/$name" "$@"\n');
  chmodSync(npx, 0o755);
}

async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let i = 0; i < count; i++) {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
