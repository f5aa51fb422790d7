/** Copies of requests to other clusters: they carry all of it and change nothing. */

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Cluster } from '../../../src/config/cluster.ts';
import type { RequestMirror } from '../../../src/config/route.ts';
import { allQuiet, clusterOf, eventually, logged } from '../support/await.ts';
import {
  cluster,
  freePort,
  type PlaneParts,
  rule,
  startPlane,
  type TestPlane,
} from '../support/data-plane.ts';
import { clientOf, scripted, serving } from '../support/fixture.ts';
import { type BackendConnection, ok, type RawBackend } from '../support/raw-backend.ts';

const MIRROR = 'mirror';

function mirror(numerator = 100, name = MIRROR): RequestMirror {
  return { type: 'RequestMirror', cluster: name, numerator, denominator: 100 };
}

/** A plane whose rule sends to `backend` and copies to the cluster `copies`. */
async function mirrored(
  t: TestContext,
  backend: RawBackend,
  copies: Cluster,
  over: Partial<PlaneParts> = {},
): Promise<TestPlane> {
  const plane = await startPlane({
    rules: [rule({ filters: [mirror()] })],
    clusters: [cluster([backend.endpoint]), copies],
    ...over,
  });
  t.after(() => plane.close());
  return plane;
}

const silent = (): void => {};

