/** Metrics as rows for people: a histogram becomes its count, mean and estimated percentiles. */

import type { HistogramSample, MetricFamily } from '../observe/directory.ts';
import { HISTOGRAM_BOUNDS_SECONDS, type Labels, type MetricKind } from '../observe/metric.ts';

export interface StatRow {
  readonly name: string;
  readonly kind: MetricKind;
  readonly labels: Labels;
  /** Of a histogram: the count. */
  readonly value: number;
  /** Null but for histograms that have counted something. */
  readonly times: Times | null;
}

/** Percentiles are interpolated within their bucket; above the last bound they are that bound. */
export interface Times {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Counters and histograms that never counted are left out. */
export function statRows(families: readonly MetricFamily[]): StatRow[] {
  const rows: StatRow[] = [];
  for (const { name, kind, samples } of families) {
    for (const { labels, value, histogram } of samples) {
      if (value === 0 && kind !== 'gauge') continue;
      const times = histogram === null ? null : timesOf(histogram, value);
      rows.push({ name, kind, labels, value, times });
    }
  }
  return rows;
}

function timesOf(histogram: HistogramSample, count: number): Times {
  return {
    meanMs: rounded((histogram.sumSeconds / count) * 1000),
    p50Ms: rounded(percentileMs(histogram, count * 0.5)),
    p99Ms: rounded(percentileMs(histogram, count * 0.99)),
  };
}

function percentileMs({ cumulative }: HistogramSample, rank: number): number {
  let lowerBound = 0;
  let below = 0;
  for (const [i, bound] of HISTOGRAM_BOUNDS_SECONDS.entries()) {
    const upTo = cumulative[i] as number;
    if (upTo >= rank) {
      const within = upTo === below ? 0 : (rank - below) / (upTo - below);
      return (lowerBound + (bound - lowerBound) * within) * 1000;
    }
    lowerBound = bound;
    below = upTo;
  }
  return lowerBound * 1000;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
