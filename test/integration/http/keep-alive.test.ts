/** One connection, many requests: keep-alive, pipelining, half-close, HTTP/1.0. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '../../../src/base/limits.ts';
import { allQuiet, eventually, logged, ownEnd, settled } from '../support/await.ts';
import type { TestPlane } from '../support/data-plane.ts';
import { clientOf, planeFor, scripted, serving } from '../support/fixture.ts';
import { type BackendConnection, echo, ok, type RawBackend } from '../support/raw-backend.ts';
import { RawClient } from '../support/raw-client.ts';

const GET = (target: string): string => `GET ${target} HTTP/1.1\r\nhost: test\r\n\r\n`;

describe('keep-alive', () => {
  it('serves request after request on one connection and closes it when asked to', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    for (let i = 0; i < 20; i++) {
      const answer = await client.get(`/${i}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.body, `/${i}`);
      assert.equal(answer.field('connection'), undefined);
    }
    const last = await client.get('/last', 'connection: close\r\n');
    assert.equal(last.field('connection'), 'close');
    assert.equal(await client.ended(), '');
    assert.equal(backend.connections.length, 1);
    client.endSending();
    await eventually(() => plane.plane.figures().connections === 0, 'the connection is gone');
  });

  it('closes an idle connection after its time, with no answer', async (t) => {
    const plane = await planeFor(t, [await serving(t)], { client: { idleMs: 60 } });
    const client = await clientOf(t, plane);
    await client.get();
    assert.equal(await client.ended(), '');
    const silent = await clientOf(t, plane);
    assert.equal(await silent.ended(), '');
    assert.equal(plane.log.length, 1);
  });

  it('ignores empty lines before a request', async (t) => {
    const plane = await planeFor(t, [await serving(t)]);
    const client = await clientOf(t, plane);
    client.send(`\r\n\r\n${GET('/a')}`);
    assert.equal((await client.answer()).body, '/a');
  });
});

describe('pipelining', () => {
  it('answers many requests of one packet in order', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    const targets = Array.from({ length: 500 }, (_, i) => `/${i}`);
    client.send(targets.map(GET).join(''));
    for (const target of targets) assert.equal((await client.answer()).body, target);
    assert.deepEqual(
      backend.requests.map(({ target }) => target),
      targets,
    );
    await allQuiet(plane);
  });

  it('keeps the order when the first answer is slow and some are made here', async (t) => {
    let first: BackendConnection | null = null;
    const backend = await serving(t, (request, connection) => {
      if (request.target === '/slow') first = connection;
      else connection.send(ok(request.target));
    });
    const plane = await planeFor(t, [backend], {
      rule: {
        matches: ['/slow', '/fast'].map((value) => ({
          path: { type: 'PathPrefix', value },
          headers: [],
          query: [],
          method: '',
        })),
      },
    });
    const client = await clientOf(t, plane);
    client.send(GET('/slow') + GET('/nowhere') + GET('/fast/1') + GET('/nowhere') + GET('/fast/2'));
    await eventually(() => first !== null, 'the slow request is at the backend');
    assert.equal(backend.requests.length, 1, 'nothing overtakes');
    assert.equal(client.unread, 0);
    (first as unknown as BackendConnection).send(ok('slow'));
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await client.answer());
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 404, 200, 404, 200],
    );
    assert.equal(answers[0]?.body, 'slow');
    assert.equal(answers[2]?.body, '/fast/1');
    assert.equal(answers[4]?.body, '/fast/2');
  });

  it('tells bodies from the requests behind them, wherever packets are cut', async (t) => {
    const backend = await serving(t, echo);
    const plane = await planeFor(t, [backend]);
    const chunked = '5\r\nGET /\r\n6;a=b\r\n HTTP/\r\n0\r\n\r\n';
    const wire =
      'POST /1 HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\nGET ' +
      `POST /2 HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n${chunked}` +
      GET('/3') +
      'POST /4 HTTP/1.1\r\nhost: test\r\ncontent-length: 1\r\n\r\nx';
    const bodies = ['GET ', 'GET / HTTP/', '', 'x'];
    for (const cut of [1, 2, 3, 5, 7, 16, 61, wire.length]) {
      const client = await RawClient.connect(plane.port);
      client.socket.setNoDelay(true);
      for (let i = 0; i < wire.length; i += cut) client.send(wire.slice(i, i + cut));
      for (const body of bodies) assert.equal((await client.answer()).body, body);
      client.close();
    }
    await allQuiet(plane);
  });

  it('reads no more than its bound while an answer is awaited, and goes on after it', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, (request, connection) => {
      if (request.target === '/hold') held.push(connection);
      else connection.send(ok('x'));
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    // More than every buffer on the way holds, so that a proxy that kept on reading would show.
    const filler = GET(`/${'f'.repeat(15_000)}`);
    const count = 800;
    client.send(GET('/hold'));
    client.send(filler.repeat(count));
    await eventually(() => held.length === 1, 'the first request is at the backend');
    assert.equal(client.socket.writableLength > 0, true, 'the client has to wait');
    held[0]?.send(ok('first'));
    assert.equal((await client.answer()).body, 'first');
    for (let i = 0; i < count; i++) assert.equal((await client.answer()).body, 'x');
  });

  it('serves what was pipelined before a half-close', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(GET('/1') + GET('/2') + GET('/3'));
    client.endSending();
    for (const target of ['/1', '/2', '/3']) assert.equal((await client.answer()).body, target);
    assert.equal(await client.ended(), '');
    await eventually(() => plane.plane.figures().connections === 0, 'the connection is gone');
  });

  it('refuses a head that a half-close cuts, after the answers before it', async (t) => {
    const plane = await planeFor(t, [await serving(t)]);
    const client = await clientOf(t, plane);
    client.send(`${GET('/1')}${GET('/2')}GET /3 HTTP/1.1\r\nho`);
    client.endSending();
    assert.equal((await client.answer()).body, '/1');
    assert.equal((await client.answer()).body, '/2');
    const refusal = await client.answer();
    assert.equal(refusal.status, 400);
    assert.equal(refusal.field('connection'), 'close');
    assert.equal(await client.ended(), '');
  });

  it('ends with the first request that is none, and nothing behind it is served', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(`${GET('/1')}GET /2 HTTP/1.1\nhost: test\n\n${GET('/3')}`);
    assert.equal((await client.answer()).body, '/1');
    const refusal = await client.answer();
    assert.equal(refusal.status, 400);
    assert.equal(refusal.field('connection'), 'close');
    client.send(GET('/4'));
    assert.equal(await client.ended(), '');
    assert.equal(backend.requests.length, 1);
    assert.equal(plane.log.length, 2);
  });

  it('does not collect answers for a client that sends requests and never reads', async (t) => {
    const body = 'x'.repeat(20_000);
    const backend = await serving(t, (_request, connection) => connection.send(ok(body)));
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    const count = 4_000;
    client.socket.pause();
    client.send(GET('/').repeat(count));
    await settled(() => backend.requests.length);
    // Kernel buffers hold some megabytes of the 80.
    const asked = backend.requests.length;
    assert.equal(asked * body.length < 40_000_000, true, `${asked} answers were asked for`);
    client.socket.resume();
    for (let i = 0; i < count; i++) assert.equal((await client.answer()).body.length, body.length);
    await allQuiet(plane);
  });
});

const PIECE = `10000\r\n${'p'.repeat(0x10000)}\r\n`;

/**
 * Has a request answered whose client does not read, up to the point where the answer is complete
 * and its last bytes are with the proxy's socket. Returns the length of the body.
 */
