/** Workers: all of them serve, and one that dies or hangs is replaced while the others go on. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigDir, httpAsk, Tulle } from '../support/cli.ts';
import { freePort } from '../support/data-plane.ts';
import { origin } from '../support/origin.ts';
import { RawClient } from '../support/raw-client.ts';
import { backend, documents, gateway, plugin, route, service } from '../support/resources.ts';

const GUESTS = fileURLToPath(new URL('../../guests/', import.meta.url));
const FILTER = `file://${GUESTS}header-filter.wasm`;
const HELLO = `${GUESTS}cgi-hello.wasm`;

/** Costs a worker: a command is not ended while it computes. */
const SERVICE_LOOP = 'GET /loop HTTP/1.1\r\nhost: test\r\n\r\n';

interface WorkerRow {
  readonly id: number;
  readonly state: string;
  readonly connections: number;
  readonly replaced: number;
  readonly snapshotVersion: number;
}

interface Setup {
  readonly tulle: Tulle;
  readonly port: number;
  workers(): Promise<WorkerRow[]>;
  /** Sum of a counter over its labels. */
  total(name: string): Promise<number>;
}

async function setUp(t: TestContext, workers: number): Promise<Setup> {
  const { port: backPort } = await origin(t);
  const port = await freePort();
  const dir = new ConfigDir(t, {
    'mesh.yaml': documents(
      gateway(port),
      route('all'),
      route('guest', { prefix: '/loop', kind: 'WasmService', backend: 'hello' }),
      backend('origin', backPort),
      service('hello', HELLO),
      plugin('headers', FILTER, '"on"'),
    ),
  });
  const tulle = await Tulle.start(t, dir.path, { workers });
  const total = async (name: string): Promise<number> => {
    const { text } = await tulle.admin('/metrics');
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };
  return { tulle, port, total, workers: () => tulle.adminJson<WorkerRow[]>('/workers') };
}

/** Connections of which each worker has some. */
async function connectionsToAll({ port, tulle, workers }: Setup): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  await tulle.until(async () => {
    for (let count = 0; count < 8; count++) {
      const client = await RawClient.connect(port);
      assert.equal((await client.get()).field('x-filtered'), 'on');
      clients.push(client);
    }
    return (await workers()).every(({ connections }) => connections > 0);
  }, 'connections in every worker');
  return clients;
}

test('all workers take connections', async (t) => {
  const setup = await setUp(t, 3);
  const clients = await connectionsToAll(setup);
  const rows = await setup.workers();
  assert.deepEqual(
    rows.map(({ id, state, replaced, snapshotVersion }) => [id, state, replaced, snapshotVersion]),
    [0, 1, 2].map((id) => [id, 'serving', 0, 1]),
  );
  const sum = rows.reduce((connections, row) => connections + row.connections, 0);
  assert.equal(sum, clients.length);
  for (const client of clients) client.close();
});

test('a filter that loops endlessly fails its request, and nothing else', async (t) => {
  const { tulle, port, workers, total } = await setUp(t, 1);
  const other = await RawClient.connect(port);
  assert.equal((await other.get()).status, 200);
  for (let count = 1; count <= 2; count++) {
    const victim = await RawClient.connect(port);
    const answer = await victim.get('/', 'x-loop: yes\r\n');
    assert.equal(answer.status, 503);
    // The guest comes back after a moment; the worker and its connections were never gone.
    await tulle.until(async () => (await other.get()).status === 200, 'the guest is back');
    victim.close();
  }
  assert.match(tulle.err, /exceeded its CPU limit of 50 ms/);
  assert.equal(await total('tulle_filter_traps_total'), 2);
  assert.equal((await workers())[0]?.replaced, 0);
  other.close();
});

test('a service loops endlessly: its worker is replaced, connections of the others go on', async (t) => {
  const setup = await setUp(t, 2);
  const { tulle, port, workers, total } = setup;
  const clients = await connectionsToAll(setup);
  const before = await total('tulle_http_requests_total');
  assert.ok(before >= clients.length);
  const startMs = performance.now();
  const victim = await RawClient.connect(port);
  victim.send(SERVICE_LOOP);
  // Connections of the worker that hangs are lost with it; all others answer all the time.
  const lost = new Set<RawClient>();
  const served = new Map<RawClient, number>();
  const watch = clients.map(async (client) => {
    while ((await workers()).every(({ replaced }) => replaced === 0)) {
      const answer = await client.get().catch(() => null);
      if (answer === null) {
        lost.add(client);
        return;
      }
      assert.equal(answer.status, 200);
      served.set(client, (served.get(client) ?? 0) + 1);
    }
  });
  await tulle.until(async () => (await workers()).some(({ replaced }) => replaced === 1), 'gone');
  await tulle.until(
    async () => (await workers()).every(({ state }) => state === 'serving'),
    'the replacement serves',
  );
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 8_000, `replaced after ${Math.round(tookMs)} ms`);
  await Promise.all(watch);
  assert.ok(lost.size < clients.length, 'the other worker kept its connections');
  assert.match(tulle.err, /a worker does not answer and is ended/);
  assert.match(tulle.err, /a worker ended and is replaced/);
  assert.ok((await total('tulle_http_requests_total')) >= before, 'a counter went backwards');
  for (let count = 0; count < 20; count++) {
    assert.equal((await httpAsk(port, '/')).status, 200);
    assert.equal((await httpAsk(port, '/loop/not')).status, 200);
  }
  const rows = await workers();
  assert.deepEqual(
    rows.map(({ replaced }) => replaced).sort((a, b) => a - b),
    [0, 1],
  );
  for (const client of clients) client.close();
  victim.close();
});

test('a process whose only worker hangs again and again comes back each time', async (t) => {
  const { tulle, port, workers } = await setUp(t, 1);
  const instances = async (): Promise<string> =>
    /^tulle_wasm_instances (\d+)$/m.exec((await tulle.admin('/metrics')).text)?.[1] ?? '';
  assert.equal(await instances(), '1');
  for (let count = 1; count <= 2; count++) {
    const victim = await RawClient.connect(port);
    victim.send(SERVICE_LOOP);
    await tulle.until(async () => (await workers())[0]?.replaced === count, `death ${count}`);
    await tulle.until(async () => (await httpAsk(port, '/')).status === 200, 'an answer again');
    // What the dead worker held was given back; the new one has its own.
    await tulle.until(async () => (await instances()) === '1', 'one live instance');
    victim.close();
  }
  assert.match(tulle.err, /"restartMs":200/);
  tulle.signal('SIGTERM');
  assert.equal((await tulle.exited).code, 0);
});
