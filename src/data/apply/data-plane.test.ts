import assert from 'node:assert/strict';
import * as net from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { LIMITS } from '../../base/limits.ts';
import { silentLog } from '../../base/log.ts';
import { systemScheduler } from '../../base/scheduler.ts';
import type { Bind } from '../../config/listener.ts';
import type { Snapshot } from '../../config/snapshot.ts';
import { MetricsRegistry } from '../../observe/metrics.ts';
import { InstanceBudget } from '../../runtime/instance/budget.ts';
import { createSharedState } from '../../runtime/proxy-wasm/shared-state.ts';
import { SystemResolver } from '../cluster/resolver.ts';
import { DataPlane } from './data-plane.ts';
import { NO_GUESTS } from './guests.ts';

function planeOf(t: TestContext): { plane: DataPlane; registry: MetricsRegistry } {
  const registry = new MetricsRegistry();
  const plane = new DataPlane({
    clock: systemClock,
    scheduler: systemScheduler,
    registry,
    resolver: new SystemResolver(),
    log: silentLog,
    budget: InstanceBudget.create(),
    shared: createSharedState(systemScheduler),
    node: { id: 'test', cluster: 'test' },
    random: Math.random,
    newId: () => 'id',
    logRequest: () => {},
  });
  t.after(() => plane.close());
  return { plane, registry };
}

/** A bind whose listener has no route: every request is answered with 404. */
function bind(port: number, connectionsMax: number = LIMITS.connectionsMax): Bind {
  return {
    address: '127.0.0.1',
    port,
    listeners: [{ name: `default/edge/${port}`, hostname: '', routes: [], filters: [] }],
    client: {
      trustedProxies: [],
      requestHeadMs: LIMITS.requestHeadMs,
      idleMs: LIMITS.downstreamIdleMs,
      streamIdleMs: LIMITS.streamIdleMs,
      connectionsMax,
      headBytesMax: LIMITS.headBytesMax,
      targetBytesMax: LIMITS.targetBytesMax,
      headerCountMax: LIMITS.headerCountMax,
    },
  };
}

let version = 0;