async function unreadAnswer(
  client: RawClient,
  backend: RawBackend,
  plane: TestPlane,
  fields: string,
): Promise<number> {
  const before = plane.log.length;
  client.socket.pause();
  client.send(`GET / HTTP/1.1\r\nhost: test\r\n${fields}\r\n`);
  await eventually(() => backend.requests.length > before, 'the request is at the backend');
  const own = ownEnd(plane, client);
  const connection = backend.connections.at(-1) as BackendConnection;
  connection.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
  let pieces = 0;
  while (own.writableLength === 0) {
    const written = own.bytesWritten;
    connection.send(PIECE);
    pieces++;
    await eventually(() => own.bytesWritten >= written + 0x10000, 'the piece has passed');
  }
  connection.send('0\r\n\r\n');
  await eventually(() => plane.log.length > before, 'the exchange is over');
  assert.equal(own.writableLength > 0, true);
  return pieces * 0x10000;
}

const silent = (): void => {};

describe('half-close', () => {
  it('answers a client that ended its side right behind the request', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, (_request, connection) => void held.push(connection));
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(GET('/'));
    client.endSending();
    await eventually(() => held.length === 1, 'the request is at the backend');
    held[0]?.send(ok('late'));
    const answer = await client.answer();
    assert.equal(answer.body, 'late');
    assert.equal(answer.field('connection'), 'close');
    assert.equal(await client.ended(), '');
  });

  it('sends the rest of an answer to a client that ended its side', async (t) => {
    const backend = await serving(t, silent);
    const plane = await planeFor(t, [backend]);
    for (const fields of ['', 'connection: close\r\n']) {
      const client = await clientOf(t, plane);
      const bytes = await unreadAnswer(client, backend, plane, fields);
      client.endSending();
      await delay(50);
      client.socket.resume();
      assert.equal((await client.answer()).body.length, bytes);
      assert.equal(await client.ended(), '');
      await eventually(() => plane.plane.figures().connections === 0, 'the connection is gone');
    }
  });

  it('a body that the half-close cuts fails the request', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send('POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nabc');
    client.endSending();
    await client.closed;
    const entry = await logged(plane);
    assert.equal(entry.flags, 'DC');
    assert.equal(entry.status, 0);
    await allQuiet(plane);
    assert.equal(backend.requests.length, 0);
  });
});

