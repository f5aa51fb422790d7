/**
 * The bars Tulle has to reach, each computed from one run. A bar whose row did not run, or ran shorter than
 * the bar says, is "not measured": it is neither passed nor missed.
 */

import type { BenchOptions } from '../harness/options.ts';
import { median } from '../harness/statistics.ts';
import type { Figures } from './figures.ts';

type Verdict = 'aim' | 'pass' | 'miss' | 'not measured';

export interface Bar {
  readonly title: string;
  readonly unit: 'x' | 'MiB' | 'ms' | '';
  readonly bar: number;
  readonly aim: number;
  /** NaN when not measured. */
  readonly value: number;
  readonly verdict: Verdict;
}

type Scale = Pick<BenchOptions, 'soakRequests' | 'reloads' | 'handovers'>;

function verdictOf(value: number, bar: number, aim: number): Verdict {
  if (!Number.isFinite(value)) return 'not measured';
  if (value <= aim) return 'aim';
  return value <= bar ? 'pass' : 'miss';
}

/** What the filter adds, round by round, so that a slow round touches both of its halves. */
function addedCpu(figures: Figures, peer: string): number {
  const plain = figures.values('filter', 'without', peer, 'cpu');
  const filtered = figures.values('filter', 'with', peer, 'cpu');
  const rounds = Math.min(plain.length, filtered.length);
  const added = filtered
    .slice(0, rounds)
    .map((value, index) => value - (plain[index] ?? Number.NaN));
  return median(added);
}

function ratio(over: number, under: number): number {
  return under > 0 ? over / under : Number.NaN;
}

function failures(figures: Figures, scale: Scale): number {
  const complete =
    scale.reloads >= 200 &&
    scale.handovers >= 5 &&
    figures.median('reloads', '', 'tulle', 'operations') >= scale.reloads &&
    figures.median('handover', '', 'tulle', 'operations') >= scale.handovers;
  if (!complete) return Number.NaN;
  return (
    figures.median('reloads', '', 'tulle', 'failed') +
    figures.median('handover', '', 'tulle', 'failed')
  );
}

export function evaluateBars(figures: Figures, scale: Scale): Bar[] {
  const cpu = (row: string, peer: string, variant = '') =>
    figures.median(row, variant, peer, 'cpu');
  const against = (row: string, peer: string) => ratio(cpu(row, 'tulle'), cpu(row, peer));
  const soaked = scale.soakRequests >= 1_000_000;
  const soak = (metric: 'rss' | 'rssGrowth') =>
    soaked ? figures.median('soak', '', 'tulle', metric) : Number.NaN;
  const p99 = (peer: string) => figures.median('rate', '', peer, 'p99');
  const bars: readonly Omit<Bar, 'verdict'>[] = [
    {
      title: 'CPU per request, plain GET, against Envoy',
      unit: 'x',
      bar: 0.55,
      aim: 0.45,
      value: against('plain', 'envoy'),
    },
    {
      title: 'CPU per request, plain GET, against HAProxy',
      unit: 'x',
      bar: 1.7,
      aim: 1.4,
      value: against('plain', 'haproxy'),
    },
    {
      title: 'CPU per request, access log on, against Envoy',
      unit: 'x',
      bar: 0.6,
      aim: 0.5,
      value: against('log', 'envoy'),
    },
    {
      title: 'CPU one Rust header filter adds, against Envoy',
      unit: 'x',
      bar: 0.3,
      aim: 0.15,
      value: ratio(addedCpu(figures, 'tulle'), addedCpu(figures, 'envoy')),
    },
    {
      title: 'CPU per request, 10,000 routes against 1',
      unit: 'x',
      bar: 1.2,
      aim: 1.05,
      value: ratio(cpu('routes', 'tulle', '10000'), cpu('routes', 'tulle', '1')),
    },
    {
      title: "p99 at half of Envoy's peak rate, against Envoy",
      unit: 'x',
      bar: 1.2,
      aim: 1,
      value: ratio(p99('tulle'), p99('envoy')),
    },
    { title: 'RSS after 1,000,000 requests', unit: 'MiB', bar: 110, aim: 85, value: soak('rss') },
    {
      title: 'RSS growth over the next 1,000,000',
      unit: 'MiB',
      bar: 5,
      aim: 0,
      value: soak('rssGrowth'),
    },
    {
      title: 'Start to first answer',
      unit: 'ms',
      bar: 400,
      aim: 200,
      value: figures.median('start', '', 'tulle', 'time'),
    },
    {
      title: 'A changed route in force, 1,000 routes',
      unit: 'ms',
      bar: 200,
      aim: 50,
      value: figures.median('change', '', 'tulle', 'time'),
    },
    {
      title: 'Failed requests, 200 reloads and 5 hand-overs under load',
      unit: '',
      bar: 0,
      aim: 0,
      value: failures(figures, scale),
    },
  ];
  return bars.map((each) => ({ ...each, verdict: verdictOf(each.value, each.bar, each.aim) }));
}
