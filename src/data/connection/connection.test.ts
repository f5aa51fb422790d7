import assert from 'node:assert/strict';
import * as net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
import { Connection, type ConnectionHandler } from './connection.ts';

/** Writes down what it is told. */
class Told implements ConnectionHandler {
  readonly events: string[] = [];
  text = '';
  onEvent: () => void = () => {};

  connectionData(chunk: Buffer, length: number): void {
    this.text += chunk.toString('latin1', 0, length);
    this.onEvent();
  }

  connectionOpen(): void {
    this.#tell('open');
  }

  connectionEnd(): void {
    this.#tell('end');
  }

  connectionWritable(): void {
    this.#tell('writable');
  }

  connectionClosed(error: string): void {
    this.#tell(`closed ${error}`);
  }

  /** Resolves once `condition` holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.onEvent = resolve;
      });
    }
  }

  has(event: string): Promise<void> {
    return this.until(() => this.events.includes(event));
  }

  #tell(event: string): void {
    this.events.push(event);
    this.onEvent();
  }
}

interface Pair {
  readonly connection: Connection;
  readonly told: Told;
  /** The other end. */
  readonly peer: net.Socket;
}

/** A connection and a plain socket at its other end. */
async function pair(t: TestContext, side: 'accepted' | 'outgoing'): Promise<Pair> {
  const told = new Told();
  const { promise, resolve } = Promise.withResolvers<net.Socket>();
  const options = { allowHalfOpen: true, pauseOnConnect: side === 'accepted' };
  const server = net.createServer(options, resolve);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  if (side === 'accepted') {
    const peer = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const connection = Connection.accept(await promise, told);
    t.after(() => (connection.destroy(), peer.destroy()));
    return { connection, told, peer };
  }
  const connection = Connection.connect('127.0.0.1', port, told);
  const peer = await promise;
  await told.has('open');
  t.after(() => (connection.destroy(), peer.destroy()));
  return { connection, told, peer };
}

/** All that the peer gets up to the FIN. */
async function received(peer: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of peer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

for (const side of ['accepted', 'outgoing'] as const) {
  describe(`an ${side} connection`, () => {
    it('reads, tells the end, and can still write', async (t) => {
      const { connection, told, peer } = await pair(t, side);
      peer.end('caf\xe9', 'latin1');
      await told.has('end');
      assert.equal(told.text, 'caf\xe9');
      const got = received(peer);
      connection.write('answer');
      connection.end();
      assert.equal((await got).toString(), 'answer');
      await told.has('closed ');
      assert.equal(connection.closed, true);
    });

    it('writes text around bytes, short and long, in order', async (t) => {
      const { connection, peer } = await pair(t, side);
      const got = received(peer);
      const expected: Buffer[] = [];
      for (const length of [0, 1, 15_990, 16_001, 64 * 1024, 100_000, 3, 300_000]) {
        const chunk = Buffer.alloc(length, length % 251);
        connection.writeAround('<', chunk, '\xe9>');
        expected.push(Buffer.from('<'), chunk, Buffer.from([0xe9, 0x3e]));
        // The chunk was borrowed.
        chunk.fill(0);
        expected[expected.length - 2] = Buffer.alloc(length, length % 251);
      }
      connection.end();
      assert.equal((await got).equals(Buffer.concat(expected)), true);
    });

    it('tells when there is room again, and when all is sent after the end', async (t) => {
      const { connection, told, peer } = await pair(t, side);
      const chunk = Buffer.alloc(64 * 1024, 'x');
      let writes = 1;
      while (connection.writeAround('', chunk, '')) writes++;
      assert.equal(connection.queuedBytes >= LIMITS.highWatermarkBytes, true);
      assert.deepEqual(told.events.slice(side === 'outgoing' ? 1 : 0), []);
      const got = received(peer);
      await told.has('writable');
      assert.equal(connection.queuedBytes, 0);
      told.events.length = 0;
      connection.write('end');
      connection.end();
      await told.has('writable');
      assert.equal((await got).length, writes * chunk.length + 3);
    });

    it('stops reading and goes on, as often as it is told', async (t) => {
      const { connection, told, peer } = await pair(t, side);
      connection.pause();
      connection.pause();
      peer.write('held');
      // What is read is read before the end of a later connection's bytes.
      const other = await pair(t, side);
      other.peer.write('other');
      await other.told.until(() => other.told.text === 'other');
      assert.equal(told.text, '');
      connection.resume();
      connection.resume();
      await told.until(() => told.text === 'held');
    });

    it('is cut by a reset from either side', async (t) => {
      const theirs = await pair(t, side);
      theirs.peer.resetAndDestroy();
      await theirs.told.has('closed ECONNRESET');
      const ours = await pair(t, side);
      const error = new Promise<NodeJS.ErrnoException>((resolve) =>
        ours.peer.once('error', resolve),
      );
      ours.peer.resume();
      ours.connection.reset();
      assert.equal((await error).code, 'ECONNRESET');
      await ours.told.has('closed ');
    });

    it('takes writes after it is gone without a word', async (t) => {
      const { connection, told } = await pair(t, side);
      connection.destroy();
      connection.write('late');
      connection.writeAround('', Buffer.alloc(100_000), '');
      connection.end();
      connection.pause();
      connection.resume();
      await told.has('closed ');
      assert.equal(told.events.filter((event) => event.startsWith('closed')).length, 1);
      assert.equal(told.events.includes('writable'), false);
    });
  });
}

describe('an outgoing connection', () => {
  it('that is refused says so', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const told = new Told();
    const connection = Connection.connect('127.0.0.1', port, told);
    connection.write('queued');
    await told.has('closed ECONNREFUSED');
    assert.deepEqual(told.events, ['closed ECONNREFUSED']);
    assert.equal(connection.closed, true);
  });

  it('whose write fails still reads what had come before', async (t) => {
    const { connection, told, peer } = await pair(t, 'outgoing');
    connection.pause();
    connection.write('unread');
    await new Promise<void>((resolve) => peer.once('readable', resolve));
    peer.write('answer');
    await new Promise((resolve) => peer.write('', resolve));
    peer.resetAndDestroy();
    await new Promise((resolve) => peer.once('close', resolve));
    connection.write('fails');
    connection.write('fails again');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(connection.closed, true, 'it takes no other request');
    connection.resume();
    await told.until(() => told.events.some((event) => /end|closed/.test(event)));
    assert.equal(told.text, 'answer');
    connection.destroy();
    await told.until(() => told.events.some((event) => event.startsWith('closed')));
  });
});
