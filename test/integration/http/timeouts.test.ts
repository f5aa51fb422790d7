/** Every time limit of a request, before and during its answer, and who is blamed. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { allQuiet, clusterOf, eventually, logged, settled } from '../support/await.ts';
import { cluster, rule, startPlane } from '../support/data-plane.ts';
import { deafServer } from '../support/deaf-server.ts';
import { clientOf, planeFor, scripted, serving } from '../support/fixture.ts';
import { type BackendConnection, ok } from '../support/raw-backend.ts';
import { fetchOnce } from '../support/raw-client.ts';

const GET = 'GET / HTTP/1.1\r\nhost: test\r\n\r\n';
const silent = (): void => {};

/** Sends a head and a part of the body, then nothing. */
const partOnly = (_request: unknown, connection: BackendConnection): void =>
  connection.send('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart');

describe('timeouts of a rule', () => {
  for (const [name, code] of [
    ['requestMs', 'request_timeout'],
    ['backendRequestMs', 'upstream_timeout'],
  ] as const) {
    const timeouts = { requestMs: 0, backendRequestMs: 0, [name]: 60 };

    it(`${name}: 504 before an answer, and the connections are usable or gone`, async (t) => {
      const backend = await serving(t, silent);
      const plane = await planeFor(t, [backend], { rule: { timeouts } });
      const client = await clientOf(t, plane);
      for (const i of [0, 1]) {
        const answer = i === 0 ? await client.get() : await client.post('body');
        assert.equal(answer.status, 504);
        assert.equal(answer.field('x-tulle-error'), code);
        assert.equal(answer.field('connection'), undefined);
        assert.equal(plane.log[i]?.flags, 'UT');
        assert.equal(await backend.connections[i]?.ended(), '');
      }
      assert.equal(clusterOf(plane).connections, 0);
      await allQuiet(plane);
    });

    it(`${name}: cuts an answer that takes longer`, async (t) => {
      const backend = await serving(t, partOnly);
      const plane = await planeFor(t, [backend], { rule: { timeouts } });
      const client = await clientOf(t, plane);
      client.send(GET);
      assert.equal((await client.head())?.start, 'HTTP/1.1 200 OK');
      assert.equal(await client.closed, 'ECONNRESET');
      const entry = await logged(plane);
      assert.equal(entry.flags, 'UT');
      assert.equal(entry.status, 200);
      await allQuiet(plane);
    });

    it(`${name}: does not run on into the next request`, async (t) => {
      const plane = await planeFor(t, [await serving(t)], { rule: { timeouts } });
      const client = await clientOf(t, plane);
      assert.equal((await client.get()).status, 200);
      await delay(100);
      assert.equal((await client.get()).status, 200);
      assert.deepEqual(
        plane.log.map(({ flags }) => flags),
        ['', ''],
      );
    });
  }

  it('requestMs covers a wait for a connection too', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, (_request, connection) => void held.push(connection));
    const plane = await planeFor(t, [backend], {
      rule: { timeouts: { requestMs: 80, backendRequestMs: 0 } },
      cluster: { limits: { connectionsMax: 1, pendingMax: 10, requestsMax: 10 } },
    });
    const answers = await Promise.all([fetchOnce(plane.port), fetchOnce(plane.port)]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [504, 504],
    );
    await allQuiet(plane);
  });
});

describe('an idle backend', () => {
  it('gets the client a 504 before its answer, on a kept connection too', async (t) => {
    const backend = await serving(t, (request, connection) => {
      if (request.target === '/answer') connection.send(ok());
    });
    const plane = await planeFor(t, [backend], { cluster: { streamIdleMs: 60 } });
    const client = await clientOf(t, plane);
    await client.get('/answer');
    for (const i of [1, 2]) {
      const answer = await client.get('/silent');
      assert.equal(answer.status, 504);
      assert.equal(answer.field('x-tulle-error'), 'upstream_idle');
      assert.equal(plane.log[i]?.flags, 'SI');
      assert.equal(plane.log[i]?.attempts, 1, 'it is not asked again');
    }
    assert.equal(clusterOf(plane).connections, 0);
  });

  it('cuts the answer', async (t) => {
    const backend = await serving(t, partOnly);
    const plane = await planeFor(t, [backend], { cluster: { streamIdleMs: 60 } });
    const client = await clientOf(t, plane);
    client.send(GET);
    assert.equal(await client.closed, 'ECONNRESET');
    assert.equal((await logged(plane)).flags, 'SI');
  });

  it('is not one that keeps sending, nor one that is not read because the client is slow', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      connection.send('HTTP/1.1 200 OK\r\ncontent-length: 40000005\r\n\r\n');
      for (let i = 0; i < 5; i++) {
        connection.send('.');
        await delay(40);
      }
      await connection.pour(40_000_000);
    });
    const plane = await planeFor(t, [backend], { cluster: { streamIdleMs: 100 } });
    const client = await clientOf(t, plane);
    client.send(GET);
    await client.head();
    client.socket.pause();
    await settled(() => backend.connections[0]?.poured ?? 0);
    await delay(200);
    client.socket.resume();
    await client.skip(40_000_005);
    assert.equal((await logged(plane)).flags, '');
  });
});