function snapshot(...binds: readonly Bind[]): Snapshot {
  return { version: ++version, binds, clusters: [], filters: [], services: [], callees: [] };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((one) => new Promise((resolve) => one.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A connection that collects what it gets. */
class Client {
  readonly socket: net.Socket;
  text = '';
  closed = false;
  error = '';

  constructor(t: TestContext, port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.setEncoding('latin1').on('data', (text) => {
      this.text += String(text);
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? '';
    });
    this.socket.on('close', () => {
      this.closed = true;
    });
    t.after(() => this.socket.destroy());
  }

  /** Status and `connection` field of the answer to one request. */
  async ask(): Promise<string> {
    this.text = '';
    this.socket.write('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    await until(() => this.closed || this.text.includes('\r\n\r\n'));
    const status = this.text.slice(9, 12) || this.error || 'closed';
    return /\r\nconnection: close\r\n/i.test(this.text) ? `${status} close` : status;
  }
}

/** What comes while the socket is being closed is still answered, for the last time. */
async function refused(t: TestContext, port: number): Promise<void> {
  for (;;) {
    const outcome = await new Client(t, port).ask();
    if (outcome === 'ECONNREFUSED') return;
    assert.match(outcome, /^404/);
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test('addresses come and go with the configuration, those that stay keep their connections', async (t) => {
  const { plane } = planeOf(t);
  const [a = 0, b = 0] = await freePorts(2);
  const applied = await plane.apply(snapshot(bind(a)), NO_GUESTS);
  assert.deepEqual(applied, { bindFailures: [], filterFailures: [] });
  const client = new Client(t, a);
  assert.equal(await client.ask(), '404');
  await plane.apply(snapshot(bind(a), bind(b)), NO_GUESTS);
  assert.equal(await new Client(t, b).ask(), '404');
  assert.equal(await client.ask(), '404');
  const last = await plane.apply(snapshot(bind(b)), NO_GUESTS);
  assert.deepEqual(last.bindFailures, []);
  assert.equal(plane.figures().snapshotVersion, version);
  // Its client is told to go once the socket is closed.
  let answer = await client.ask();
  while (answer === '404') answer = await client.ask();
  assert.equal(answer, '404 close');
  await until(() => client.closed);
  await until(() => plane.figures().connections === 1);
  await refused(t, a);
  // The same address again, while its predecessor may still drain.
  await plane.apply(snapshot(bind(a)), NO_GUESTS);
  assert.equal(await new Client(t, a).ask(), '404');
});

test('an address that is taken is told, does not stop the others, and is had by a later try', async (t) => {
  const { plane } = planeOf(t);
  const other = net.createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port: taken } = other.address() as net.AddressInfo;
  const [free = 0] = await freePorts(1);
  const both = snapshot(bind(taken), bind(free));
  const failure = { address: '127.0.0.1', port: taken, code: 'EADDRINUSE' };
  assert.deepEqual((await plane.apply(both, NO_GUESTS)).bindFailures, [failure]);
  assert.deepEqual((await plane.apply(both, NO_GUESTS)).bindFailures, [failure]);
  assert.equal(await new Client(t, free).ask(), '404');
  await new Promise((resolve) => other.close(resolve));
  assert.deepEqual((await plane.apply(both, NO_GUESTS)).bindFailures, []);
  assert.equal(await new Client(t, taken).ask(), '404');
});

test('a drain answers what comes on open connections once more, and ends with the last', async (t) => {
  const { plane } = planeOf(t);
  const [port = 0] = await freePorts(1);
  await plane.apply(snapshot(bind(port)), NO_GUESTS);
  const clients = [new Client(t, port), new Client(t, port), new Client(t, port)];
  for (const client of clients) assert.equal(await client.ask(), '404');
  // While the socket is being closed nobody is told to go, and who comes is served.
  const closed = plane.stopListening();
  assert.equal(await clients[0]?.ask(), '404');
  const late = new Client(t, port);
  assert.equal(await late.ask(), '404');
  await closed;
  late.socket.destroy();
  let isDrained = false;
  const drained = plane.drain().then(() => {
    isDrained = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await clients[0]?.ask(), '404 close');
  assert.equal(await clients[1]?.ask(), '404 close');
  assert.equal(isDrained, false);
  // The third says nothing; it is closed after a moment.
  await drained;
  assert.equal(plane.figures().connections, 0);
  await until(() => clients.every((client) => client.closed));
  assert.equal(clients[2]?.error, '');
  assert.equal(await new Client(t, port).ask(), 'ECONNREFUSED');
});

test('a drain with nothing open ends by itself; asked twice it is the same drain', async (t) => {
  const { plane } = planeOf(t);
  await plane.drain();
  const [port = 0] = await freePorts(1);
  await plane.apply(snapshot(bind(port)), NO_GUESTS);
  await Promise.all([plane.drain(), plane.drain()]);
});

test('connections above the maximum are reset and counted, those below go on', async (t) => {
  const { plane, registry } = planeOf(t);
  const [port = 0] = await freePorts(1);
  await plane.apply(snapshot(bind(port, 2)), NO_GUESTS);
  const [first, second] = [new Client(t, port), new Client(t, port)];
  assert.equal(await first.ask(), '404');
  assert.equal(await second.ask(), '404');
  const third = new Client(t, port);
  await until(() => third.closed);
  assert.equal(third.text, '');
  assert.equal(await first.ask(), '404');
  const labels = { bind: `127.0.0.1:${port}` };
  const count = (name: string): number =>
    registry.counter(`tulle_downstream_connections_${name}`, '', labels).value;
  assert.deepEqual([count('total'), count('refused_total')], [3, 1]);
  second.socket.destroy();
  await until(() => plane.figures().connections === 1);
  assert.equal(await new Client(t, port).ask(), '404');
});

test('a close cuts what is open, also while a drain is under way', async (t) => {
  const { plane } = planeOf(t);
  const [port = 0] = await freePorts(1);
  await plane.apply(snapshot(bind(port)), NO_GUESTS);
  const client = new Client(t, port);
  assert.equal(await client.ask(), '404');
  const drained = plane.drain();
  plane.close();
  await until(() => client.closed);
  await drained;
});
