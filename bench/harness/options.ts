/** The command line of `npm run bench`: what to run, how long, where the results go. */

import { parseArgs } from 'node:util';

export const ROW_NAMES = [
  'plain',
  'body10k',
  'post10k',
  'routes',
  'log',
  'filter',
  'rate',
  'idle',
  'soak',
  'start',
  'change',
  'reloads',
  'handover',
] as const;
type RowName = (typeof ROW_NAMES)[number];

const PEER_NAMES = ['tulle', 'envoy', 'haproxy', 'nginx'] as const;
type PeerName = (typeof PEER_NAMES)[number];

export interface BenchOptions {
  readonly rows: readonly RowName[];
  readonly peers: readonly PeerName[];
  readonly rounds: number;
  readonly seconds: number;
  /** 0 skips the warm-up. */
  readonly warmupSeconds: number;
  /** Wait before memory is read, for buffers that a proxy gives back after a while. */
  readonly settleMs: number;
  readonly connections: number;
  readonly routeCounts: readonly number[];
  readonly idleConnections: number;
  readonly soakRequests: number;
  readonly starts: number;
  readonly changes: number;
  readonly reloads: number;
  readonly handovers: number;
  readonly pin: boolean;
  readonly build: boolean;
  readonly json: boolean;
  readonly jsonFile: string | null;
  readonly writeDocs: boolean;
  readonly compare: string | null;
  readonly strict: boolean;
  readonly keep: boolean;
}

export const HELP = `npm run bench -- [options]

Measures Tulle (dist/) beside Envoy, HAProxy and nginx: one core each, in turn, medians of several rounds.

  --rows LIST        of ${ROW_NAMES.join(',')} (default: all)
  --peers LIST       of ${PEER_NAMES.join(',')} (default: all)
  --rounds N         measurements of each peer in a row (5)
  --seconds N        length of one measurement (4)
  --warmup N         seconds of load before the first (3)
  --connections N    of the load generator (32)
  --soak N           requests of the memory row, twice (1000000)
  --idle N           idle connections (10000)
  --quick            one short round of everything, in about a minute: for the harness, not for figures
  --compare REV      this checkout against another revision of Tulle, in pairs (rows plain,body10k,post10k,routes,log,filter)
  --write-docs       puts the tables into docs/performance.md
  --json FILE        also writes the figures as JSON;  -o json prints JSON in place of tables
  --strict           exit 1 when a bar is missed
  --no-build         measures dist/ as it is
  --no-pin           leaves the cores to the kernel
  --keep             keeps the work directory with configurations and logs
`;

const SPEC = {
  rows: { type: 'string' },
  peers: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  warmup: { type: 'string' },
  connections: { type: 'string' },
  soak: { type: 'string' },
  idle: { type: 'string' },
  quick: { type: 'boolean' },
  compare: { type: 'string' },
  'write-docs': { type: 'boolean' },
  json: { type: 'string' },
  output: { type: 'string', short: 'o' },
  strict: { type: 'boolean' },
  'no-build': { type: 'boolean' },
  'no-pin': { type: 'boolean' },
  keep: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** A wrong command line; the message says what and how to put it right. */
export class UsageError extends Error {}

function listOf<T extends string>(
  text: string | undefined,
  known: readonly T[],
  flag: string,
): T[] {
  if (text === undefined) return [...known];
  const chosen: T[] = [];
  for (const word of text.split(',').map((part) => part.trim())) {
    const found = known.find((name) => name === word);
    if (found === undefined)
      throw new UsageError(`${flag}: no "${word}"; there are ${known.join(', ')}`);
    if (!chosen.includes(found)) chosen.push(found);
  }
  return chosen;
}

function positive(text: string | undefined, fallback: number, flag: string): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || value > 1e9) {
    throw new UsageError(`${flag}: "${text}" is not a positive number`);
  }
  return value;
}

function whole(text: string | undefined, fallback: number, flag: string): number {
  const value = positive(text, fallback, flag);
  if (!Number.isInteger(value)) throw new UsageError(`${flag}: "${text}" is not a whole number`);
  return value;
}

function parseWords(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: SPEC, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Null asks for the help text. Throws UsageError. */
export function parseOptions(args: readonly string[]): BenchOptions | null {
  const words = parseWords(args);
  if (words.help === true) return null;
  if (words.output !== undefined && words.output !== 'json' && words.output !== 'table') {
    throw new UsageError(`-o: no "${words.output}"; there are json, table`);
  }
  const quick = words.quick === true;
  return {
    rows: listOf(words.rows, ROW_NAMES, '--rows'),
    peers: listOf(words.peers, PEER_NAMES, '--peers'),
    rounds: whole(words.rounds, quick ? 1 : 5, '--rounds'),
    seconds: positive(words.seconds, quick ? 1 : 4, '--seconds'),
    warmupSeconds: positive(words.warmup, quick ? 0 : 3, '--warmup'),
    settleMs: quick ? 200 : 2_000,
    connections: whole(words.connections, 32, '--connections'),
    routeCounts: quick ? [1, 1_000] : [1, 1_000, 10_000],
    idleConnections: whole(words.idle, quick ? 500 : 10_000, '--idle'),
    soakRequests: whole(words.soak, quick ? 10_000 : 1_000_000, '--soak'),
    starts: quick ? 3 : 11,
    changes: quick ? 3 : 11,
    reloads: quick ? 5 : 200,
    handovers: quick ? 1 : 5,
    pin: words['no-pin'] !== true,
    build: words['no-build'] !== true,
    json: words.output === 'json',
    jsonFile: words.json ?? null,
    writeDocs: words['write-docs'] === true,
    compare: words.compare ?? null,
    strict: words.strict === true,
    keep: words.keep === true,
  };
}
