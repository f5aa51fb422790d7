import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Figures } from './figures.ts';
import { readmeTable } from './readme.ts';

test('the table has the median of each proxy, a dash for none, and no line nobody answered', () => {
  const figures = new Figures();
  for (const cpu of [10, 30, 20]) figures.add('plain', '', 'tulle', { cpu });
  figures.add('plain', '', 'nginx', { cpu: 15.25, rps: 1 });
  figures.add('start', '', 'envoy', { time: 99.6 });
  assert.equal(
    readmeTable(figures),
    [
      '|                                 | Tulle | Envoy | HAProxy | nginx |',
      '|---------------------------------|------:|------:|--------:|------:|',
      '| CPU/request, us: GET, 100 bytes |  20.0 |     - |       - |  15.3 |',
      '| start to first answer, ms       |     - |   100 |       - |     - |',
    ].join('\n'),
  );
});
