import assert from 'node:assert/strict';
import * as net from 'node:net';
import { test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { closeWhenQuiet } from './quiet-close.ts';

const CLOSE_MS_MAX = 100;

async function listening(port = 0, onConnection: (socket: net.Socket) => void = () => {}) {
  const server = net.createServer(onConnection);
  await new Promise<void>((resolve) => {
    server.listen({ port, host: '127.0.0.1', reusePort: true }, resolve);
  });
  return { server, port: (server.address() as net.AddressInfo).port };
}

test('a server that hears nothing is closed soon, and its connections stay', async () => {
  const sockets: net.Socket[] = [];
  const { server, port } = await listening(0, (socket) => sockets.push(socket));
  const client = net.connect(port, '127.0.0.1');
  while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const startMs = systemClock.now();
  await closeWhenQuiet(server, { clock: systemClock, accepted: () => sockets.length });
  const tookMs = systemClock.now() - startMs;
  assert.equal(server.listening, false);
  assert.ok(tookMs >= 9, `${tookMs}`);
  sockets[0]?.write('still here');
  const text = await new Promise((resolve) => client.once('data', resolve));
  assert.equal(String(text), 'still here');
  client.destroy();
});

test('one that does not listen is done at once', async () => {
  await closeWhenQuiet(net.createServer(), { clock: systemClock, accepted: () => 0 });
});

test('a steady stream of connections delays the close for a bounded time', async () => {
  const { server } = await listening();
  let accepted = 0;
  // Something arrives in every turn, for ever.
  const stream = setInterval(() => accepted++, 0);
  const startMs = systemClock.now();
  await closeWhenQuiet(server, { clock: systemClock, accepted: () => accepted++ });
  clearInterval(stream);
  const tookMs = systemClock.now() - startMs;
  assert.equal(server.listening, false);
  assert.ok(tookMs >= CLOSE_MS_MAX * 0.9 && tookMs < CLOSE_MS_MAX * 20, `${tookMs}`);
});

test('clients that connect again and again move to the server that stays', async (t) => {
  const answer = (socket: net.Socket): void => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('ok'));
  };
  const staying = await listening(0, answer);
  t.after(() => staying.server.close());
  let accepted = 0;
  let held: net.Socket[] | null = null;
  const leaving = await listening(staying.port, (socket) => {
    accepted++;
    if (held === null) answer(socket);
    else held.push(socket);
  });
  let isOver = false;
  let answered = 0;
  const client = async (): Promise<void> => {
    while (!isOver) {
      const text = await new Promise<string>((resolve) => {
        const socket = net.connect(staying.port, '127.0.0.1', () => socket.write('x'));
        socket.setEncoding('utf8').once('data', resolve);
        socket.once('error', (error) => resolve(error.message));
      });
      assert.equal(text, 'ok');
      answered++;
    }
  };
  const clients = Array.from({ length: 8 }, client);
  while (accepted < 50) await new Promise((resolve) => setTimeout(resolve, 1));
  held = [];
  await closeWhenQuiet(leaving.server, { clock: systemClock, accepted: () => accepted });
  const waiting = held as net.Socket[];
  held = null;
  for (const socket of waiting) answer(socket);
  const before = answered;
  while (answered < before + 50) await new Promise((resolve) => setTimeout(resolve, 1));
  isOver = true;
  await Promise.all(clients);
});
