/** The figures as Markdown, for the terminal and for the documentation alike. */

import type { Machine } from '../harness/machine.ts';
import { median, summarize } from '../harness/statistics.ts';
import type { Row } from '../rows/bench.ts';
import type { Bar } from './bars.ts';
import { type Figures, METRICS, type Metric } from './figures.ts';

/** With no digits after the point, thousands are set apart. A dash for what is not there. */
export function formatNumber(value: number, digits: number): string {
  if (!Number.isFinite(value)) return '-';
  const text = value.toFixed(digits);
  return digits === 0 ? text.replace(/\B(?=(\d{3})+$)/g, ',') : text;
}

/** Pads the cells so that the source reads as a table too. */
export function markdownTable(
  head: readonly string[],
  lines: readonly (readonly string[])[],
): string {
  const widths = head.map((cell, column) =>
    Math.max(3, cell.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const render = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => alignCell(cells[column] ?? '', width, column)).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [render(head), rule, ...lines.map(render)].join('\n');
}

function alignCell(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}

/** `0.43 x`, `84.2 MiB`, `180 ms`, `0`. */
function withUnit(value: number, unit: Bar['unit']): string {
  if (!Number.isFinite(value)) return '-';
  const digits = unit === 'x' ? 2 : unit === 'MiB' ? 1 : 0;
  return unit === '' ? formatNumber(value, 0) : `${formatNumber(value, digits)} ${unit}`;
}

export function barTable(bars: readonly Bar[]): string {
  const words = {
    aim: 'aim reached',
    pass: 'passed',
    miss: 'MISSED',
    'not measured': 'not measured',
  };
  const lines = bars.map((bar) => [
    bar.title,
    withUnit(bar.value, bar.unit),
    `<= ${withUnit(bar.bar, bar.unit)}`,
    withUnit(bar.aim, bar.unit),
    words[bar.verdict],
  ]);
  return markdownTable(['', 'measured', 'bar', 'aim', 'verdict'], lines);
}

function contenders(figures: Figures, row: string): { variant: string; peer: string }[] {
  const seen: { variant: string; peer: string }[] = [];
  for (const { row: name, variant, peer } of figures.list) {
    if (name !== row) continue;
    if (!seen.some((each) => each.variant === variant && each.peer === peer))
      seen.push({ variant, peer });
  }
  return seen;
}

/** One row of the benchmark: a line for each peer and variant, a column for each metric it has. */
export function rowTable(figures: Figures, row: Row): string {
  const lines = contenders(figures, row.name);
  const metrics = (Object.keys(METRICS) as Metric[]).filter((metric) =>
    figures.list.some((each) => each.row === row.name && each.metric === metric),
  );
  const head = metrics.map((metric) => {
    const { title, unit } = METRICS[metric];
    return unit === '' ? title : `${title}, ${unit}`;
  });
  const body = lines.map(({ variant, peer }) => [
    variant === '' ? peer : `${peer}, ${variantName(row.name, variant)}`,
    ...metrics.map((metric) =>
      formatNumber(figures.median(row.name, variant, peer, metric), METRICS[metric].digits),
    ),
  ]);
  return markdownTable(['', ...head], body);
}

function variantName(row: string, variant: string): string {
  if (row === 'routes')
    return `${formatNumber(Number(variant), 0)} ${variant === '1' ? 'route' : 'routes'}`;
  return variant;
}

/** Widest spread of CPU per request in the run, as a share of its median: how calm the machine was. */
export function spreadShare(figures: Figures): number {
  const shares = figures.list
    .filter((each) => each.metric === 'cpu' && each.values.length > 1)
    .map((each) => {
      const summary = summarize(each.values);
      return summary === null ? 0 : (summary.max - summary.min) / summary.median;
    });
  return median(shares);
}

export interface Heading {
  readonly machine: Machine;
  readonly versions: readonly string[];
  readonly command: string;
  readonly date: string;
  readonly pinned: string;
}

function headingText(heading: Heading, figures: Figures): string {
  const { machine } = heading;
  const spread = spreadShare(figures);
  const calm = Number.isFinite(spread)
    ? `; rounds of one proxy differ by ${Math.round(spread * 100)} % (median)`
    : '';
  return [
    `- Command: \`${heading.command}\`, ${heading.date}`,
    `- Machine: ${machine.cpu}, ${machine.cores} cores, ${formatNumber(machine.memoryMiB, 0)} MiB, ${machine.system}; load ${machine.load1} at the start${calm}`,
    `- Cores: ${heading.pinned}`,
    `- Versions: ${heading.versions.join(', ')}`,
  ].join('\n');
}

export function wholeReport(
  figures: Figures,
  parts: { rows: readonly Row[]; bars: readonly Bar[]; heading: Heading },
): string {
  const sections = [headingText(parts.heading, figures)];
  if (parts.bars.some((bar) => bar.verdict !== 'not measured')) sections.push(barTable(parts.bars));
  for (const row of parts.rows) {
    const notes = figures.notes.filter((note) => note.row === row.name);
    const measured = figures.list.some((each) => each.row === row.name);
    if (!measured && notes.length === 0) continue;
    sections.push(`### ${row.title}`);
    if (measured) sections.push(rowTable(figures, row));
    if (notes.length > 0)
      sections.push(notes.map((note) => `- ${note.peer}: ${oneLine(note.text)}`).join('\n'));
  }
  return `${sections.join('\n\n')}\n`;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' / ').slice(0, 600);
}
