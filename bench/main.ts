/**
 * `npm run bench`: Tulle beside Envoy, HAProxy and nginx, or beside an earlier self (`--compare REV`).
 *
 *     options > build > find peers > backend > rows, one after the other > figures > tables, JSON, docs
 *
 * Every process it starts is ended when it ends, whichever way that is. Exit code 0: it ran; 1: it could
 * not, or `--strict` and a bar was missed; 2: bad usage; 130: interrupted.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/base/clock.ts';
import { startBackend } from './harness/backend.ts';
import { buildDist, type Checkout, checkOut, revisionOf } from './harness/build.ts';
import {
  allowedCores,
  assignCores,
  type Cores,
  describeMachine,
  hasProgram,
} from './harness/machine.ts';
import { type BenchOptions, HELP, parseOptions, UsageError } from './harness/options.ts';
import { Processes } from './harness/processes.ts';
import { envoy } from './peers/envoy.ts';
import { haproxy } from './peers/haproxy.ts';
import { nginx } from './peers/nginx.ts';
import type { Peer } from './peers/peer.ts';
import { tulleAt } from './peers/tulle.ts';
import { type Bar, evaluateBars } from './report/bars.ts';
import { BASE, compareTable, HEAD, pairedRatios } from './report/compare.ts';
import { insertReport } from './report/docs.ts';
import { Figures } from './report/figures.ts';
import { readmeTable } from './report/readme.ts';
import { type Heading, wholeReport } from './report/table.ts';
import { type Bench, messageOf } from './rows/bench.ts';
import { closedLoopRows } from './rows/closed-loop.ts';
import { ROWS } from './rows/rows.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const DOCS = join(ROOT, 'docs/performance.md');
const README = join(ROOT, 'README.md');

interface Stage {
  readonly workDir: string;
  readonly processes: Processes;
  readonly cores: Cores;
  /** Undone at the end, the last first. */
  readonly undo: (() => void)[];
}

const say = (line: string): void => console.error(`  ${line}`);

function openStage(options: BenchOptions): Stage {
  const workDir = mkdtempSync(join(tmpdir(), 'tulle-bench-'));
  const processes = new Processes(workDir);
  const pinning = options.pin && hasProgram('taskset');
  const undo: (() => void)[] = [];
  if (options.keep) say(`work directory: ${workDir}`);
  else undo.push(() => rmSync(workDir, { recursive: true, force: true, maxRetries: 5 }));
  const close = (): void => {
    processes.killAll();
    for (const step of undo.splice(0).toReversed()) step();
  };
  process.once('exit', close);
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
  return { workDir, processes, cores: assignCores(allowedCores(), pinning), undo };
}

/** The peers that are there; what is missing becomes a note of its own. */
function findPeers(options: BenchOptions, figures: Figures): { peers: Peer[]; versions: string[] } {
  const all: readonly Peer[] = [tulleAt(ROOT), envoy, haproxy, nginx];
  const peers: Peer[] = [];
  const versions: string[] = [];
  for (const peer of all.filter((each) => options.peers.some((name) => name === each.name))) {
    const found = peer.find();
    if (found.ok) {
      peers.push(peer);
      versions.push(`${peer.name} ${found.version}`);
    } else {
      versions.push(`${peer.name} not installed (${found.remedy})`);
      for (const row of options.rows)
        figures.note(row, peer.name, `not installed: ${found.remedy}`);
    }
  }
  return { peers, versions };
}

/** Figures of an old build under a new revision's name would be false, so a build that fails ends the run. */
function build(options: BenchOptions): void {
  if (!options.build) return;
  try {
    buildDist(ROOT);
  } catch (error) {
    const remedy = '--no-build measures dist/ as it is, --peers leaves Tulle out';
    throw new Error(`${messageOf(error)}\n${remedy}`, { cause: error });
  }
}

async function makeBench(
  options: BenchOptions,
  stage: Stage,
  peers: readonly Peer[],
  figures: Figures,
): Promise<Bench> {
  for (const [program, remedy] of [
    ['wrk', 'apt-get install wrk'],
    ['h2load', 'apt-get install nghttp2-client'],
  ] as const) {
    if (!hasProgram(program)) say(`${program} is not installed: ${remedy}`);
  }
  const backend = await startBackend(stage.processes, {
    dir: stage.workDir,
    core: stage.cores.backend,
    clock: systemClock,
  });
  return { options, clock: systemClock, ...stage, backend, peers, figures, root: ROOT, say };
}

