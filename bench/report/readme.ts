/** The few figures of a run that README shows: a line a question, a column a proxy. */

import type { Figures, Metric } from './figures.ts';
import { formatNumber, markdownTable } from './table.ts';

interface Line {
  readonly title: string;
  readonly row: string;
  readonly variant: string;
  readonly metric: Metric;
  readonly digits: number;
}

const PEERS = [
  ['tulle', 'Tulle'],
  ['envoy', 'Envoy'],
  ['haproxy', 'HAProxy'],
  ['nginx', 'nginx'],
] as const;

const CPU = 'CPU/request, us: ';

const LINES: readonly Line[] = [
  { title: `${CPU}GET, 100 bytes`, row: 'plain', variant: '', metric: 'cpu', digits: 1 },
  { title: `${CPU}GET, 10 KiB`, row: 'body10k', variant: '', metric: 'cpu', digits: 1 },
  { title: `${CPU}10,000 routes`, row: 'routes', variant: '10000', metric: 'cpu', digits: 1 },
  { title: `${CPU}access log on`, row: 'log', variant: '', metric: 'cpu', digits: 1 },
  { title: `${CPU}a Wasm filter`, row: 'filter', variant: 'with', metric: 'cpu', digits: 1 },
  { title: "p99 at half of Envoy's peak, ms", row: 'rate', variant: '', metric: 'p99', digits: 2 },
  { title: 'memory after load, MiB', row: 'soak', variant: '', metric: 'rss', digits: 0 },
  { title: 'start to first answer, ms', row: 'start', variant: '', metric: 'time', digits: 0 },
];

/** Questions that the run did not ask are left out; a dash where one proxy gave no answer. */
export function readmeTable(figures: Figures): string {
  const lines = LINES.map(({ title, row, variant, metric, digits }) => [
    title,
    ...PEERS.map(([peer]) => formatNumber(figures.median(row, variant, peer, metric), digits)),
  ]).filter(([, ...cells]) => cells.some((cell) => cell !== '-'));
  return markdownTable(['', ...PEERS.map(([, title]) => title)], lines);
}
