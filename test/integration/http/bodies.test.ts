/** Framing of bodies both ways: chunks, trailers, answers without a body, answers that come early. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../../src/base/limits.ts';
import { allQuiet, clusterOf, eventually, logged } from '../support/await.ts';
import { clientOf, planeFor, scripted, serving } from '../support/fixture.ts';
import { type BackendConnection, ok } from '../support/raw-backend.ts';
import { fieldOf } from '../support/wire.ts';

const POST_CHUNKED = 'POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n';

describe('chunked bodies and trailers', () => {
  it('of a request reach the backend, trailers too, without what may not be a trailer', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(`${POST_CHUNKED}trailer: x-sum\r\n\r\n5;ext=1\r\nhello\r\n`);
    client.send('1\r\n!\r\n0\r\nX-Sum: 42\r\nContent-Length: 3\r\nHost: evil\r\n\r\n');
    assert.equal((await client.answer()).status, 200);
    const [request] = backend.requests;
    assert.equal(request?.body, 'hello!');
    assert.deepEqual(request?.trailers, ['x-sum', '42']);
    assert.equal(request?.field('trailer'), 'x-sum');
    assert.equal((await client.get('/next')).body, '/next');
    assert.equal(backend.connections.length, 1, 'the connection to the backend is used again');
  });

  it('of an answer reach the client, trailers too', async (t) => {
    const backend = await serving(t, (_request, connection) => {
      connection.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n');
      connection.send('5\r\nhello\r\n0\r\nx-sum: 7\r\ntransfer-encoding: gzip\r\n\r\n');
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    for (let i = 0; i < 2; i++) {
      const answer = await client.get();
      assert.equal(answer.field('transfer-encoding'), 'chunked');
      assert.equal(answer.body, 'hello');
      assert.deepEqual(answer.trailers, ['x-sum', '7']);
    }
    assert.equal(backend.connections.length, 1);
    assert.equal(plane.log[0]?.responseBodyBytes, 5);
  });

  it('keep the framing they came with', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    await client.post('abc');
    client.send(`${POST_CHUNKED}\r\n0\r\n\r\n`);
    await client.answer();
    await client.get('/', 'content-length: 0\r\n');
    client.send('POST / HTTP/1.1\r\nhost: test\r\n\r\n');
    await client.answer();
    const framings = backend.requests.map((request) => [
      request.field('content-length'),
      request.field('transfer-encoding'),
    ]);
    assert.deepEqual(framings, [
      ['3', undefined],
      [undefined, 'chunked'],
      [undefined, undefined],
      ['0', undefined],
    ]);
  });

  it('pass on a head whose body has not begun, wherever the packet was cut', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await scripted(t, async (connection) => {
      assert.notEqual(await connection.requestHead(), null);
      held.push(connection);
      connection.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3');
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(`${POST_CHUNKED}\r\n5`);
    await eventually(() => held.length === 1, 'the head is at the backend');
    const head = await client.head();
    assert.equal(head?.start, 'HTTP/1.1 200 OK');
    held[0]?.send('\r\nabc\r\n0\r\n\r\n');
    assert.equal((await client.chunk())?.toString(), 'abc');
  });

  it('that break their framing are refused, and cut where the answer has begun', async (t) => {
    const backend = await scripted(t, async (connection) => {
      const head = await connection.requestHead();
      if (head === null || !head.start.includes('/early')) return;
      connection.send('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab');
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(`${POST_CHUNKED}\r\n5\r\nhello\r\nxyz`);
    const answer = await client.answer();
    assert.equal(answer.status, 400);
    assert.equal(answer.field('connection'), 'close');
    assert.equal((await logged(plane)).flags, 'DPE');
    assert.equal(await client.ended(), '');
    const early = await clientOf(t, plane);
    early.send(`${POST_CHUNKED.replace('/', '/early')}\r\n5\r\nhello\r\n`);
    await early.head();
    assert.equal((await early.take(2)).toString(), 'ab');
    early.send('xyz');
    assert.equal(await early.closed, 'ECONNRESET');
    await allQuiet(plane);
  });

  it('of a backend that break their framing give 502, or cut the answer', async (t) => {
    const answers = [
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc',
      'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n',
      'HTTP/1.1 200 OK\nfoo: bar\n\n',
      'SMTP ready\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    ];
    const backend = await serving(t, (request, connection) =>
      connection.send(answers[Number(request.target.slice(1))] as string),
    );
    const plane = await planeFor(t, [backend]);
    const cut = await clientOf(t, plane);
    cut.send('GET /0 HTTP/1.1\r\nhost: test\r\n\r\n');
    await cut.head();
    assert.equal(await cut.closed, 'ECONNRESET');
    const client = await clientOf(t, plane);
    for (let i = 1; i < answers.length; i++) {
      const answer = await client.get(`/${i}`);
      assert.equal(answer.status, 502);
      assert.equal(answer.field('x-tulle-error'), 'upstream_malformed');
    }
    assert.deepEqual(
      plane.log.map(({ flags }) => flags),
      answers.map(() => 'UPE'),
    );
    assert.equal(clusterOf(plane).connections, 0);
  });
});

describe('answers without a body', () => {
  const cases = [
    { what: 'HEAD with a length', method: 'HEAD', answer: '200 OK\r\ncontent-length: 1234' },
    { what: 'HEAD in chunks', method: 'HEAD', answer: '200 OK\r\ntransfer-encoding: chunked' },
    { what: 'HEAD without framing', method: 'HEAD', answer: '200 OK\r\nx-a: b' },
    { what: '204', method: 'GET', answer: '204 No Content\r\nx-a: b' },
    { what: '204 with a length', method: 'GET', answer: '204 No Content\r\ncontent-length: 7' },
    { what: '304', method: 'GET', answer: '304 Not Modified\r\netag: "a"' },
    { what: '304 with a length', method: 'GET', answer: '304 Not Modified\r\ncontent-length: 99' },
  ];
  it('leave both connections usable', async (t) => {
    const backend = await serving(t, (request, connection) => {
      const { answer } = cases[Number(request.target.slice(1))] as (typeof cases)[number];
      connection.send(`HTTP/1.1 ${answer}\r\n\r\n`);
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    for (const [i, { what, method, answer }] of cases.entries()) {
      client.send(`${method} /${i} HTTP/1.1\r\nhost: test\r\n\r\n`);
      const got = await client.answer(method);
      assert.equal(got.status, Number(answer.slice(0, 3)), what);
      const length = got.status === 204 ? undefined : /content-length: (\d+)/.exec(answer)?.[1];
      assert.equal(got.field('content-length'), length, what);
      assert.equal(got.field('transfer-encoding'), undefined, what);
      assert.equal(got.field('connection'), undefined, what);
    }
    assert.equal(backend.connections.length, 1);
  });

  it('made here have their length and no bytes', async (t) => {
    const plane = await planeFor(t, [], {});
    const client = await clientOf(t, plane);
    client.send('HEAD / HTTP/1.1\r\nhost: test\r\n\r\nGET / HTTP/1.1\r\nhost: test\r\n\r\n');
    const head = await client.answer('HEAD');
    const get = await client.answer();
    assert.equal(head.status, 503);
    assert.equal(head.field('content-length'), String(get.body.length));
    assert.equal(plane.log[0]?.responseBodyBytes, 0);
  });
});

describe('answers that end with the connection', () => {
  it('become chunked, and are cut where the backend breaks off', async (t) => {
    const backend = await scripted(t, async (connection) => {
      const request = await connection.request();
      connection.send('HTTP/1.1 200 OK\r\n\r\npart');
      await connection.pour(200_000);
      if (request?.target === '/cut') connection.reset();
      else connection.endSending();
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    const answer = await client.get();
    assert.equal(answer.body.length, 200_004);
    assert.equal(answer.field('transfer-encoding'), 'chunked');
    client.send('GET /cut HTTP/1.1\r\nhost: test\r\n\r\n');
    assert.equal(await client.closed, 'ECONNRESET');
    assert.equal((await logged(plane, 1)).flags, 'UC');
    assert.equal(clusterOf(plane).connections, 0);
  });
});

describe('an answer before the end of the request body', () => {
  it('reaches a client that goes on sending, and the connection stays usable', async (t) => {
    const backend = await scripted(t, async (connection) => {
      for (;;) {
        const head = await connection.requestHead();
        if (head === null) return;
        if (fieldOf(head, 'content-length') === undefined) connection.send(ok('next'));
        else {
          await connection.take(10);
          connection.send('HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno');
        }
      }
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    const rest = 100_000;
    client.send(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ${10 + rest}\r\n\r\n0123456789`);
    const answer = await client.answer();
    assert.equal(answer.status, 413);
    assert.equal(answer.body, 'no');
    client.send('x'.repeat(rest));
    assert.equal((await client.get('/next')).body, 'next');
    assert.equal(backend.connections.length, 2, 'a backend connection in a body is not used again');
    await allQuiet(plane);
  });

  it('with chunks still to come, too', async (t) => {
    const backend = await scripted(t, async (connection) => {
      const head = await connection.requestHead();
      connection.send(head?.start.startsWith('GET') ? ok('next') : ok('early'));
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(`${POST_CHUNKED}\r\n5\r\nhello\r\n`);
    assert.equal((await client.answer()).body, 'early');
    client.send('5\r\nworld\r\n0\r\nx-late: 1\r\n\r\n');
    assert.equal((await client.get('/next')).body, 'next');
  });

  it('ends the connection when the rest is more than is worth reading, without a reset', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      connection.send(ok('early'));
    });
    const plane = await planeFor(t, [backend]);
    const length = 50_000_000;
    for (const fields of ['', 'connection: close\r\n']) {
      const client = await clientOf(t, plane);
      client.send(`POST / HTTP/1.1\r\nhost: test\r\n${fields}content-length: ${length}\r\n\r\n`);
      void client.pour(length);
      assert.equal((await client.answer()).body, 'early');
      assert.equal(await client.ended(), '');
      assert.equal(client.poured < length, true);
    }
    await eventually(() => plane.plane.figures().connections === 0, 'the connections are gone');
    assert.equal(plane.log.length, 2);
  });

  it('does not take what follows too large a rest for a request', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      connection.send(ok('early'));
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    const length = LIMITS.lingerBytesMax + 20_000;
    client.send(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ${length}\r\n\r\n`);
    await client.answer();
    client.send(`${'x'.repeat(length)}GET /smuggled HTTP/1.1\r\nhost: test\r\n\r\n`);
    await client.ended();
    assert.equal(plane.log.length, 1);
  });

  it('reaches the client of a backend that answers, closes and lets the rest hit a wall', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      connection.send('HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno');
      connection.socket.destroySoon();
    });
    const plane = await planeFor(t, [backend]);
    for (let i = 0; i < 40; i++) {
      const client = await clientOf(t, plane);
      client.send('POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 3000000\r\n\r\n');
      void client.pour(3_000_000);
      assert.equal((await client.answer()).status, 413, `at try ${i}`);
      client.close();
    }
    await allQuiet(plane);
  });
});
