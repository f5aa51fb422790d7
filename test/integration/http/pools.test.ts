/** Connections to backends: kept, reused, found dead, limited, taken away. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../../src/base/limits.ts';
import { allQuiet, clusterOf, eventually, logged } from '../support/await.ts';
import { cluster, rule, snapshot } from '../support/data-plane.ts';
import { clientOf, planeFor, scripted, serving } from '../support/fixture.ts';
import { type BackendConnection, hello, ok, RawBackend } from '../support/raw-backend.ts';
import { fetchOnce, RawClient } from '../support/raw-client.ts';

describe('keep-alive to backends', () => {
  it('uses one connection for requests that follow each other, whoever sends them', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    for (let i = 0; i < 5; i++) assert.equal((await fetchOnce(plane.port)).status, 200);
    assert.equal(backend.connections.length, 1);
    assert.equal(backend.requests[0]?.field('connection'), undefined);
    assert.equal(clusterOf(plane).connections, 1);
  });

  it('opens as many as there are requests at a time, and takes the latest first', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, (request, connection) => {
      held.push(connection);
      if (request.target !== '/hold') connection.send(ok());
    });
    const plane = await planeFor(t, [backend]);
    const clients = await Promise.all([1, 2, 3].map(() => clientOf(t, plane)));
    for (const client of clients) client.send('GET /hold HTTP/1.1\r\nhost: test\r\n\r\n');
    await eventually(() => held.length === 3, 'three requests at the backend');
    assert.equal(clusterOf(plane).connections, 3);
    for (const connection of held.slice()) connection.send(ok());
    await Promise.all(clients.map((client) => client.answer()));
    held.length = 0;
    for (const client of clients) client.send('GET /hold HTTP/1.1\r\nhost: test\r\n\r\n');
    await eventually(() => held.length === 3, 'three requests at the backend');
    for (const [done, i] of [1, 2, 0].entries()) {
      held[i]?.send(ok());
      await eventually(() => clusterOf(plane).active === 2 - done, 'it is answered');
    }
    const [last] = held;
    await Promise.all(clients.map((client) => client.answer()));
    await clients[0]?.get();
    assert.equal(held.at(-1), last);
    assert.equal(backend.connections.length, 3);
  });

  it('closes a connection that has idled for its time', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend], { cluster: { idleMs: 60 } });
    await fetchOnce(plane.port);
    await eventually(() => clusterOf(plane).connections === 0, 'the connection is closed');
    assert.equal(await backend.connections[0]?.ended(), '');
    assert.equal((await fetchOnce(plane.port)).status, 200);
    assert.equal(backend.connections.length, 2);
  });

  it('does not use a connection again whose answer said close', async (t) => {
    const backend = await serving(t, (_request, connection) =>
      connection.send(ok('x', 'connection: close\r\n')),
    );
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    for (let i = 0; i < 3; i++) {
      assert.equal((await client.get()).field('connection'), undefined);
      assert.equal(await backend.connections[i]?.ended(), '');
    }
    assert.equal(backend.connections.length, 3);
    assert.equal(clusterOf(plane).connections, 0);
  });

  it('lets go of a connection that the backend closes while it idles', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    for (const how of ['endSending', 'reset'] as const) {
      await fetchOnce(plane.port);
      backend.connections.at(-1)?.[how]();
      await eventually(() => clusterOf(plane).connections === 0, 'the connection is closed');
    }
    assert.equal((await fetchOnce(plane.port)).status, 200);
    assert.deepEqual(
      plane.log.map(({ attempts }) => attempts),
      [1, 1, 1],
    );
  });

  it('throws away a connection on which bytes come unasked', async (t) => {
    const backend = await serving(t, (request, connection) => {
      connection.send(ok(request.target));
      if (request.target === '/more')
        connection.send('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil');
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    await client.get('/idle');
    backend.connections[0]?.send(ok('evil'));
    await eventually(() => clusterOf(plane).connections === 0, 'the connection is closed');
    assert.equal((await client.get('/next')).body, '/next');
    assert.equal((await client.get('/more')).body, '/more');
    assert.equal((await client.get('/after')).body, '/after');
    assert.equal(backend.connections.length, 3);
  });
});

/** A backend that serves one request a connection and cuts the connection at the second. */
const oneEach = async (connection: BackendConnection): Promise<void> => {
  await connection.request();
  connection.send(ok(String(connection.socket.remotePort)));
  await connection.requestHead();
  connection.socket.destroy();
};

