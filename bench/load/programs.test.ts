/** The generators as the rows use them, as processes, against a server that counts for itself. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasProgram } from '../harness/machine.ts';
import { Processes } from '../harness/processes.ts';
import { runCounted } from './h2load.ts';
import { OpenLoopProcess } from './open-loop-process.ts';
import { runWrk } from './wrk.ts';

interface Counted {
  requests: number;
  bodyBytes: number;
  readonly methods: Set<string>;
  readonly paths: Set<string>;
}

async function fixture(t: { after(fn: () => void): void }) {
  const counted: Counted = { requests: 0, bodyBytes: 0, methods: new Set(), paths: new Set() };
  const server = createServer((request, answer) => {
    counted.requests++;
    counted.methods.add(request.method ?? '');
    counted.paths.add(request.url ?? '');
    request.on('data', (chunk: Buffer) => {
      counted.bodyBytes += chunk.length;
    });
    request.on('end', () => {
      answer.statusCode = request.url === '/r2/item' ? 404 : 200;
      answer.end('ok');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const dir = mkdtempSync(join(tmpdir(), 'tulle-bench-load-'));
  const processes = new Processes(dir);
  t.after(() => {
    processes.killAll();
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return { port: (server.address() as AddressInfo).port, counted, processes };
}

const noWrk = hasProgram('wrk') ? false : 'wrk is not installed: apt-get install wrk';
const noH2load = hasProgram('h2load')
  ? false
  : 'h2load is not installed: apt-get install nghttp2-client';

test('wrk posts whole bodies, and what it counts is what came', { skip: noWrk }, async (t) => {
  const { port, counted, processes } = await fixture(t);
  const shape = { port, path: '/item', routes: 0, method: 'POST', bodyBytes: 700, connections: 4 };
  const result = await runWrk(processes, { ...shape, method: 'POST' }, 1, null);
  assert.equal(result.failed, 0);
  // Those in flight at the end came, and wrk does not count them.
  assert.ok(counted.requests >= result.requests && counted.requests <= result.requests + 4);
  assert.ok(counted.bodyBytes >= result.requests * 700);
  assert.deepEqual([...counted.methods], ['POST']);
  assert.deepEqual([...counted.paths], ['/item']);
  assert.ok(result.p50Ms > 0 && result.p50Ms <= result.p99Ms && result.p99Ms <= result.maxMs);
});

test('wrk visits every route, and an error status is a failure', { skip: noWrk }, async (t) => {
  const { port, counted, processes } = await fixture(t);
  const shape = {
    port,
    path: '/',
    routes: 4,
    method: 'GET',
    bodyBytes: 0,
    connections: 2,
  } as const;
  const result = await runWrk(processes, shape, 1, null);
  assert.deepEqual([...counted.paths].sort(), ['/r0/item', '/r1/item', '/r2/item', '/r3/item']);
  assert.ok(Math.abs(result.failed / result.requests - 0.25) < 0.1);
});

test('wrk that cannot connect is an error with its words', { skip: noWrk }, async (t) => {
  const { processes } = await fixture(t);
  const shape = {
    port: 1,
    path: '/',
    routes: 0,
    method: 'GET',
    bodyBytes: 0,
    connections: 1,
  } as const;
  await assert.rejects(runWrk(processes, shape, 1, null), /wrk gave no figures.*/s);
});

test('h2load sends exactly the number asked for', { skip: noH2load }, async (t) => {
  const { port, counted, processes } = await fixture(t);
  const target = { port, path: '/item', requests: 500, connections: 4 };
  const result = await runCounted(processes, target, null, 20_000);
  assert.deepEqual(result, { succeeded: 500, failed: 0 });
  assert.equal(counted.requests, 500);
});

test('the open loop gives its result when told to stop', async (t) => {
  const { port, counted, processes } = await fixture(t);
  const plan = {
    port,
    path: '/item',
    requestsPerSecond: 500,
    connections: 4,
    requestsPerConnection: 0,
    timeoutMs: 5_000,
    spin: false,
    warmupMs: 0,
  };
  const load = new OpenLoopProcess(processes, plan, null);
  while (counted.requests < 100) await new Promise((resolve) => setTimeout(resolve, 10));
  const result = await load.finish();
  assert.equal(result.failed, 0);
  assert.equal(result.sent, counted.requests);
  assert.equal(result.succeeded, result.sent);
});
