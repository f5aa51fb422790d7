import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateBars } from './bars.ts';
import { Figures } from './figures.ts';

const FULL = { soakRequests: 1_000_000, reloads: 200, handovers: 5 };

function verdictOf(figures: Figures, title: RegExp, scale = FULL): string {
  const bar = evaluateBars(figures, scale).find((each) => title.test(each.title));
  return bar === undefined ? 'absent' : `${bar.verdict} ${Number(bar.value.toFixed(3))}`;
}

test('a ratio is taken between medians, and judged against bar and aim', () => {
  const figures = new Figures();
  for (const cpu of [20, 90, 22]) figures.add('plain', '', 'tulle', { cpu });
  for (const cpu of [44, 40, 10]) figures.add('plain', '', 'envoy', { cpu });
  figures.add('plain', '', 'haproxy', { cpu: 20 });
  assert.equal(verdictOf(figures, /plain GET, against Envoy/), 'pass 0.55');
  assert.equal(verdictOf(figures, /plain GET, against HAProxy/), 'aim 1.1');
  figures.add('plain', '', 'envoy', { cpu: 10 });
  figures.add('plain', '', 'envoy', { cpu: 10 });
  assert.equal(verdictOf(figures, /plain GET, against Envoy/), 'miss 2.2');
});

test('the cost of a filter is the median of the differences of each round', () => {
  const figures = new Figures();
  for (const [without, filtered] of [
    [10, 12],
    [50, 53],
    [11, 12],
  ] as const) {
    figures.add('filter', 'without', 'tulle', { cpu: without });
    figures.add('filter', 'with', 'tulle', { cpu: filtered });
    figures.add('filter', 'without', 'envoy', { cpu: without });
    figures.add('filter', 'with', 'envoy', { cpu: without + 20 });
  }
  assert.equal(verdictOf(figures, /filter/), 'aim 0.1');
});

test('what did not run, or not long enough, is not measured', () => {
  const figures = new Figures();
  assert.match(verdictOf(figures, /10,000 routes/), /^not measured/);
  figures.add('routes', '1', 'tulle', { cpu: 20 });
  figures.add('routes', '1000', 'tulle', { cpu: 20 });
  assert.match(verdictOf(figures, /10,000 routes/), /^not measured/);
  figures.add('soak', '', 'tulle', { rss: 80, rssGrowth: 0 });
  assert.match(verdictOf(figures, /RSS after/, { ...FULL, soakRequests: 10_000 }), /^not measured/);
  assert.equal(verdictOf(figures, /RSS after/), 'aim 80');
});

test('failures count only when every reload and hand-over was made', () => {
  const figures = new Figures();
  figures.add('reloads', '', 'tulle', { failed: 0, operations: 200 });
  assert.match(verdictOf(figures, /Failed/), /^not measured/);
  figures.add('handover', '', 'tulle', { failed: 0, operations: 5 });
  assert.equal(verdictOf(figures, /Failed/), 'aim 0');
  const worse = new Figures();
  worse.add('reloads', '', 'tulle', { failed: 0, operations: 200 });
  worse.add('handover', '', 'tulle', { failed: 1, operations: 5 });
  assert.equal(verdictOf(worse, /Failed/), 'miss 1');
  const short = new Figures();
  short.add('reloads', '', 'tulle', { failed: 0, operations: 199 });
  short.add('handover', '', 'tulle', { failed: 0, operations: 5 });
  assert.match(verdictOf(short, /Failed/), /^not measured/);
});
