import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseWrk, wrkCommand } from './wrk.ts';

const OUTPUT = `Running 2s test @ http://127.0.0.1:8080/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.02ms  204.00us   9.00ms   91.10%
  61000 requests in 2.00s, 13.1MB read
Requests/sec:  30500.00
BENCH {"requests":61000,"durationUs":2000000,"connect":1,"read":2,"write":3,"timeout":4,"status":5,"p50Us":1020,"p90Us":1300,"p99Us":2040,"p999Us":4500,"maxUs":9000}
`;

test('the figures come from the script, every kind of failure is counted', () => {
  assert.deepEqual(parseWrk(OUTPUT), {
    requests: 61_000,
    seconds: 2,
    failed: 15,
    p50Ms: 1.02,
    p90Ms: 1.3,
    p99Ms: 2.04,
    p999Ms: 4.5,
    maxMs: 9,
  });
});

test('an output without the line, or with a broken one, is null', () => {
  assert.equal(parseWrk(''), null);
  assert.equal(parseWrk('unable to connect to 127.0.0.1:1 Connection refused\n'), null);
  assert.equal(parseWrk(OUTPUT.replace('"p50Us":1020,', '')), null);
  assert.equal(parseWrk(OUTPUT.replace('"durationUs":2000000', '"durationUs":0')), null);
  assert.equal(parseWrk('BENCH {broken}\n'), null);
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseWrk(text);
      parseWrk(`BENCH {${text}}\n`);
    }),
  );
});

test('the command asks for one thread and whole seconds', () => {
  const shape = {
    port: 1,
    path: '/x',
    routes: 10,
    method: 'POST',
    bodyBytes: 5,
    connections: 32,
  } as const;
  const command = wrkCommand(shape, 0.4);
  assert.deepEqual(command.slice(0, 4), [
    'wrk',
    '--threads=1',
    '--connections=32',
    '--duration=1s',
  ]);
  assert.deepEqual(command.slice(-5), ['http://127.0.0.1:1/x', '--', '10', 'POST', '5']);
});