describe('a kept connection that turns out to be closed', () => {
  it('is replaced for a request that may be sent twice', async (t) => {
    const backend = await scripted(t, oneEach);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    await client.get();
    assert.equal((await client.get()).status, 200);
    assert.equal(plane.log[1]?.attempts, 2);
    assert.equal(plane.log[1]?.flags, '');
    const put = await client.post('x'.repeat(LIMITS.replayBytesMax), '', 'PUT');
    assert.equal(put.status, 200);
    assert.equal(plane.log[2]?.attempts, 2);
    await allQuiet(plane);
  });

  it('sends the body again as it was, chunks and trailers too', async (t) => {
    const bodies: string[] = [];
    const backend = await scripted(t, async (connection) => {
      await connection.request();
      connection.send(ok());
      const second = await connection.request();
      if (second === null) return;
      bodies.push(`cut ${second.body} ${second.trailers.join()}`);
      connection.socket.destroy();
    });
    const again = await serving(t, (request, connection) => {
      bodies.push(`served ${request.body} ${request.trailers.join()}`);
      connection.send(ok());
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    await client.get();
    await plane.apply(
      snapshot({
        port: plane.port,
        rules: [rule()],
        clusters: [cluster([backend.endpoint, again.endpoint])],
      }),
    );
    for (let i = 0; bodies.length < 2 && i < 4; i++) {
      client.send(
        'PUT / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n',
      );
      client.send('0\r\nx-sum: 1\r\n\r\n');
      assert.equal((await client.answer()).status, 200);
    }
    assert.equal(bodies.includes('cut hello x-sum,1'), true);
    assert.equal(bodies.includes('served hello x-sum,1'), true);
  });

  it('fails a request that may not be sent twice', async (t) => {
    const backend = await scripted(t, oneEach);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    const refused = [
      () => client.post('x'),
      () => client.post('x', '', 'PATCH'),
      () => client.post('x'.repeat(LIMITS.replayBytesMax + 1), '', 'PUT'),
    ];
    for (const send of refused) {
      await client.get();
      const answer = await send();
      assert.equal(answer.status, 502);
      assert.equal(answer.field('x-tulle-error'), 'upstream_reset');
      const entry = plane.log.at(-1);
      assert.equal(entry?.flags, 'UC');
      assert.equal(entry?.attempts, 1);
    }
    await allQuiet(plane);
  });

  it('that has begun to answer is not tried again', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.request();
      connection.send(ok());
      await connection.requestHead();
      connection.send('HTTP/1.1 2');
      connection.socket.destroySoon();
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    await client.get();
    assert.equal((await client.get()).status, 502);
    assert.equal(backend.connections.length, 1);
  });

  it('takes those with it that have idled longer: one attempt more is enough', async (t) => {
    const held: BackendConnection[] = [];
    const count = LIMITS.retriesMax + 5;
    const backend = await scripted(t, async (connection) => {
      await connection.request();
      held.push(connection);
      const next = await connection.requestHead();
      if (next !== null) connection.socket.destroy();
    });
    const plane = await planeFor(t, [backend]);
    const clients = await Promise.all(Array.from({ length: count }, () => clientOf(t, plane)));
    for (const client of clients) client.send('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    await eventually(() => held.length === count, 'all requests are at the backend');
    for (const connection of held.splice(0)) connection.send(ok());
    await Promise.all(clients.map((client) => client.answer()));
    const [client] = clients as [RawClient];
    client.send('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    await eventually(() => held.length === 1, 'the request is at the backend again');
    held[0]?.send(ok('again'));
    assert.equal((await client.answer()).body, 'again');
    assert.equal(plane.log.at(-1)?.attempts, 2);
    await eventually(() => clusterOf(plane).connections === 1, 'the others are closed');
  });
});

const HOLD = 'GET /hold HTTP/1.1\r\nhost: test\r\n\r\n';
const LIMIT = { connectionsMax: 100, pendingMax: 100, requestsMax: 100 };

describe('limits of a cluster', () => {
  const holding = (held: BackendConnection[]) => {
    return (_request: unknown, connection: BackendConnection): void => void held.push(connection);
  };

  it('requests wait for a connection in order of arrival', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, holding(held));
    const plane = await planeFor(t, [backend], {
      cluster: { limits: { ...LIMIT, connectionsMax: 1 } },
    });
    const clients = await Promise.all([0, 1, 2].map(() => clientOf(t, plane)));
    for (const [i, client] of clients.entries()) {
      client.send(`GET /${i} HTTP/1.1\r\nhost: test\r\n\r\n`);
      await eventually(() => clusterOf(plane).active === i + 1, 'it is counted');
    }
    assert.equal(clusterOf(plane).pending, 2);
    for (const [i, client] of clients.entries()) {
      await eventually(() => held.length === i + 1, 'the next is at the backend');
      assert.equal(backend.requests[i]?.target, `/${i}`);
      held[i]?.send(ok());
      assert.equal((await client.answer()).status, 200);
    }
    assert.equal(backend.connections.length, 1);
    await allQuiet(plane);
  });

  it('bodies of those who wait stay what they were, whatever is read meanwhile', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, (request, connection) => {
      if (request.target === '/hold') held.push(connection);
      else connection.send(ok(request.body));
    });
    const plane = await planeFor(t, [backend], {
      cluster: { limits: { ...LIMIT, connectionsMax: 1 } },
    });
    const first = await clientOf(t, plane);
    first.send(HOLD);
    await eventually(() => held.length === 1, 'the connection is taken');
    const clients = await Promise.all([0, 1, 2].map(() => clientOf(t, plane)));
    for (const [i, client] of clients.entries()) {
      client.send(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 30000\r\n\r\n`);
      client.send(String(i).repeat(10_000));
      await eventually(() => clusterOf(plane).pending === i + 1, 'it waits');
    }
    for (const [i, client] of clients.entries()) client.send(String(i).repeat(20_000));
    held[0]?.send(ok('z'.repeat(50_000)));
    for (const [i, client] of clients.entries()) {
      assert.equal((await client.answer()).body, String(i).repeat(30_000));
    }
  });

  it('who has been answered and goes away leaves the connection to its next user', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, holding(held));
    const plane = await planeFor(t, [backend], {
      cluster: { limits: { ...LIMIT, connectionsMax: 1 } },
    });
    const clients = await Promise.all([0, 1, 2].map(() => clientOf(t, plane)));
    for (const [i, client] of clients.entries()) {
      client.send(HOLD);
      await eventually(() => clusterOf(plane).active === i + 1, 'it is counted');
    }
    for (const [i, client] of clients.entries()) {
      await eventually(() => held.length === i + 1, 'the next is at the backend');
      clients[i - 1]?.reset();
      await eventually(() => plane.plane.figures().connections === 3 - i, 'the last one is gone');
      held[i]?.send(ok(`${i}`));
      assert.equal((await client.answer()).body, `${i}`);
    }
    assert.equal(backend.connections.length, 1);
  });

  it('one that waits too long gets 503, and its place in line is free', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, holding(held));
    const plane = await planeFor(t, [backend], {
      cluster: { connectMs: 60, limits: { ...LIMIT, connectionsMax: 1, pendingMax: 1 } },
    });
    const first = await clientOf(t, plane);
    first.send(HOLD);
    await eventually(() => held.length === 1, 'the connection is taken');
    const client = await clientOf(t, plane);
    for (let i = 0; i < 3; i++) {
      const answer = await client.post('waits with a body');
      assert.equal(answer.status, 503);
      assert.equal(answer.field('x-tulle-error'), 'upstream_pending_timeout');
      assert.equal((await logged(plane, i)).flags, 'UO');
      assert.equal(clusterOf(plane).pending, 0);
      assert.equal(clusterOf(plane).active, 1);
    }
    held[0]?.send(ok());
    assert.equal((await first.answer()).status, 200);
    await allQuiet(plane);
  });

  it('a full line refuses at once', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, holding(held));
    const plane = await planeFor(t, [backend], {
      cluster: { limits: { ...LIMIT, connectionsMax: 1, pendingMax: 1 } },
    });
    const clients = await Promise.all([0, 1, 2].map(() => clientOf(t, plane)));
    const [first, second, third] = clients as [RawClient, RawClient, RawClient];
    first.send(HOLD);
    await eventually(() => held.length === 1, 'the connection is taken');
    second.send(HOLD);
    await eventually(() => clusterOf(plane).pending === 1, 'one waits');
    const answer = await third.get();
    assert.equal(answer.status, 503);
    assert.equal(answer.field('x-tulle-error'), 'upstream_overflow');
    assert.match(answer.body, /at its limit/);
    assert.equal(plane.log[0]?.flags, 'UO');
    assert.equal(plane.log[0]?.details, 'upstream_overflow{pending}');
    second.reset();
    await eventually(() => clusterOf(plane).pending === 0, 'who leaves makes room');
    third.send(HOLD);
    held[0]?.send(ok());
    await first.answer();
    await eventually(() => held.length === 2, 'the place went to the third');
    held[1]?.send(ok('third'));
    assert.equal((await third.answer()).body, 'third');
    await allQuiet(plane);
  });

  it('too many requests are refused at once', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, holding(held));
    const plane = await planeFor(t, [backend], {
      cluster: { limits: { ...LIMIT, requestsMax: 1 } },
    });
    const first = await clientOf(t, plane);
    first.send(HOLD);
    await eventually(() => held.length === 1, 'the request is at the backend');
    const answer = await fetchOnce(plane.port);
    assert.equal(answer.status, 503);
    assert.equal(plane.log[0]?.flags, 'UO');
    assert.equal(plane.log[0]?.details, 'upstream_overflow{requests}');
    held[0]?.send(ok());
    await first.answer();
    first.send(HOLD);
    await eventually(() => held.length === 2, 'there is room again');
    held[1]?.send(ok());
    assert.equal((await first.answer()).status, 200);
  });

  it('a connection that idles at another endpoint is used rather than waited beside', async (t) => {
    const backends = [await serving(t), await serving(t), await serving(t)];
    const plane = await planeFor(t, backends, {
      cluster: { connectMs: 300, limits: { ...LIMIT, connectionsMax: 1 } },
    });
    const client = await clientOf(t, plane);
    for (let i = 0; i < 6; i++) assert.equal((await client.get()).status, 200);
    assert.equal(clusterOf(plane).connections, 1);
  });

  it('one that idles where the request has failed makes room for another', async (t) => {
    const bad = await serving(t, (_request, connection) =>
      connection.send('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'),
    );
    const good = await serving(t);
    const plane = await planeFor(t, [bad, good], {
      rule: { retry: { codes: [503], attempts: 1, backoffMs: 0 } },
      cluster: { connectMs: 300, limits: { ...LIMIT, connectionsMax: 1 } },
    });
    const client = await clientOf(t, plane);
    for (let i = 0; i < 4; i++) assert.equal((await client.get()).status, 200);
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, 1);
  });
});

describe('an endpoint that a reload takes away', () => {
  it('ends the requests it has and gets no other', async (t) => {
    const held: BackendConnection[] = [];
    const old = await serving(t, (request, connection) => {
      if (request.target === '/hold') held.push(connection);
      else hello(request, connection);
    });
    const next = await serving(t);
    const plane = await planeFor(t, [old]);
    const busy = await clientOf(t, plane);
    const client = await clientOf(t, plane);
    busy.send(HOLD);
    await eventually(() => held.length === 1, 'a request is at the endpoint');
    await client.get();
    assert.equal(old.connections.length, 2);
    await plane.apply(
      snapshot({ port: plane.port, rules: [rule()], clusters: [cluster([next.endpoint])] }),
    );
    await eventually(() => old.open === 1, 'its idle connection is closed');
    assert.equal((await client.get('/next')).status, 200);
    assert.equal(next.requests.length, 1);
    held[0]?.send(ok('still'));
    assert.equal((await busy.answer()).body, 'still');
    assert.equal(await old.connections[0]?.ended(), '');
    assert.equal((await busy.get('/after')).body, '/after');
    assert.equal(next.requests.length, 2);
    await eventually(() => clusterOf(plane).connections === next.open, 'the count is right');
  });

  it('that was the last one leaves 503, for those in line too', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await RawBackend.serving((_request, connection) => void held.push(connection));
    t.after(() => backend.close());
    const limits = { ...LIMIT, connectionsMax: 1 };
    const plane = await planeFor(t, [backend], { cluster: { limits } });
    const first = await clientOf(t, plane);
    const second = await clientOf(t, plane);
    first.send(HOLD);
    await eventually(() => held.length === 1, 'the connection is taken');
    second.send(HOLD);
    await eventually(() => clusterOf(plane).pending === 1, 'one waits');
    await plane.apply(
      snapshot({ port: plane.port, rules: [rule()], clusters: [cluster([], { limits })] }),
    );
    held[0]?.send(ok());
    assert.equal((await first.answer()).status, 200);
    const answer = await second.answer();
    assert.equal(answer.status, 503);
    assert.equal(answer.field('x-tulle-error'), 'no_endpoint');
    assert.equal(plane.log[1]?.flags, 'UH');
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, 0);
  });
});
