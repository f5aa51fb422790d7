import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { MetricsDirectory } from '../observe/directory.ts';
import { MetricsRegistry } from '../observe/metrics.ts';
import { refusal } from './guard.ts';
import { REDACTED, redact } from './redact.ts';
import { routeRows } from './route-view.ts';
import { statRows } from './stats-view.ts';
import { SNAPSHOT } from './testing/source.ts';

test('no secret of a configuration is shown, the rest is', () => {
  const shown = JSON.stringify(redact(SNAPSHOT));
  assert.equal(/.{40}hush.{20}/.exec(shown)?.[0], undefined);
  assert.ok(shown.includes('["x-open","shown"]'));
  assert.ok(shown.includes('\\"mode\\":\\"shown\\"'));
  assert.ok(shown.includes('"--port","shown"'));
  assert.ok(shown.includes(`["PLAIN","${REDACTED}"]`));
  assert.ok(shown.includes(`https://${REDACTED}@example.com/a.wasm`));
});

test('redacting changes no shape, and nothing of the original', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const before = JSON.stringify(value);
      const copy = redact(value);
      assert.equal(JSON.stringify(value), before);
      assert.equal(Array.isArray(copy), Array.isArray(value));
      assert.equal(typeof copy, typeof value);
    }),
  );
});

test('values are judged by their name, lists of two words are not pairs', () => {
  assert.deepEqual(redact({ hostnames: ['token.example.com', 'b'] }), {
    hostnames: ['token.example.com', 'b'],
  });
  assert.deepEqual(redact({ apiKey: 'x', tokens: { count: 2 }, clientSecret: 5 }), {
    apiKey: REDACTED,
    tokens: { count: 2 },
    clientSecret: REDACTED,
  });
  assert.deepEqual(redact({ configuration: 'not json' }), { configuration: 'not json' });
});

test('rules as rows', () => {
  assert.deepEqual(routeRows(SNAPSHOT), [
    {
      rule: 'default/shop/0',
      listener: 'default/edge/http',
      port: 8080,
      hostnames: ['*.example.com'],
      matches: [`GET PathPrefix /api header authorization=${REDACTED} header x-user~a.* query v=2`],
      filters: ['wasm default/auth', 'wasm default/headers', 'RequestHeaderModifier'],
      backends: ['backend/default/a 75%', '(invalid: no such Backend) 25%'],
      invalid: null,
    },
  ]);
});

test('figures as rows, with percentiles within their bucket', () => {
  const directory = new MetricsDirectory();
  const registry = new MetricsRegistry({
    define: (definition) => directory.define(0, definition),
    retire: () => {},
  });
  registry.counter('never_total', 'N.');
  registry.gauge('level', 'L.');
  registry.counter('a_total', 'A.').add(3);
  const histogram = registry.histogram('h_seconds', 'H.');
  for (let i = 0; i < 99; i++) histogram.observe(1.5);
  histogram.observe(20_000);
  const rows = statRows(directory.collect());
  assert.deepEqual(
    rows.map((row) => [row.name, row.value]),
    [
      ['a_total', 3],
      ['h_seconds', 100],
      ['level', 0],
    ],
  );
  const times = rows[1]?.times;
  assert.ok(times !== null && times !== undefined);
  assert.ok(times.p50Ms > 1 && times.p50Ms < 2.5);
  assert.ok(times.p99Ms > times.p50Ms && times.p99Ms <= 2.5);
  assert.equal(times.meanMs, 201.485);
});

test('a percentile above the last bound is that bound', () => {
  const histogram = { sumSeconds: 40, cumulative: Array.from({ length: 14 }, () => 0) };
  const samples = [{ labels: {}, value: 2, histogram }];
  const rows = statRows([{ name: 'h', help: '', kind: 'histogram', samples }]);
  assert.equal(rows[0]?.times?.p50Ms, 10_000);
});

test('addresses and localhost are trusted, names are not', () => {
  for (const host of [
    '127.0.0.1',
    '127.0.0.1:15000',
    '[::1]:15000',
    'LOCALHOST:1',
    '10.1.2.3:80',
  ]) {
    assert.equal(refusal({ host }, []), null, host);
  }
  for (const host of [
    'evil.example',
    'localhost.evil.example:15000',
    '',
    '[::1',
    '127.0.0.1.nip.io',
  ]) {
    assert.match(refusal({ host }, []) ?? '', /is not an address of this process/, host);
  }
  assert.equal(refusal({ host: 'tulle.mesh:15000' }, ['tulle.mesh']), null);
});

test('pages of other sites are refused, the own ones are not', () => {
  const host = '127.0.0.1:15000';
  assert.equal(refusal({ host, origin: `http://${host}` }, []), null);
  assert.equal(refusal({ host, 'sec-fetch-site': 'same-origin' }, []), null);
  assert.equal(refusal({ host, 'sec-fetch-site': 'none' }, []), null);
  for (const headers of [
    { host, origin: 'https://evil.example' },
    { host, origin: 'null' },
    { host, 'sec-fetch-site': 'cross-site' },
    { host, 'sec-fetch-site': 'same-site' },
  ]) {
    assert.match(refusal(headers, []) ?? '', /another site/);
  }
});