describe('connecting', () => {
  it('that is refused gives 502', async (t) => {
    const backend = await serving(t);
    backend.close();
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    for (const i of [0, 1]) {
      const answer = i === 0 ? await client.get() : await client.post('body');
      assert.equal(answer.status, 502);
      assert.equal(answer.field('x-tulle-error'), 'upstream_connect');
      assert.equal(plane.log[i]?.flags, 'UF');
      assert.equal(plane.log[i]?.details, 'upstream_connect{econnrefused}');
    }
    assert.equal(clusterOf(plane).connections, 0);
    await allQuiet(plane);
  });

  it('that takes too long gives 504', async (t) => {
    const endpoint = await deafServer(t);
    const plane = await startPlane({
      rules: [rule()],
      clusters: [cluster([endpoint], { connectMs: 60 })],
    });
    t.after(() => plane.close());
    const answer = await fetchOnce(plane.port);
    assert.equal(answer.status, 504);
    assert.equal(answer.field('x-tulle-error'), 'upstream_connect_timeout');
    assert.equal(plane.log[0]?.flags, 'UF');
    assert.equal(clusterOf(plane).connections, 0);
    await allQuiet(plane);
  });

  it('is given up when the client goes', async (t) => {
    const endpoint = await deafServer(t);
    const plane = await startPlane({ rules: [rule()], clusters: [cluster([endpoint])] });
    t.after(() => plane.close());
    const client = await clientOf(t, plane);
    client.send(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\r\nbody`);
    await eventually(() => clusterOf(plane).active === 1, 'it connects');
    client.reset();
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, 0);
    assert.equal(plane.log[0]?.flags, 'DC');
  });
});

describe('a slow client', () => {
  it('that does not finish its head gets 408', async (t) => {
    const plane = await planeFor(t, [await serving(t)], { client: { requestHeadMs: 60 } });
    const client = await clientOf(t, plane);
    await client.get();
    client.send('GET / HTTP/1.1\r\nho');
    const drip = setInterval(() => client.send('s'), 10);
    t.after(() => clearInterval(drip));
    const answer = await client.answer();
    clearInterval(drip);
    assert.equal(answer.status, 408);
    assert.equal(answer.field('x-tulle-error'), 'request_head_timeout');
    assert.equal(answer.field('connection'), 'close');
    assert.equal(plane.log[1]?.flags, 'DT');
  });

  it('that stops in its body gets 408, or is cut where the answer has begun', async (t) => {
    const backend = await scripted(t, async (connection) => {
      const head = await connection.requestHead();
      if (head?.start.includes('/begun')) partOnly(null, connection);
    });
    const plane = await planeFor(t, [backend], { client: { streamIdleMs: 60 } });
    const client = await clientOf(t, plane);
    client.send('POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nabc');
    const answer = await client.answer();
    assert.equal(answer.status, 408);
    assert.equal(answer.field('x-tulle-error'), 'request_body_timeout');
    assert.equal(answer.field('connection'), 'close');
    assert.equal(await client.ended(), '');
    const begun = await clientOf(t, plane);
    begun.send('POST /begun HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nabc');
    assert.equal(await begun.closed, 'ECONNRESET');
    assert.deepEqual(
      plane.log.map(({ flags }) => flags),
      ['DT', 'DT'],
    );
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, 0);
  });

  it('that keeps sending is served', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend], { client: { streamIdleMs: 100 } });
    const client = await clientOf(t, plane);
    client.send('POST /slowly HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\n');
    for (let i = 0; i < 5; i++) {
      await delay(40);
      client.send('.');
    }
    assert.equal((await client.answer()).body, '/slowly');
  });

  it('is not one that has to wait for a slow backend', async (t) => {
    const bytes = 40_000_000;
    const held: BackendConnection[] = [];
    const backend = await scripted(t, async (connection) => {
      const head = await connection.requestHead();
      if (head === null) return;
      connection.socket.pause();
      held.push(connection);
    });
    const plane = await planeFor(t, [backend], { client: { streamIdleMs: 80 } });
    const client = await clientOf(t, plane);
    client.send(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ${bytes}\r\n\r\n`);
    void client.pour(bytes);
    await eventually(() => held.length === 1, 'the head is at the backend');
    await settled(() => client.poured);
    assert.equal(client.poured < bytes, true);
    await delay(200);
    held[0]?.socket.resume();
    await held[0]?.skip(bytes);
    held[0]?.send(ok('all'));
    assert.equal((await client.answer()).body, 'all');
  });

  it('that does not read its answer is cut', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      connection.send('HTTP/1.1 200 OK\r\n\r\n');
      await connection.pour(1_000_000_000);
    });
    const plane = await planeFor(t, [backend], { client: { streamIdleMs: 100 } });
    const client = await clientOf(t, plane);
    client.socket.pause();
    client.send(GET);
    const entry = await logged(plane);
    assert.equal(entry.flags, 'DC');
    assert.equal(entry.details, 'client_gone{client_reads_too_slowly}');
    await eventually(() => plane.plane.figures().connections === 0, 'the connection is gone');
    await eventually(() => clusterOf(plane).connections === 0, 'so is that to the backend');
  });

  it('that sends without reading does not stand for ever with an echo', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      connection.send('HTTP/1.1 200 OK\r\n\r\n');
      connection.socket.pipe(connection.socket);
    });
    const plane = await planeFor(t, [backend], { client: { streamIdleMs: 100 } });
    const client = await clientOf(t, plane);
    client.socket.pause();
    client.send(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 1000000000\r\n\r\n`);
    void client.pour(1_000_000_000);
    const entry = await logged(plane);
    assert.equal(entry.flags, 'DC');
    await allQuiet(plane);
  });
});
