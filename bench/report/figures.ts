/**
 * Everything a run finds out: a flat list of named measurements, one value a round. Tables, bars and JSON
 * are views of it. What could not be measured is a note, never a missing line without a reason.
 */

import { median } from '../harness/statistics.ts';

export type Metric =
  | 'cpu'
  | 'rps'
  | 'p50'
  | 'p99'
  | 'p999'
  | 'rss'
  | 'rssGrowth'
  | 'perConnection'
  | 'time'
  | 'failed'
  | 'operations'
  | 'requests'
  | 'lateness';

export interface MetricInfo {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
}

export const METRICS: Readonly<Record<Metric, MetricInfo>> = {
  cpu: { title: 'CPU/request', unit: 'us', digits: 1 },
  rps: { title: 'requests/s', unit: '', digits: 0 },
  p50: { title: 'p50', unit: 'ms', digits: 2 },
  p99: { title: 'p99', unit: 'ms', digits: 2 },
  p999: { title: 'p99.9', unit: 'ms', digits: 2 },
  rss: { title: 'RSS', unit: 'MiB', digits: 1 },
  rssGrowth: { title: 'RSS growth', unit: 'MiB', digits: 1 },
  perConnection: { title: 'per connection', unit: 'KiB', digits: 1 },
  time: { title: 'time', unit: 'ms', digits: 0 },
  failed: { title: 'failed', unit: '', digits: 0 },
  operations: { title: 'operations', unit: '', digits: 0 },
  requests: { title: 'requests', unit: '', digits: 0 },
  lateness: { title: 'generator late by (p99)', unit: 'ms', digits: 2 },
};

export interface Figure {
  readonly row: string;
  readonly variant: string;
  readonly peer: string;
  readonly metric: Metric;
  readonly values: number[];
}

export interface Note {
  readonly row: string;
  readonly peer: string;
  readonly text: string;
}

export class Figures {
  readonly list: Figure[] = [];
  readonly notes: Note[] = [];

  add(row: string, variant: string, peer: string, values: Partial<Record<Metric, number>>): void {
    for (const [metric, value] of Object.entries(values) as [Metric, number][]) {
      const found = this.find(row, variant, peer, metric);
      if (found === undefined) this.list.push({ row, variant, peer, metric, values: [value] });
      else found.values.push(value);
    }
  }

  note(row: string, peer: string, text: string): void {
    this.notes.push({ row, peer, text });
  }

  find(row: string, variant: string, peer: string, metric: Metric): Figure | undefined {
    return this.list.find(
      (each) =>
        each.row === row &&
        each.variant === variant &&
        each.peer === peer &&
        each.metric === metric,
    );
  }

  /** One value a round; empty when it was not measured. */
  values(row: string, variant: string, peer: string, metric: Metric): readonly number[] {
    return this.find(row, variant, peer, metric)?.values ?? [];
  }

  /** NaN when it was not measured. */
  median(row: string, variant: string, peer: string, metric: Metric): number {
    return median(this.values(row, variant, peer, metric));
  }
}
