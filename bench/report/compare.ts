/**
 * Two revisions of Tulle in pairs: each round measures the one and then the other, and their ratio is taken
 * within the round. The machine's mood cancels out; the spread of the ratios says what is noise.
 */

import { summarize } from '../harness/statistics.ts';
import type { Row } from '../rows/bench.ts';
import type { Figures } from './figures.ts';
import { formatNumber, markdownTable } from './table.ts';

export const BASE = 'base';
export const HEAD = 'head';

/** CPU per request of `head` over that of `base`, a value for each round both have. */
export function pairedRatios(figures: Figures, row: string, variant: string): number[] {
  const base = figures.values(row, variant, BASE, 'cpu');
  const head = figures.values(row, variant, HEAD, 'cpu');
  const rounds = Math.min(base.length, head.length);
  return head.slice(0, rounds).map((value, round) => value / (base[round] ?? Number.NaN));
}

export function compareTable(figures: Figures, rows: readonly Row[]): string {
  const lines: string[][] = [];
  for (const { name, title } of rows) {
    const variants = new Set(
      figures.list.filter((each) => each.row === name).map((each) => each.variant),
    );
    for (const variant of variants) {
      const summary = summarize(pairedRatios(figures, name, variant));
      if (summary === null) continue;
      lines.push([
        variant === '' ? title : `${title}: ${variant}`,
        formatNumber(figures.median(name, variant, BASE, 'cpu'), 2),
        formatNumber(figures.median(name, variant, HEAD, 'cpu'), 2),
        ...[summary.min, summary.median, summary.max].map((value) => formatNumber(value, 3)),
      ]);
    }
  }
  return markdownTable(['CPU per request', 'base, us', 'head, us', 'min', 'median', 'max'], lines);
}
