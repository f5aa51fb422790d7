/** Accepting: limits, addresses that cannot be had, both IP versions, and the end of it. */

import assert from 'node:assert/strict';
import * as net from 'node:net';
import { describe, it } from 'node:test';
import { LIMITS } from '../../../src/base/limits.ts';
import { NO_GUESTS } from '../../../src/data/apply/guests.ts';
import { eventually, logged } from '../support/await.ts';
import { cluster, freePort, rule, snapshot, type TestPlane } from '../support/data-plane.ts';
import { clientOf, planeFor, serving } from '../support/fixture.ts';
import { type BackendConnection, ok, type RawBackend } from '../support/raw-backend.ts';
import { RawClient } from '../support/raw-client.ts';

describe('the limit of connections', () => {
  it('resets those above it, and there is room again when one goes', async (t) => {
    const plane = await planeFor(t, [await serving(t)], { client: { connectionsMax: 2 } });
    const first = await clientOf(t, plane);
    const second = await clientOf(t, plane);
    await first.get();
    await second.get();
    const code = await RawClient.connect(plane.port).then(
      (third) => third.closed,
      (error: NodeJS.ErrnoException) => error.code,
    );
    assert.equal(code, 'ECONNRESET');
    assert.equal(plane.plane.figures().connections, 2);
    first.close();
    await eventually(() => plane.plane.figures().connections === 1, 'one is gone');
    const fourth = await clientOf(t, plane);
    assert.equal((await fourth.get()).status, 200);
    assert.equal((await second.get()).status, 200);
  });
});

/** The snapshot of `planeFor`, served on another address. */
function on(plane: TestPlane, backend: RawBackend, address: string, port: number) {
  const base = snapshot({ port, rules: [rule()], clusters: [cluster([backend.endpoint])] });
  return { ...base, binds: base.binds.map((bind) => ({ ...bind, address })), version: plane.port };
}

describe('addresses', () => {
  it('that somebody else has are reported, and the others serve', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const occupant = net.createServer();
    await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
    t.after(() => occupant.close());
    const { port } = occupant.address() as net.AddressInfo;
    const taken = on(plane, backend, '127.0.0.1', port).binds;
    const both = on(plane, backend, '127.0.0.1', plane.port);
    const next = { ...both, binds: [...both.binds, ...taken] };
    const { bindFailures } = await plane.plane.apply(next, NO_GUESTS);
    assert.deepEqual(bindFailures, [{ address: '127.0.0.1', port, code: 'EADDRINUSE' }]);
    assert.equal((await (await clientOf(t, plane)).get()).status, 200);
    await new Promise((resolve) => occupant.close(resolve));
    assert.deepEqual((await plane.plane.apply(next, NO_GUESTS)).bindFailures, []);
    const client = await RawClient.connect(port);
    t.after(() => client.close());
    assert.equal((await client.get()).status, 200, 'the next snapshot tries again');
  });

  it('that this machine does not have are reported', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const next = on(plane, backend, '198.51.100.1', await freePort());
    const { bindFailures } = await plane.plane.apply(next, NO_GUESTS);
    assert.equal(bindFailures[0]?.code, 'EADDRNOTAVAIL');
  });

  it('`::` serves both IP versions and tells addresses as they are', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const port = await freePort();
    const { bindFailures } = await plane.plane.apply(on(plane, backend, '::', port), NO_GUESTS);
    assert.deepEqual(bindFailures, []);
    for (const address of ['127.0.0.1', '::1']) {
      const client = await RawClient.connect(port, address);
      t.after(() => client.close());
      assert.equal((await client.get()).status, 200);
      assert.equal(backend.requests.at(-1)?.field('x-forwarded-for'), address);
    }
  });

  it('that a snapshot no longer names take no connection, and end those they have', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, (_request, connection) => void held.push(connection));
    const plane = await planeFor(t, [backend]);
    const busy = await clientOf(t, plane);
    const idle = await clientOf(t, plane);
    busy.send('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    await eventually(() => held.length === 1, 'a request is at the backend');
    const port = await freePort();
    await plane.plane.apply(on(plane, backend, '127.0.0.1', port), NO_GUESTS);
    assert.equal(await idle.ended(), '');
    await assert.rejects(RawClient.connect(plane.port), { code: 'ECONNREFUSED' });
    held[0]?.send(ok('whole'));
    const answer = await busy.answer();
    assert.equal(answer.body, 'whole');
    assert.equal(answer.field('connection'), 'close');
    assert.equal(await busy.ended(), '');
    busy.close();
    const client = await RawClient.connect(port);
    t.after(() => client.close());
    await eventually(() => plane.plane.figures().connections === 1, 'only the new one is left');
  });
});

describe('drain', () => {
  it('answers what is in flight, ends what idles, accepts nothing more', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, (request, connection) => {
      if (request.target === '/now') connection.send(ok());
      else held.push(connection);
    });
    const plane = await planeFor(t, [backend]);
    const [busy, body, head, idle, fresh] = (await Promise.all(
      [0, 1, 2, 3, 4].map(() => clientOf(t, plane)),
    )) as [RawClient, RawClient, RawClient, RawClient, RawClient];
    await idle.get('/now');
    busy.send('GET /later HTTP/1.1\r\nhost: test\r\n\r\n');
    body.send('POST /later HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\nhel');
    head.send('GET /now HTTP/1.1\r\nho');
    await eventually(() => backend.connections.length === 2, 'two requests are under way');
    await eventually(() => plane.plane.figures().connections === 5, 'all are connected');
    await plane.plane.stopListening();
    let drained = false;
    const drain = plane.plane.drain().then(() => {
      drained = true;
    });
    fresh.send('GET /now HTTP/1.1\r\nhost: test\r\n\r\n');
    const late = await fresh.answer();
    assert.equal(late.status, 200, 'a request that was on its way is answered');
    assert.equal(late.field('connection'), 'close');
    assert.equal(await idle.ended(), '');
    await assert.rejects(RawClient.connect(plane.port), { code: 'ECONNREFUSED' });
    head.send('st: test\r\n\r\n');
    assert.equal((await head.answer()).field('connection'), 'close');
    body.send('lo');
    await eventually(() => held.length === 2, 'both are at the backend');
    assert.equal(drained, false);
    for (const connection of held) connection.send(ok('whole'));
    for (const client of [busy, body]) {
      const answer = await client.answer();
      assert.equal(answer.body, 'whole');
      assert.equal(answer.field('connection'), 'close');
      assert.equal(await client.ended(), '');
      client.endSending();
    }
    head.endSending();
    fresh.endSending();
    await drain;
    assert.equal(plane.plane.figures().connections, 0);
    assert.deepEqual(
      plane.log.map(({ flags }) => flags),
      plane.log.map(() => ''),
    );
  });

  it('called twice resolves twice, also with nothing open', async (t) => {
    const plane = await planeFor(t, [await serving(t)]);
    await Promise.all([plane.plane.drain(), plane.plane.drain()]);
    await plane.plane.drain();
    await assert.rejects(RawClient.connect(plane.port), { code: 'ECONNREFUSED' });
  });

  it('does not wait for clients that never close', async (t) => {
    const plane = await planeFor(t, [await serving(t)]);
    const client = await clientOf(t, plane);
    client.send('GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n');
    await client.answer();
    await logged(plane);
    const startMs = performance.now();
    await plane.plane.drain();
    assert.equal(performance.now() - startMs < LIMITS.lingerMs + 1_000, true);
  });
});