describe('closing', () => {
  it('takes as long as the client needs to read what was sent', async (t) => {
    const backend = await serving(t, silent);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    const bytes = await unreadAnswer(client, backend, plane, 'connection: close\r\n');
    await delay(LIMITS.lingerMs + 100);
    client.socket.resume();
    assert.equal((await client.answer()).body.length, bytes);
    assert.equal(await client.ended(), '');
  });

  it('cuts a client that does not read the rest in its time', async (t) => {
    const backend = await serving(t, silent);
    const plane = await planeFor(t, [backend], { client: { streamIdleMs: 100, idleMs: 100 } });
    for (const fields of ['', 'connection: close\r\n']) {
      const client = await clientOf(t, plane);
      await unreadAnswer(client, backend, plane, fields);
      await eventually(() => plane.plane.figures().connections === 0, 'the connection is cut');
    }
  });
});

describe('HTTP/1.0 clients', () => {
  const chunkedAnswer =
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';

  it('are closed after one answer, and kept when they ask for it', async (t) => {
    const plane = await planeFor(t, [await serving(t)]);
    const client = await clientOf(t, plane);
    client.send('GET /k HTTP/1.0\r\nhost: test\r\nconnection: keep-alive\r\n\r\n');
    const kept = await client.answer();
    assert.equal(kept.field('connection'), 'keep-alive');
    assert.equal(kept.body, '/k');
    client.send('GET /c HTTP/1.0\r\n\r\n');
    const closed = await client.answer();
    assert.equal(closed.field('connection'), 'close');
    assert.equal(closed.body, '/c');
    assert.equal(await client.ended(), '');
  });

  it('get a body of unknown length up to the close, never in chunks', async (t) => {
    const backend = await serving(t, (_request, connection) => connection.send(chunkedAnswer));
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send('GET / HTTP/1.0\r\nhost: test\r\nconnection: keep-alive\r\n\r\n');
    const answer = await client.answer();
    assert.equal(answer.field('transfer-encoding'), undefined);
    assert.equal(answer.field('connection'), 'close');
    assert.equal(answer.body, 'abc');
  });

  it('get no 1xx', async (t) => {
    const backend = await serving(t, (_request, connection) =>
      connection.send(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok('abc')}`),
    );
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send('GET / HTTP/1.0\r\nhost: test\r\nexpect: 100-continue\r\n\r\n');
    const answer = await client.answer();
    assert.deepEqual(answer.informational, []);
    assert.equal(answer.body, 'abc');
  });

  it('may not use chunks themselves', async (t) => {
    const plane = await planeFor(t, [await serving(t)]);
    const client = await clientOf(t, plane);
    client.send('POST / HTTP/1.0\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n');
    const answer = await client.answer();
    assert.equal(answer.status, 400);
    assert.equal(answer.field('x-tulle-error'), 'request_framing');
  });
});

describe('backends of HTTP/1.0', () => {
  it('are read up to the close and not used twice', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.request();
      connection.send('HTTP/1.0 200 OK\r\n\r\nold');
      connection.endSending();
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    for (let i = 0; i < 2; i++) {
      const answer = await client.get();
      assert.equal(answer.field('transfer-encoding'), 'chunked');
      assert.equal(answer.body, 'old');
    }
    assert.equal(backend.connections.length, 2);
  });
});
