import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../base/clock.ts';
import { LIMITS } from '../base/limits.ts';
import type { Log } from '../base/log.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { NO_GUESTS } from '../data/apply/guests.ts';
import type { Applied } from '../data/apply/outcome.ts';
import type { InForce } from './in-force.ts';
import type { UpOptions } from './options.ts';
import { Supervisor } from './supervisor.ts';
import { isDied } from './worker-slot.ts';

interface Rig {
  readonly supervisor: Supervisor;
  readonly lines: string[];
  apply(next: InForce): Promise<Applied | string>;
}

function rig(t: TestContext, workers: number, over: Partial<UpOptions> = {}): Rig {
  const lines: string[] = [];
  const write: Log['write'] = (_level, message, fields) =>
    lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const options: UpOptions = {
    files: [],
    workers,
    admin: null,
    accessLog: 'off',
    accessLogFormat: 'json',
    logLevel: 'info',
    drainMs: 2_000,
    terminal: { logJson: true, color: false, print() {}, printTable() {}, fail() {} },
    ...over,
  };
  const supervisor = new Supervisor(options, {
    clock: systemClock,
    log: { level: 'info', write },
  });
  supervisor.start();
  t.after(() => supervisor.stop());
  const apply = async (next: InForce): Promise<Applied | string> => {
    const outcome = await supervisor.apply(next, () => next);
    return isDied(outcome) ? outcome.reason : outcome;
  };
  return { supervisor, lines, apply };
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Answers 404 to everything. */
function serving(port: number, version = 1): InForce {
  const client = {
    trustedProxies: [],
    requestHeadMs: LIMITS.requestHeadMs,
    idleMs: LIMITS.downstreamIdleMs,
    streamIdleMs: LIMITS.streamIdleMs,
    connectionsMax: LIMITS.connectionsMax,
    headBytesMax: LIMITS.headBytesMax,
    targetBytesMax: LIMITS.targetBytesMax,
    headerCountMax: LIMITS.headerCountMax,
  };
  const listeners = [{ name: 'default/edge/http', hostname: '', routes: [], filters: [] }];
  const binds = [{ address: '127.0.0.1', port, listeners, client }];
  return {
    snapshot: { version, binds, clusters: [], callees: [], filters: [], services: [] },
    guests: NO_GUESTS,
  };
}

/** No worker survives it: an error that the code does not expect. */
const DEADLY: InForce = {
  snapshot: { version: 9, binds: [null], clusters: [], filters: [], services: [] } as never,
  guests: NO_GUESTS,
};

async function status(port: number): Promise<number> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const states = ({ supervisor }: Rig): string[] => supervisor.slots.map(({ state }) => state);

test('all workers serve what is applied', async (t) => {
  const all = rig(t, 2);
  const port = await freePort();
  assert.deepEqual(await all.apply(serving(port)), { bindFailures: [], filterFailures: [] });
  assert.deepEqual(states(all), ['serving', 'serving']);
  assert.deepEqual(
    all.supervisor.slots.map(({ version }) => version),
    [1, 1],
  );
  assert.equal(await status(port), 404);
});

test('a first configuration that no worker survives is refused', async (t) => {
  const all = rig(t, 2);
  const reason = await all.apply(DEADLY);
  assert.match(String(reason), /null/);
  assert.deepEqual(all.lines, []);
});

test('workers that cannot start refuse the first configuration with their reason', async (t) => {
  const all = rig(t, 1, { accessLog: '/no/such/directory/log' });
  await until(() => all.supervisor.slots[0]?.state === 'ended');
  const reason = await all.apply(serving(await freePort()));
  assert.match(String(reason), /^cannot open the access log/);
});

test('a change that a worker does not survive costs one worker, which comes back with the old one', async (t) => {
  const all = rig(t, 2);
  const port = await freePort();
  await all.apply(serving(port));
  const survivors = all.supervisor.slots.map(({ source }) => source);
  assert.match(String(await all.apply(DEADLY)), /null/);
  assert.equal(await status(port), 404);
  await until(() => all.supervisor.slots.every(({ state }) => state === 'serving'));
  const [first, second] = all.supervisor.slots;
  assert.equal(second?.source, survivors[1]);
  assert.notEqual(first?.source, survivors[0]);
  assert.deepEqual([all.supervisor.replacedOf(0), all.supervisor.replacedOf(1)], [1, 0]);
  assert.match(all.lines.join('\n'), /a worker ended and is replaced .*"restartMs":100/);
  assert.deepEqual(await all.apply(serving(port, 2)), { bindFailures: [], filterFailures: [] });
});

test('an error nobody expected ends one worker; figures of it are kept, not counted back', async (t) => {
  const all = rig(t, 2);
  const port = await freePort();
  await all.apply(serving(port));
  for (let count = 0; count < 10; count++) assert.equal(await status(port), 404);
  const requests = (): number => {
    const family = all.supervisor.metrics
      .collect()
      .find(({ name }) => name === 'tulle_http_requests_total');
    return (family?.samples ?? []).reduce((sum, { value }) => sum + value, 0);
  };
  await until(() => requests() === 10);
  all.supervisor.slots[0]?.post({ type: 'apply' } as never);
  await until(() => all.supervisor.replacedOf(0) === 1);
  assert.equal(requests(), 10);
  assert.equal(await all.supervisor.slots[0]?.figures(50), null);
  for (let count = 0; count < 10; count++) assert.equal(await status(port), 404);
  await until(() => states(all).every((state) => state === 'serving'));
  assert.equal((await all.supervisor.slots[0]?.figures(5_000))?.snapshotVersion, 1);
});

test('an address that is taken is told by every worker, and the rest is served', async (t) => {
  const all = rig(t, 2);
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const { port: taken } = other.address() as AddressInfo;
  const port = await freePort();
  const both: Snapshot = {
    ...serving(port).snapshot,
    binds: [...serving(taken).snapshot.binds, ...serving(port).snapshot.binds],
  };
  const applied = await all.apply({ snapshot: both, guests: NO_GUESTS });
  const failure = { address: '127.0.0.1', port: taken, code: 'EADDRINUSE' };
  assert.deepEqual(applied, { bindFailures: [failure, failure], filterFailures: [] });
  assert.equal(await status(port), 404);
});

test('a drain ends when every connection has, or when it is cut', async (t) => {
  const all = rig(t, 2);
  const port = await freePort();
  await all.apply(serving(port));
  const never = new Promise<void>(() => {});
  assert.equal(await all.supervisor.drain(never), true);
  assert.equal(await status(port), 0);
  assert.equal(all.supervisor.draining, true);
  const cut = rig(t, 1);
  const busyPort = await freePort();
  await cut.apply(serving(busyPort));
  const socket = (await import('node:net')).connect(busyPort, '127.0.0.1');
  t.after(() => socket.destroy());
  await new Promise<void>((resolve) => socket.write('GET / HTTP/1.1\r\n', () => resolve()));
  await until(() => socket.bytesWritten > 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(await cut.supervisor.drain(Promise.resolve()), false);
});

test('nothing is left running after stop', async (t) => {
  const all = rig(t, 2);
  await all.apply(serving(await freePort()));
  await all.supervisor.stop();
  assert.deepEqual(states(all), ['ended', 'ended']);
  assert.deepEqual(all.lines, []);
});
