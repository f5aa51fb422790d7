import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { OpenLoop, type OpenLoopPlan, type OpenLoopResult } from './open-loop.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

interface Fixture {
  readonly port: number;
  readonly accepted: () => number;
}

/** A server that hands each request on a connection to `onRequest` with its number, from 0. */
async function serve(
  t: { after(fn: () => void): void },
  onRequest: (socket: Socket, index: number) => void,
): Promise<Fixture> {
  let requests = 0;
  let accepted = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    accepted++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      for (let count = chunk.toString('latin1').split('\r\n\r\n').length - 1; count > 0; count--) {
        onRequest(socket, requests++);
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, accepted: () => accepted };
}

async function run(
  port: number,
  plan: Partial<OpenLoopPlan>,
  untilSent: number,
): Promise<OpenLoopResult> {
  const full: OpenLoopPlan = {
    port,
    path: '/',
    requestsPerSecond: 200,
    connections: 4,
    requestsPerConnection: 0,
    timeoutMs: 2_000,
    spin: false,
    warmupMs: 0,
    ...plan,
  };
  const loop = new OpenLoop(full, systemClock);
  loop.start();
  await new Promise((resolve) => setTimeout(resolve, (untilSent / full.requestsPerSecond) * 1_000));
  return loop.stop();
}

test('the rate is kept and a known delay is measured as that delay', async (t) => {
  const { port } = await serve(t, (socket) => setTimeout(() => socket.write(ANSWER), 20));
  const result = await run(port, { connections: 16, spin: true }, 60);
  assert.equal(result.failed, 0);
  assert.equal(result.succeeded, result.sent);
  assert.ok(
    Math.abs(result.sent / result.seconds - 200) < 15,
    `${result.sent} in ${result.seconds} s`,
  );
  assert.ok(result.p50Ms >= 18.5 && result.p50Ms < 35, `p50 ${result.p50Ms}`);
  assert.ok(result.latenessP50Ms < 5, `lateness ${result.latenessP50Ms}`);
});

test('the latencies of the first moments are left out, their failures are not', async (t) => {
  const { port } = await serve(t, (socket, index) => {
    if (index === 3) socket.destroy();
    else setTimeout(() => socket.write(ANSWER), index < 20 ? 120 : 0);
  });
  const result = await run(port, { connections: 32, warmupMs: 150 }, 100);
  assert.equal(result.failed, 1);
  assert.equal(result.succeeded, result.sent - 1);
  assert.ok(result.p90Ms < 100, `p90 ${result.p90Ms}`);
});

test('a slow minority shows in the tail and not in the middle', async (t) => {
  const { port } = await serve(t, (socket, index) => {
    setTimeout(() => socket.write(ANSWER), index % 10 === 9 ? 150 : 0);
  });
  const result = await run(port, { connections: 32 }, 100);
  assert.ok(result.p50Ms < 60, `p50 ${result.p50Ms}`);
  assert.ok(result.p99Ms >= 148, `p99 ${result.p99Ms}`);
});

test('a stall counts for every request that was due in it, not only for the one it held', async (t) => {
  let stalledUntil = 0;
  const { port } = await serve(t, (socket, index) => {
    if (index === 20) stalledUntil = systemClock.now() + 300;
    setTimeout(() => socket.write(ANSWER), Math.max(0, stalledUntil - systemClock.now()));
  });
  const result = await run(port, { connections: 1 }, 100);
  assert.equal(result.failed, 0);
  assert.ok(result.maxMs >= 298);
  // 60 of the 100 requests fell due during the 300 ms, and those behind them waited their turn.
  assert.ok(result.p50Ms > 50, `p50 ${result.p50Ms}`);
});

test('error statuses, cut connections and malformed answers are failures with their reason', async (t) => {
  const { port } = await serve(t, (socket, index) => {
    if (index % 4 === 0)
      socket.write('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
    else if (index % 4 === 1) socket.destroy();
    else if (index % 4 === 2) socket.write('nonsense\r\n\r\n');
    else socket.write(ANSWER);
  });
  const result = await run(port, {}, 40);
  assert.equal(result.succeeded + result.failed, result.sent);
  assert.ok((result.failures['status 503'] ?? 0) > 0, JSON.stringify(result.failures));
  assert.ok((result.failures['malformed answer'] ?? 0) > 0);
  assert.ok((result.failures['closed before the answer'] ?? 0) > 0);
});

test('a connection cut within an answer is told apart', async (t) => {
  const { port } = await serve(t, (socket) => {
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhalf');
  });
  const result = await run(port, {}, 20);
  assert.equal(result.succeeded, 0);
  assert.equal(result.failures['closed within the answer'], result.sent);
});

test('a server that asks to close, and one that closes idle connections, cause no failure', async (t) => {
  const { port, accepted } = await serve(t, (socket, index) => {
    if (index % 2 === 0) socket.end(ANSWER.replace('\r\n', '\r\nconnection: close\r\n'));
    else socket.write(ANSWER);
  });
  const result = await run(port, { requestsPerSecond: 100 }, 30);
  assert.deepEqual(result.failures, {});
  assert.ok(accepted() > 10);
});

test('connections are renewed after the number of answers asked for', async (t) => {
  const { port, accepted } = await serve(t, (socket) => socket.write(ANSWER));
  const result = await run(port, { connections: 1, requestsPerConnection: 5 }, 40);
  assert.deepEqual(result.failures, {});
  assert.ok(Math.abs(accepted() - result.sent / 5) <= 2, `${accepted()} for ${result.sent}`);
});

test('silence ends in a time-out, and a closed port in a connect failure; both stop cleanly', async (t) => {
  const { port } = await serve(t, () => undefined);
  const silent = await run(port, { timeoutMs: 100, connections: 2 }, 20);
  assert.equal(silent.succeeded, 0);
  assert.ok((silent.failures['timeout'] ?? 0) > 0);
  assert.ok((silent.failures['timeout in queue'] ?? 0) > 0);
  const gone = createServer();
  await new Promise<void>((resolve) => {
    gone.listen(0, '127.0.0.1', resolve);
  });
  const unused = (gone.address() as AddressInfo).port;
  await new Promise((resolve) => gone.close(resolve));
  const refused = await run(unused, { timeoutMs: 100, connections: 1 }, 10);
  assert.ok((refused.failures['connect: ECONNREFUSED'] ?? 0) > 0);
});