function describeCores({ proxy, backend, load }: Cores): string {
  if (proxy === null) return 'not pinned';
  const others =
    backend === load
      ? 'backend and load generator on another'
      : 'backend and load generator on one each';
  return `the proxy on one, ${others}`;
}

function headingOf(stage: Stage, versions: readonly string[]): Heading {
  const revision = revisionOf(ROOT);
  return {
    machine: describeMachine(),
    versions: revision === null ? versions : [...versions, `revision ${revision}`],
    command: `npm run bench${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}`,
    date: new Date(systemClock.wall()).toISOString().slice(0, 10),
    pinned: describeCores(stage.cores),
  };
}

function deliver(options: BenchOptions, result: { text: string; data: object }): void {
  const json = `${JSON.stringify(result.data, null, 2)}\n`;
  if (options.jsonFile !== null) writeFileSync(options.jsonFile, json);
  process.stdout.write(options.json ? json : `\n${result.text}\n`);
}

function writeReport(path: string, text: string): void {
  writeFileSync(path, insertReport(readFileSync(path, 'utf8'), text));
}

async function runPeers(options: BenchOptions, stage: Stage): Promise<readonly Bar[]> {
  if (options.peers.includes('tulle')) build(options);
  const figures = new Figures();
  const { peers, versions } = findPeers(options, figures);
  const heading = headingOf(stage, versions);
  for (const version of versions) say(version);
  const bench = await makeBench(options, stage, peers, figures);
  const rows = ROWS.filter((row) => options.rows.some((name) => name === row.name));
  for (const row of rows) {
    await row.run(bench).catch((error: unknown) => figures.note(row.name, 'row', messageOf(error)));
  }
  const bars = evaluateBars(figures, options);
  const text = wholeReport(figures, { rows, bars, heading });
  deliver(options, {
    text,
    data: { heading, options, bars, figures: figures.list, notes: figures.notes },
  });
  if (options.writeDocs) {
    writeReport(DOCS, text);
    writeReport(README, readmeTable(figures));
  }
  return bars;
}

async function runCompare(options: BenchOptions, stage: Stage, revision: string): Promise<void> {
  say(`building ${revision}`);
  const base: Checkout = checkOut(ROOT, revision, join(stage.workDir, 'base'));
  stage.undo.push(() => base.remove());
  build(options);
  const figures = new Figures();
  const peers = [tulleAt(base.root, BASE), tulleAt(ROOT, HEAD)];
  const bench = await makeBench(options, stage, peers, figures);
  const rows = closedLoopRows.filter((row) => options.rows.some((name) => name === row.name));
  for (const row of rows) {
    await row.run(bench).catch((error: unknown) => figures.note(row.name, 'row', messageOf(error)));
  }
  const versions = [`base ${base.revision}`, `head ${revisionOf(ROOT) ?? 'unknown'}`];
  const notes = figures.notes.map((note) => `- ${note.row}, ${note.peer}: ${note.text}`).join('\n');
  const ratios = rows.flatMap((row) => {
    const variants = new Set(
      figures.list.filter((each) => each.row === row.name).map((each) => each.variant),
    );
    return [...variants].map((variant) => ({
      row: row.name,
      variant,
      ratios: pairedRatios(figures, row.name, variant),
    }));
  });
  deliver(options, {
    text: `${versions.join(', ')}\n\n${compareTable(figures, rows)}\n${notes}`,
    data: { versions, ratios, figures: figures.list, notes: figures.notes },
  });
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  if (process.platform !== 'linux')
    throw new Error('the benchmark reads /proc: it runs on Linux only');
  const stage = openStage(options);
  if (options.compare !== null) {
    await runCompare(options, stage, options.compare);
    return 0;
  }
  const bars = await runPeers(options, stage);
  return options.strict && bars.some((bar) => bar.verdict === 'miss') ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(messageOf(error));
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
