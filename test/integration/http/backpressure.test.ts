/**
 * A slow side slows the other: whatever size a body has, what the proxy holds of it is bounded.
 * Both ends read into one buffer and send one piece of memory, so what grows here is the proxy's.
 * `TULLE_TEST_HUGE=1` sends 10 GB instead of 1.
 */

import assert from 'node:assert/strict';
import * as net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '../../../src/base/limits.ts';
import { Connection, type ConnectionHandler } from '../../../src/data/connection/connection.ts';
import { allQuiet, clusterOf, eventually, logged, settled } from '../support/await.ts';
import { cluster, rule, startPlane, type TestPlane } from '../support/data-plane.ts';
import { RawBackend } from '../support/raw-backend.ts';
import { RawClient } from '../support/raw-client.ts';

const GB = 1_000_000_000;
const BODY_BYTES = process.env.TULLE_TEST_HUGE === '1' ? 10 * GB : GB;
const GROWTH_BYTES_MAX = 64 * 1024 * 1024;
/** A watermark, and what was read before the other side could be stopped. */
const QUEUED_BYTES_MAX = LIMITS.highWatermarkBytes + 4 * 64 * 1024;
const PIECE = Buffer.alloc(64 * 1024, 'p');
const PAUSES = 20;

/** Sends so many bytes as fast as they are taken. */
class Pourer {
  sent = 0;
  readonly #socket: net.Socket;

  constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  async pour(bytes: number): Promise<void> {
    while (this.sent < bytes) {
      const piece = PIECE.subarray(0, Math.min(PIECE.length, bytes - this.sent));
      this.sent += piece.length;
      if (!this.#socket.write(piece)) {
        await new Promise((resolve) => this.#socket.once('drain', resolve));
      }
    }
  }
}

/** Counts what it reads and stops now and then. */
function slowReader(bytes: number): { read: number; stopped: boolean; onread: net.OnReadOpts } {
  const buffer = Buffer.allocUnsafeSlow(256 * 1024);
  let nextStop = bytes / PAUSES;
  const reader = {
    read: 0,
    stopped: false,
    onread: {
      buffer,
      callback: (length: number): boolean => {
        reader.read += length;
        if (reader.read < nextStop) return true;
        nextStop += bytes / PAUSES;
        reader.stopped = true;
        return false;
      },
    },
  };
  return reader;
}

/** The most that the plane's sockets have held unsent, and how much the process has grown. */
class Watch {
  queuedBytes = 0;
  grownBytes = 0;
  #baseBytes = Number.POSITIVE_INFINITY;
  readonly #ports: ReadonlySet<number>;
  readonly #timer: NodeJS.Timeout;

