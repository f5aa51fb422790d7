/**
 * What the figures were taken on, and which cores do what. A proxy under measurement has the first
 * allowed core to itself; backend and load generator share the second, or have one each where there
 * are three. With a single core nothing is pinned, and the report says so.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';

export interface Cores {
  readonly proxy: number | null;
  readonly backend: number | null;
  readonly load: number | null;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly system: string;
  readonly node: string;
  readonly load1: number;
}

/** A kernel CPU list such as `0-2,5`; anything else in it is skipped. */
export function parseCpuList(text: string): number[] {
  const found: number[] = [];
  for (const part of text.trim().split(',')) {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (range === null) continue;
    const first = Number(range[1]);
    const last = Math.min(Number(range[2] ?? first), first + 4_096);
    for (let core = first; core <= last; core++) found.push(core);
  }
  return found;
}

export function assignCores(allowed: readonly number[], pinning: boolean): Cores {
  const [proxy, backend, load] = allowed;
  if (!pinning || proxy === undefined || backend === undefined) {
    return { proxy: null, backend: null, load: null };
  }
  return { proxy, backend, load: load ?? backend };
}

export function allowedCores(): number[] {
  const status = readFileSync('/proc/self/status', 'latin1');
  return parseCpuList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '');
}

/** Whether a program answers `--version`. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore', timeout: 10_000 }).error === undefined;
}

/** First line of what a program prints about its version; null when it does not start. */
export function versionLine(command: string, args: readonly string[]): string | null {
  const run = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
  if (run.error !== undefined) return null;
  const line = `${run.stdout}\n${run.stderr}`.split('\n').find((text) => text.trim() !== '');
  return line?.trim() ?? '';
}

function systemName(): string {
  try {
    const release_ = /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'));
    return release_?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}

export function describeMachine(): Machine {
  return {
    cpu: `${cpus()[0]?.model.trim() ?? 'unknown CPU'} (${arch()})`,
    cores: allowedCores().length,
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    system: `${systemName()}, Linux ${release()}`,
    node: process.versions.node,
    load1: Number(readFileSync('/proc/loadavg', 'latin1').split(' ')[0]),
  };
}
