/** A host under test: its process, the notes of its guests, and the upstreams only it talks to. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Notes } from './notes.ts';
import { freePorts } from './ports.ts';
import { Recorder } from './recorder.ts';
import type { Served, Setup, Upstreams } from './setup.ts';

const READY_MS = 60_000;
const STOP_MS = 5_000;

/** Writes what the host reads and gives its command. */
export type Launch = (dir: string, setups: readonly Served[], upstreams: Upstreams) => string[];

export class Host {
  readonly notes = new Notes();
  readonly backend: Recorder;
  readonly callout: Recorder;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #dir: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(
    dir: string,
    command: readonly string[],
    served: readonly Served[],
    recorders: readonly [backend: Recorder, callout: Recorder],
  ) {
    const [program = '', ...args] = command;
    this.#dir = dir;
    this.#ports = new Map(served.map(({ name, port }) => [name, port]));
    [this.backend, this.callout] = recorders;
    this.#child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#exited = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.stdout !== null) this.notes.read(this.#child.stdout);
    if (this.#child.stderr !== null) this.notes.read(this.#child.stderr);
  }

  /** Resolves when every listener accepts connections. */
  static async start(launch: Launch, setups: readonly Setup[]): Promise<Host> {
    const backend = await Recorder.listening();
    const callout = await Recorder.listening();
    const [nobody = 0, ...ports] = await freePorts(setups.length + 1);
    const served = setups.map((setup, i) => ({ ...setup, port: ports[i] as number }));
    const dir = mkdtempSync(join(tmpdir(), 'tulle-differential-'));
    const upstreams = { backend: backend.port, callout: callout.port, nobody };
    const host = new Host(dir, launch(dir, served, upstreams), served, [backend, callout]);
    try {
      for (const { port } of served) await host.#accepts(port);
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  port(setup: string): number {
    const port = this.#ports.get(setup);
    if (port === undefined) throw new Error(`no setup ${setup}`);
    return port;
  }

  /** For measures. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async close(): Promise<void> {
    this.backend.close();
    this.callout.close();
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #accepts(port: number): Promise<void> {
    for (const end = performance.now() + READY_MS; performance.now() < end; await delay(20)) {
      if (this.#child.exitCode !== null) break;
      if (await connects(port)) return;
    }
    throw new Error(`not ready; it printed:\n${this.notes.tail.join('\n')}`);
  }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
