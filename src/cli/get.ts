/** `tulle get KIND`: asks a running process what it does, as a table or as JSON. */

import { Argument, type Command } from 'commander';
import type { RouteRow } from '../admin/route-view.ts';
import type { ClusterReport, FilterReport, ServiceReport, WorkerReport } from '../admin/source.ts';
import type { StatRow } from '../admin/stats-view.ts';
import type { HostPort } from '../app/options.ts';
import { adminOption, type Output, oneOf, parseOutput } from './flags.ts';
import type { CliIo } from './io.ts';
import { renderTable } from './table.ts';

type Cells = readonly string[];

/** One kind: the admin page and how its rows look. */
interface Kind {
  readonly page: string;
  readonly columns: Cells;
  cells(row: never): Cells;
}

const KINDS = {
  routes: {
    page: '/routes',
    columns: ['port', 'hostnames', 'match', 'filters', 'backends', 'rule'],
    cells: (row: RouteRow) => [
      String(row.port),
      row.hostnames.join(',') || '*',
      row.matches.join(' | '),
      row.filters.join(','),
      row.invalid === null ? row.backends.join(', ') : `500: ${row.invalid}`,
      row.rule,
    ],
  },
  clusters: {
    page: '/clusters',
    columns: ['name', 'discovery', 'endpoints', 'active', 'pending', 'connections', 'balancer'],
    cells: (row: ClusterReport) => [
      row.name,
      row.discovery,
      row.endpoints.map(endpointText).join(', '),
      String(row.requestsActive),
      String(row.pending),
      String(row.connections),
      row.loadBalancer,
    ],
  },
  filters: {
    page: '/filters',
    columns: ['name', 'state', 'fail', 'failures', 'module', 'sha256', 'fetched', 'error'],
    cells: (row: FilterReport) => [
      row.id,
      row.state,
      row.failOpen ? 'open' : 'closed',
      String(row.failures),
      row.module,
      ...moduleCells(row),
    ],
  },
  services: {
    page: '/services',
    columns: [
      'name',
      'state',
      'kind',
      'running',
      'queued',
      'failures',
      'module',
      'sha256',
      'fetched',
      'error',
    ],
    cells: (row: ServiceReport) => [
      row.id,
      row.state,
      row.kind,
      String(row.running),
      String(row.queued),
      String(row.failures),
      row.module,
      ...moduleCells(row),
    ],
  },
  workers: {
    page: '/workers',
    columns: ['id', 'state', 'uptime', 'delay', 'connections', 'active', 'config', 'replaced'],
    cells: (row: WorkerReport) => [
      String(row.id),
      row.state,
      ageText(row.uptimeMs),
      `${row.eventLoopDelayMs.toFixed(1)}ms`,
      String(row.connections),
      String(row.requestsActive),
      String(row.snapshotVersion),
      String(row.replaced),
    ],
  },
  stats: {
    page: '/stats',
    columns: ['name', 'labels', 'value', 'mean', 'p50', 'p99'],
    cells: (row: StatRow) => [
      row.name,
      Object.entries(row.labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
      numberText(row.value),
      ...timesCells(row),
    ],
  },
} as const satisfies Record<string, Kind>;

type KindName = keyof typeof KINDS;
const KIND_NAMES = Object.keys(KINDS) as KindName[];

interface GetFlags {
  readonly admin: HostPort;
  readonly output: Output;
}

export function addGet(program: Command, io: CliIo): void {
  const kind = new Argument('<kind>', KIND_NAMES.join(', ')).argParser(parseKind);
  program
    .command('get')
    .summary('show what a running process does')
    .description(
      'Asks a running process for its routes, clusters, filters, services, workers or stats.',
    )
    .addArgument(kind)
    .addOption(adminOption())
    .option('-o, --output <format>', 'table or json', parseOutput, 'table')
    .addHelpText('after', '\nExamples:\n  tulle get routes\n  tulle get stats -o json\n')
    .action(async (name: KindName, flags: GetFlags) => {
      const { askJson } = await import('./admin-client.ts');
      const rows = await askJson(flags.admin, 'GET', KINDS[name].page);
      io.out(
        flags.output === 'json' ? `${JSON.stringify(rows, null, 2)}\n` : table(name, rows, io),
      );
    });
}

/** `route` stands for `routes`, as in kubectl. */
function parseKind(text: string): KindName {
  const plural = KIND_NAMES.find((name) => name === `${text}s`);
  return plural ?? oneOf(text, KIND_NAMES);
}

function table(name: KindName, rows: unknown, io: CliIo): string {
  const { columns, cells } = KINDS[name] as Kind;
  const list = Array.isArray(rows) ? (rows as never[]) : [];
  if (list.length === 0) return `no ${name}\n`;
  return renderTable(columns, list.map(cells), io.outColor);
}

/** Of the module in use: its digest, the last attempt to fetch it, and what is wrong. */
function moduleCells({ sha256, fetch, error }: FilterReport | ServiceReport): Cells {
  return [sha256.slice(0, 12), fetchText(fetch), error || (fetch?.error ?? '')];
}

function fetchText(fetch: FilterReport['fetch']): string {
  if (fetch === null) return '';
  if (fetch.attemptedAt === null) return fetch.state === 'ready' ? 'cached' : fetch.state;
  return `${fetch.error === '' ? fetch.state : 'failed'} ${fetch.attemptedAt.slice(0, 19)}Z`;
}

function endpointText(endpoint: ClusterReport['endpoints'][number]): string {
  return endpoint.healthy ? endpoint.address : `${endpoint.address} (unhealthy)`;
}

/** Whole numbers as they are, others with six digits. */
function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

function timesCells(row: StatRow): Cells {
  if (row.times === null) return ['', '', ''];
  const { meanMs, p50Ms, p99Ms } = row.times;
  return [meanMs, p50Ms, p99Ms].map((ms) => `${ms}ms`);
}

/** The two largest units: `3d4h`, `12m5s`. */
function ageText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const units: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const first = units.findIndex(([count]) => count > 0);
  if (first === -1) return '0s';
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join('');
}