describe('a mirror', () => {
  it('gets the request as the backend does: head, body, trailers', async (t) => {
    const backend = await serving(t);
    const copy = await serving(t, (_request, connection) => connection.send(ok('ignored')));
    const plane = await mirrored(t, backend, cluster([copy.endpoint], { name: MIRROR }));
    const client = await clientOf(t, plane);
    await client.get('/a?b=c', 'x-mine: 1\r\n');
    assert.equal((await client.post('x'.repeat(50_000), 'x-mine: 2\r\n')).body, '/');
    client.send('PUT /t HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
    client.send('2\r\nde\r\n0\r\nx-sum: 9\r\n\r\n');
    assert.equal((await client.answer()).status, 200);
    await eventually(() => copy.requests.length === 3, 'three copies');
    for (const [i, request] of backend.requests.entries()) {
      assert.deepEqual(copy.requests[i]?.head, request.head);
      assert.equal(copy.requests[i]?.body, request.body);
      assert.deepEqual(copy.requests[i]?.trailers, request.trailers);
    }
    await allQuiet(plane, MIRROR);
    assert.equal(copy.connections.length, 1, 'its connection is kept');
    assert.equal(
      plane.log.every(({ attempts }) => attempts === 1),
      true,
    );
  });

  it('gets its share', async (t) => {
    const backend = await serving(t);
    const copy = await serving(t);
    let drawn = 0;
    const plane = await mirrored(t, backend, cluster([copy.endpoint], { name: MIRROR }), {
      rules: [rule({ filters: [mirror(30)] })],
      random: () => (drawn++ % 10) / 10,
    });
    const client = await clientOf(t, plane);
    const before = drawn;
    for (let i = 0; i < 100; i++) await client.get(`/${i}`);
    assert.equal(drawn - before, 100, 'one draw a request');
    await allQuiet(plane, MIRROR);
    assert.equal(copy.requests.length, 30);
  });

  it('of share 0 or of a cluster that is not there gets nothing', async (t) => {
    const backend = await serving(t);
    const copy = await serving(t);
    const plane = await mirrored(t, backend, cluster([copy.endpoint], { name: MIRROR }), {
      rules: [rule({ filters: [mirror(0), mirror(100, 'gone'), mirror(100, '')] })],
    });
    const client = await clientOf(t, plane);
    for (let i = 0; i < 20; i++) assert.equal((await client.get()).status, 200);
    assert.equal(copy.requests.length, 0);
  });

  it('beside another mirror, and of a backendRef, is one copy each', async (t) => {
    const backend = await serving(t);
    const copies = [await serving(t), await serving(t), await serving(t)];
    const clusters = copies.map(({ endpoint }, i) => cluster([endpoint], { name: `m${i}` }));
    const backends = [
      { cluster: 'backend/default/test', weight: 1, filters: [mirror(100, 'm2')], invalid: null },
    ];
    const plane = await startPlane({
      rules: [rule({ filters: [mirror(100, 'm0'), mirror(100, 'm1')], backends })],
      clusters: [cluster([backend.endpoint]), ...clusters],
    });
    t.after(() => plane.close());
    const client = await clientOf(t, plane);
    await client.post('body');
    for (const [i, { requests }] of copies.entries()) {
      await eventually(() => requests.length === 1, `copy ${i}`);
      assert.equal(requests[0]?.body, 'body');
      await allQuiet(plane, `m${i}`);
    }
  });
});

describe('a mirror that fails never shows', () => {
  it('when it refuses connections or has no endpoint', async (t) => {
    const backend = await serving(t);
    const dead = { address: '127.0.0.1', port: await freePort(), weight: 1 };
    for (const endpoints of [[dead], []]) {
      const plane = await mirrored(t, backend, cluster(endpoints, { name: MIRROR }));
      const client = await clientOf(t, plane);
      assert.equal((await client.post('body')).status, 200);
      assert.equal((await client.get()).status, 200);
      assert.deepEqual(
        plane.log.map(({ flags }) => flags),
        ['', ''],
      );
      await allQuiet(plane, MIRROR);
    }
  });

  it('when it answers with garbage, cuts, or answers early', async (t) => {
    const backend = await serving(t);
    const answers = ['garbage\r\n\r\n', '', ok('early')];
    let count = 0;
    const copy = await scripted(t, async (connection) => {
      await connection.requestHead();
      connection.send(answers[count++ % 3] as string);
      connection.socket.destroySoon();
    });
    const plane = await mirrored(t, backend, cluster([copy.endpoint], { name: MIRROR }));
    const client = await clientOf(t, plane);
    for (let i = 0; i < 9; i++) {
      assert.equal((await client.post('x'.repeat(60_000))).status, 200);
    }
    await allQuiet(plane, MIRROR);
    assert.equal(clusterOf(plane, MIRROR).connections, 0);
  });

  it('when it never reads: the copy is dropped, the request is not slowed', async (t) => {
    const bytes = 40_000_000;
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      await connection.skip(bytes);
      connection.send(ok('all'));
    });
    const copy = await scripted(t, (connection) => void connection.socket.pause());
    const plane = await mirrored(t, backend, cluster([copy.endpoint], { name: MIRROR }));
    const client = await clientOf(t, plane);
    client.send(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ${bytes}\r\n\r\n`);
    void client.pour(bytes);
    assert.equal((await client.answer()).body, 'all');
    await allQuiet(plane, MIRROR);
    assert.equal(clusterOf(plane, MIRROR).connections, 0);
  });

  it('when it never answers: it is given up in its own idle time', async (t) => {
    const backend = await serving(t);
    const copy = await serving(t, silent);
    const copies = cluster([copy.endpoint], { name: MIRROR, streamIdleMs: 60 });
    const plane = await mirrored(t, backend, copies, {
      rules: [rule({ filters: [mirror()], timeouts: { requestMs: 5_000, backendRequestMs: 0 } })],
    });
    const client = await clientOf(t, plane);
    assert.equal((await client.get()).status, 200);
    await eventually(() => copy.requests.length === 1, 'the copy is there');
    await allQuiet(plane, MIRROR);
    assert.equal(clusterOf(plane, MIRROR).connections, 0);
    assert.equal(plane.log.length, 1);
  });

  it('when it is at its limits', async (t) => {
    const backend = await serving(t);
    const copy = await serving(t, silent);
    const limits = { connectionsMax: 1, pendingMax: 1, requestsMax: 2 };
    const copies = cluster([copy.endpoint], { name: MIRROR, limits, connectMs: 60 });
    const plane = await mirrored(t, backend, copies);
    const client = await clientOf(t, plane);
    for (let i = 0; i < 6; i++) assert.equal((await client.post('body')).status, 200);
    await eventually(() => clusterOf(plane, MIRROR).active === 1, 'those in line are given up');
  });
});

describe('a request that is cut', () => {
  it('takes its copies with it', async (t) => {
    const held: BackendConnection[] = [];
    const take = async (connection: BackendConnection): Promise<void> => {
      await connection.requestHead();
      await connection.take(5);
      held.push(connection);
    };
    const backend = await scripted(t, take);
    const copy = await scripted(t, take);
    const plane = await mirrored(t, backend, cluster([copy.endpoint], { name: MIRROR }));
    const client = await clientOf(t, plane);
    client.send('POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nhello');
    await eventually(() => held.length === 2, 'both have a part');
    client.reset();
    assert.equal((await logged(plane)).flags, 'DC');
    await allQuiet(plane, MIRROR);
    assert.equal(clusterOf(plane, MIRROR).connections, 0);
    for (const connection of held) assert.equal(await connection.ended(), '');
  });

  it('leaves copies alone that are whole', async (t) => {
    const backend = await serving(t, silent);
    const held: BackendConnection[] = [];
    const copy = await serving(t, (_request, connection) => void held.push(connection));
    const plane = await mirrored(t, backend, cluster([copy.endpoint], { name: MIRROR }));
    const client = await clientOf(t, plane);
    client.send('POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\nhello');
    await eventually(() => held.length === 1 && backend.requests.length === 1, 'both have it');
    client.reset();
    await logged(plane);
    assert.equal(clusterOf(plane, MIRROR).active, 1);
    held[0]?.send(ok());
    await allQuiet(plane, MIRROR);
    assert.equal(clusterOf(plane, MIRROR).connections, 1);
  });
});
