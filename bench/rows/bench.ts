/** What every row works with: the options, the machine's cores, the processes, and a place for results. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import type { Backend } from '../harness/backend.ts';
import type { Cores } from '../harness/machine.ts';
import type { BenchOptions } from '../harness/options.ts';
import type { Processes } from '../harness/processes.ts';
import type { Peer } from '../peers/peer.ts';
import type { Figures } from '../report/figures.ts';

export interface Bench {
  readonly options: BenchOptions;
  readonly clock: Clock;
  readonly cores: Cores;
  readonly processes: Processes;
  readonly backend: Backend;
  /** Installed ones among those asked for, in the order of their turns. */
  readonly peers: readonly Peer[];
  readonly figures: Figures;
  /** The checkout measured, for its filters. */
  readonly root: string;
  readonly workDir: string;
  /** A line for the person who waits; not part of the result. */
  readonly say: (line: string) => void;
}

export interface Row {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<void>;
}

let counter = 0;

/** A fresh directory under the work directory. */
export function makeDir(bench: Bench, name: string): string {
  const dir = join(bench.workDir, `${String(counter++).padStart(3, '0')}-${name}`);
  mkdirSync(dir, { recursive: true });
  return dir;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
