import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseH2load } from './h2load.ts';

const OUTPUT = `starting benchmark...
finished in 52.30ms, 19120.46 req/s, 4.10MB/s
requests: 1000 total, 1000 started, 1000 done, 990 succeeded, 10 failed, 0 errored, 0 timeout
status codes: 990 2xx, 0 3xx, 0 4xx, 10 5xx
`;

test('good answers are the 2xx, all else has failed', () => {
  assert.deepEqual(parseH2load(OUTPUT), { succeeded: 990, failed: 10 });
});

test('an output without both lines is null', () => {
  assert.equal(parseH2load(''), null);
  assert.equal(parseH2load(OUTPUT.replace('status codes', 'codes')), null);
});
