import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateBars } from './bars.ts';
import { Figures } from './figures.ts';
import {
  barTable,
  formatNumber,
  markdownTable,
  rowTable,
  spreadShare,
  wholeReport,
} from './table.ts';

const row = (name: string) => ({ name, title: `The ${name} row`, run: () => Promise.resolve() });
const heading = {
  machine: {
    cpu: 'A CPU',
    cores: 2,
    memoryMiB: 4096,
    system: 'A system',
    node: '26.0.0',
    load1: 0.5,
  },
  versions: ['tulle 1', 'envoy 2'],
  command: 'npm run bench',
  date: '2026-01-01',
  pinned: 'one each',
};

test('numbers are rounded, thousands set apart, the absent is a dash', () => {
  assert.equal(formatNumber(1_234_567.4, 0), '1,234,567');
  assert.equal(formatNumber(999, 0), '999');
  assert.equal(formatNumber(1234.56, 1), '1234.6');
  assert.equal(formatNumber(Number.NaN, 1), '-');
});

test('cells are padded, names to the left, numbers to the right', () => {
  assert.equal(
    markdownTable(
      ['', 'CPU'],
      [
        ['envoy', '40.0'],
        ['a', '9.5'],
      ],
    ),
    '|       |  CPU |\n|-------|-----:|\n| envoy | 40.0 |\n| a     |  9.5 |',
  );
});

test('a row has a line for each peer and variant, with medians, and only columns that it has', () => {
  const figures = new Figures();
  for (const cpu of [20, 30, 22]) figures.add('routes', '1', 'tulle', { cpu, rps: cpu * 1000 });
  figures.add('routes', '10000', 'tulle', { cpu: 25 });
  figures.add('other', '', 'tulle', { p99: 1 });
  assert.deepEqual(rowTable(figures, row('routes')).split('\n'), [
    '|                      | CPU/request, us | requests/s |',
    '|----------------------|----------------:|-----------:|',
    '| tulle, 1 route       |            22.0 |     22,000 |',
    '| tulle, 10,000 routes |            25.0 |          - |',
  ]);
});

test('the report names what was not measured and why, on one line', () => {
  const figures = new Figures();
  figures.add('plain', '', 'tulle', { cpu: 20 });
  figures.add('plain', '', 'envoy', { cpu: 50 });
  figures.note('plain', 'nginx', 'not installed:\n  apt-get install nginx-light');
  const scale = { soakRequests: 1, reloads: 1, handovers: 1 };
  const text = wholeReport(figures, {
    rows: [row('plain'), row('idle')],
    bars: evaluateBars(figures, scale),
    heading,
  });
  assert.match(text, /^- Command: `npm run bench`, 2026-01-01$/m);
  assert.match(text, /0\.40 x \| +<= 0\.55 x \| +0\.45 x \| +aim reached/);
  assert.match(text, /^- nginx: not installed: \/ apt-get install nginx-light$/m);
  assert.match(text, /Start to first answer.*not measured/);
  assert.doesNotMatch(text, /idle row/);
});

test('a missed bar stands out', () => {
  const figures = new Figures();
  figures.add('start', '', 'tulle', { time: 500 });
  const table = barTable(evaluateBars(figures, { soakRequests: 1, reloads: 1, handovers: 1 }));
  assert.match(table, /Start to first answer +\| +500 ms \| +<= 400 ms \| +200 ms \| +MISSED/);
});

test('the spread is the median of each proxy’s own', () => {
  const figures = new Figures();
  for (const cpu of [10, 11]) figures.add('plain', '', 'a', { cpu });
  for (const cpu of [100, 130, 100]) figures.add('plain', '', 'b', { cpu });
  figures.add('plain', '', 'c', { cpu: 1 });
  assert.ok(Math.abs(spreadShare(figures) - (1 / 10.5 + 0.3) / 2) < 1e-9);
  assert.ok(Number.isNaN(spreadShare(new Figures())));
});