  /** `ports`: of the far ends of the plane's sockets and of the plane itself. */
  constructor(t: TestContext, ports: readonly number[]) {
    this.#ports = new Set(ports);
    this.#timer = setInterval(() => this.look(), 10);
    t.after(() => clearInterval(this.#timer));
  }

  /** What the process needs once to pass a body at all is no growth: called after a tenth of it. */
  warm(): void {
    this.#baseBytes = Math.min(this.#baseBytes, process.memoryUsage.rss());
  }

  look(): void {
    const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
    for (const handle of handles) {
      if (!(handle instanceof net.Socket) || !this.#isOfPlane(handle)) continue;
      this.queuedBytes = Math.max(this.queuedBytes, handle.writableLength);
    }
    this.grownBytes = Math.max(this.grownBytes, process.memoryUsage.rss() - this.#baseBytes);
  }

  #isOfPlane({ localPort, remotePort }: net.Socket): boolean {
    const [plane, backend] = [...this.#ports];
    return localPort === plane || remotePort === backend;
  }
}

/** A client and a backend socket with the plane between them; the client's request is yet to be sent. */
async function ends(
  t: TestContext,
  clientRead: net.OnReadOpts | null,
  onBackend: (socket: net.Socket) => void,
): Promise<{ plane: TestPlane; client: net.Socket; watch: Watch }> {
  const server = net.createServer(
    { allowHalfOpen: true, noDelay: true, pauseOnConnect: true },
    onBackend,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const plane = await startPlane({
    rules: [rule()],
    clusters: [cluster([{ address: '127.0.0.1', port, weight: 1 }])],
  });
  t.after(() => plane.close());
  const onread = clientRead === null ? {} : { onread: clientRead };
  const client = net.connect({ host: '127.0.0.1', port: plane.port, ...onread });
  t.after(() => client.destroy());
  await new Promise((resolve) => client.once('connect', resolve));
  return { plane, client, watch: new Watch(t, [plane.port, port]) };
}

describe('a body of a gigabyte', { timeout: 60_000 }, () => {
  it('to a client that reads slowly', async (t) => {
    const reader = slowReader(BODY_BYTES);
    let pourer: Pourer | null = null;
    const { plane, client, watch } = await ends(t, reader.onread, (socket) => {
      socket.resume();
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${BODY_BYTES}\r\n\r\n`);
        pourer = new Pourer(socket);
        void pourer.pour(BODY_BYTES);
      });
      t.after(() => socket.destroy());
    });
    client.write('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    client.pause();
    await settled(() => pourer?.sent ?? 0);
    const stalledAt = (pourer as unknown as Pourer).sent;
    assert.equal(stalledAt < 60_000_000, true, `${stalledAt} bytes left the backend unread`);
    client.resume();
    while (reader.read < BODY_BYTES) {
      await eventually(() => reader.stopped || reader.read >= BODY_BYTES, 'some more was read');
      reader.stopped = false;
      if (reader.read > BODY_BYTES / 10) watch.warm();
      await delay(5);
      client.resume();
    }
    const entry = await logged(plane);
    assert.equal(entry.responseBodyBytes, BODY_BYTES);
    check(watch);
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, 1, 'the connection is kept');
  });

  it('from a client to a backend that reads slowly', async (t) => {
    const backend = new SlowBackend();
    const { plane, client, watch } = await ends(t, null, (socket) => backend.take(socket));
    t.after(() => backend.close());
    backend.watch = watch;
    const answer = new Promise<string>((resolve) =>
      client.once('data', (chunk) => resolve(chunk.toString())),
    );
    client.write(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ${BODY_BYTES}\r\n\r\n`);
    const pourer = new Pourer(client);
    void pourer.pour(BODY_BYTES);
    await settled(() => pourer.sent);
    assert.equal(pourer.sent < 60_000_000, true, `${pourer.sent} bytes left the client unread`);
    backend.resume();
    assert.match(await answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal((await logged(plane)).requestBodyBytes, BODY_BYTES);
    check(watch);
    await allQuiet(plane);
  });
});

/** Reads one request in steps with pauses between them, and answers at its end. */
class SlowBackend implements ConnectionHandler {
  watch: Watch | null = null;
  #read = 0;
  #nextStop = BODY_BYTES / PAUSES;
  #connection: Connection | null = null;

  take(socket: net.Socket): void {
    this.#connection = Connection.accept(socket, this);
    this.#connection.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  close(): void {
    this.#connection?.destroy();
  }

  connectionData(_chunk: Buffer, length: number): void {
    this.#read += length;
    if (this.#read >= BODY_BYTES) {
      this.#connection?.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    }
    if (this.#read < this.#nextStop) return;
    if (this.#read > BODY_BYTES / 10) this.watch?.warm();
    this.#nextStop += BODY_BYTES / PAUSES;
    this.#connection?.pause();
    setTimeout(() => this.resume(), 5);
  }

  connectionOpen(): void {}
  connectionEnd(): void {}
  connectionWritable(): void {}
  connectionClosed(): void {}
}

function check(watch: Watch): void {
  watch.look();
  assert.equal(watch.queuedBytes > 0, true, 'the watch has seen the sockets');
  assert.equal(watch.queuedBytes <= QUEUED_BYTES_MAX, true, `${watch.queuedBytes} bytes queued`);
  assert.equal(watch.grownBytes < GROWTH_BYTES_MAX, true, `grown by ${watch.grownBytes} bytes`);
}

/** Bytes of which no two stretches are alike. */
function pattern(bytes: number, seed: number): Buffer {
  const words = new Uint32Array(bytes / 4);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + seed, 2_654_435_761);
  return Buffer.from(words.buffer);
}

describe('large bodies', () => {
  it('of many at once arrive as they were sent, whoever is slow', async (t) => {
    const backend = await RawBackend.scripted((connection) => {
      connection.socket.removeAllListeners('data');
      connection.socket.once('data', (first: Buffer) => {
        connection.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        const headEnd = first.indexOf('\r\n\r\n') + 4;
        // What comes in chunks goes back in the same chunks.
        connection.socket.write(first.subarray(headEnd));
        connection.socket.pipe(connection.socket);
      });
    });
    t.after(() => backend.close());
    const plane = await startPlane({ rules: [rule()], clusters: [cluster([backend.endpoint])] });
    t.after(() => plane.close());
    const bytes = 8_000_000;
    await Promise.all(
      [1, 2, 3, 4].map(async (seed) => {
        const sent = pattern(bytes, seed);
        const client = await RawClient.connect(plane.port);
        t.after(() => client.close());
        client.send('POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n');
        for (let i = 0; i < bytes; i += 50_000) {
          client.send(`${(50_000).toString(16)}\r\n`);
          client.send(sent.subarray(i, i + 50_000));
          client.send('\r\n');
        }
        client.send('0\r\n\r\n');
        client.socket.pause();
        for (let i = 0; i < 20; i++) {
          await delay(5 * seed);
          client.socket.resume();
          await delay(1);
          if (i < 19) client.socket.pause();
        }
        const answer = await client.answer();
        assert.equal(Buffer.from(answer.body, 'latin1').equals(sent), true, `body ${seed}`);
      }),
    );
    await allQuiet(plane);
  });
});
