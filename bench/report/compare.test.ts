import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTable, pairedRatios } from './compare.ts';
import { Figures } from './figures.ts';

test('ratios are taken within a round, so a slow round does not move them', () => {
  const figures = new Figures();
  for (const scale of [1, 3, 1.5]) {
    figures.add('plain', '', 'base', { cpu: 20 * scale });
    figures.add('plain', '', 'head', { cpu: 18 * scale });
  }
  figures.add('plain', '', 'base', { cpu: 20 });
  const ratios = pairedRatios(figures, 'plain', '');
  assert.equal(ratios.length, 3);
  for (const ratio of ratios) assert.ok(Math.abs(ratio - 0.9) < 1e-9);
  const table = compareTable(figures, [
    { name: 'plain', title: 'Plain', run: () => Promise.resolve() },
    { name: 'log', title: 'Log', run: () => Promise.resolve() },
  ]);
  assert.match(table, /Plain +\| +25\.00 \| +27\.00 \| 0\.900 \| +0\.900 \| 0\.900/);
  assert.doesNotMatch(table, /Log/);
});
