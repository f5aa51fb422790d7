/** When a request is tried again, where, how often and with what. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../../src/base/limits.ts';
import { allQuiet, clusterOf, eventually, logged } from '../support/await.ts';
import { cluster, freePort, rule, startPlane } from '../support/data-plane.ts';
import { deafServer } from '../support/deaf-server.ts';
import { clientOf, planeFor, scripted, serving } from '../support/fixture.ts';
import { type BackendConnection, type Handler, ok } from '../support/raw-backend.ts';
import { fetchOnce } from '../support/raw-client.ts';

const RETRY = { codes: [500, 503], attempts: 2, backoffMs: 0 };
const unavailable = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 3\r\n\r\nbad';

/** Fails the first `count` requests over all connections with 503. */
function failing(count: number): Handler {
  let left = count;
  return (request, connection) => connection.send(left-- > 0 ? unavailable : ok(request.body));
}

describe('retries by status', () => {
  it('end with the first answer that is not listed', async (t) => {
    const backend = await serving(t, failing(2));
    const plane = await planeFor(t, [backend], { rule: { retry: RETRY } });
    const client = await clientOf(t, plane);
    const answer = await client.post('hello');
    assert.equal(answer.status, 200);
    assert.equal(answer.body, 'hello');
    assert.deepEqual(
      backend.requests.map(({ body }) => body),
      ['hello', 'hello', 'hello'],
    );
    assert.equal(plane.log[0]?.attempts, 3);
    assert.equal(plane.log[0]?.flags, '');
    await allQuiet(plane);
  });

  it('are bounded: the last answer is the client’s', async (t) => {
    const backend = await serving(t, failing(100));
    const plane = await planeFor(t, [backend], { rule: { retry: RETRY } });
    const answer = await fetchOnce(plane.port);
    assert.equal(answer.status, 503);
    assert.equal(answer.body, 'bad');
    assert.equal(answer.field('x-tulle-error'), undefined);
    assert.equal(backend.requests.length, 3);
  });

  it('are bounded by the limit of the process whatever a rule says', async (t) => {
    const backend = await serving(t, failing(100));
    const plane = await planeFor(t, [backend], { rule: { retry: { ...RETRY, attempts: 1000 } } });
    await fetchOnce(plane.port);
    assert.equal(backend.requests.length, LIMITS.retriesMax + 1);
  });

  it('leave other statuses alone', async (t) => {
    const backend = await serving(t, (_request, connection) =>
      connection.send('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'),
    );
    const plane = await planeFor(t, [backend], { rule: { retry: RETRY } });
    assert.equal((await fetchOnce(plane.port)).status, 502);
    assert.equal(backend.requests.length, 1);
  });

  it('go to another endpoint while there is one', async (t) => {
    const bad = [await serving(t, failing(1000)), await serving(t, failing(1000))];
    const good = await serving(t);
    const plane = await planeFor(t, [...bad, good], { rule: { retry: RETRY } });
    const client = await clientOf(t, plane);
    for (let i = 0; i < 20; i++) assert.equal((await client.get()).status, 200);
    assert.equal(good.requests.length, 20);
    assert.equal(
      plane.log.some(({ attempts }) => attempts === 3),
      true,
    );
  });

  it('keep a connection whose refused answer was whole, and drop one in the middle', async (t) => {
    let count = 0;
    const backend = await serving(t, (request, connection) => {
      if (request.target !== '/long') connection.send(count++ % 2 === 0 ? unavailable : ok());
      else if (request.index > 0) {
        connection.send('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 1000\r\n\r\nx');
      } else connection.send(ok());
    });
    const plane = await planeFor(t, [backend], { rule: { retry: RETRY } });
    const client = await clientOf(t, plane);
    assert.equal((await client.get()).status, 200);
    assert.equal(backend.connections.length <= 2, true);
    assert.equal((await client.get('/long')).status, 200);
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, backend.open);
  });

  it('wait for their backoff, doubled each time', async (t) => {
    const times: number[] = [];
    const backend = await serving(t, (_request, connection) => {
      times.push(performance.now());
      connection.send(unavailable);
    });
    const plane = await planeFor(t, [backend], {
      rule: { retry: { codes: [503], attempts: 3, backoffMs: 40 } },
    });
    await fetchOnce(plane.port);
    const waits = times.slice(1).map((time, i) => time - (times[i] as number));
    assert.equal(waits.length, 3);
    for (const [i, wait] of waits.entries()) assert.equal(wait >= 40 * 2 ** i, true, `${waits}`);
  });

  it('end with the time of the request', async (t) => {
    const backend = await serving(t, failing(1000));
    const plane = await planeFor(t, [backend], {
      rule: {
        retry: { codes: [503], attempts: 5, backoffMs: 10_000 },
        timeouts: { requestMs: 80, backendRequestMs: 0 },
      },
    });
    const client = await clientOf(t, plane);
    const answer = await client.post('body');
    assert.equal(answer.status, 504);
    assert.equal(plane.log[0]?.flags, 'UT');
    assert.equal(backend.requests.length, 1);
    await allQuiet(plane);
  });

  it('end with the client', async (t) => {
    const backend = await serving(t, failing(1000));
    const plane = await planeFor(t, [backend], {
      rule: { retry: { codes: [503], attempts: 5, backoffMs: 100 } },
    });
    const client = await clientOf(t, plane);
    client.send('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    await eventually(() => backend.requests.length === 1, 'the first attempt');
    client.reset();
    assert.equal((await logged(plane)).flags, 'DC');
    await allQuiet(plane);
    assert.equal(backend.requests.length, 1);
  });
});

describe('a body that is still coming', () => {
  it('goes to the next attempt from its start', async (t) => {
    const heads: string[] = [];
    const backend = await scripted(t, async (connection) => {
      const head = await connection.requestHead();
      heads.push(head?.start ?? '');
      if (heads.length === 1) {
        await connection.take(3);
        connection.send(unavailable);
        return;
      }
      connection.send(ok((await connection.take(6)).toString()));
    });
    const plane = await planeFor(t, [backend], { rule: { retry: RETRY } });
    const client = await clientOf(t, plane);
    client.send('POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\n\r\nabc');
    await eventually(() => heads.length === 2, 'the second attempt');
    client.send('def');
    assert.equal((await client.answer()).body, 'abcdef');
    await allQuiet(plane);
  });

  it('is not sent again once it is larger than what is kept', async (t) => {
    const bytes = LIMITS.replayBytesMax + 1;
    const backend = await serving(t, failing(1));
    const plane = await planeFor(t, [backend], { rule: { retry: RETRY } });
    const client = await clientOf(t, plane);
    const answer = await client.post('x'.repeat(bytes));
    assert.equal(answer.status, 503);
    assert.equal(backend.requests[0]?.body.length, bytes);
    assert.equal(backend.requests.length, 1);
  });
});

describe('retries after a failure of the connection', () => {
  it('reach an endpoint that works, whatever the method', async (t) => {
    const good = await serving(t);
    const dead = { address: '127.0.0.1', port: await freePort(), weight: 1 };
    const plane = await startPlane({
      rules: [rule({ retry: { codes: [], attempts: 1, backoffMs: 0 } })],
      clusters: [cluster([dead, good.endpoint])],
    });
    t.after(() => plane.close());
    const client = await clientOf(t, plane);
    for (let i = 0; i < 6; i++) assert.equal((await client.post('x')).status, 200);
    assert.equal(
      plane.log.some(({ attempts }) => attempts === 2),
      true,
    );
    await allQuiet(plane);
  });

  it('give up with the code of the last one', async (t) => {
    const dead = { address: '127.0.0.1', port: await freePort(), weight: 1 };
    const plane = await startPlane({
      rules: [rule({ retry: { codes: [], attempts: 3, backoffMs: 1 } })],
      clusters: [cluster([dead])],
    });
    t.after(() => plane.close());
    assert.equal((await fetchOnce(plane.port)).status, 502);
    assert.equal(plane.log[0]?.attempts, 4);
    assert.equal(plane.log[0]?.flags, 'UF');
    assert.equal(clusterOf(plane).connections, 0);
  });

  it('come after a connect that took too long', async (t) => {
    const deaf = await deafServer(t);
    const good = await serving(t);
    const plane = await startPlane({
      rules: [rule({ retry: { codes: [], attempts: 1, backoffMs: 0 } })],
      clusters: [cluster([deaf, good.endpoint], { connectMs: 50 })],
    });
    t.after(() => plane.close());
    for (let i = 0; i < 3; i++) assert.equal((await fetchOnce(plane.port)).status, 200);
  });

  it('come after a reset before the answer, not after its head', async (t) => {
    const backend = await serving(t, (request, connection) => {
      if (request.target === '/head') {
        connection.send('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab');
        setImmediate(() => connection.socket.destroySoon());
      } else if (backend.requests.length % 2 === 1) connection.socket.destroy();
      else connection.send(ok());
    });
    const plane = await planeFor(t, [backend], { rule: { retry: RETRY } });
    assert.equal((await fetchOnce(plane.port)).status, 200);
    assert.equal(plane.log[0]?.attempts, 2);
    const client = await clientOf(t, plane);
    client.send('GET /head HTTP/1.1\r\nhost: test\r\n\r\n');
    assert.equal(await client.closed, 'ECONNRESET');
    assert.equal(plane.log[1]?.attempts, 1);
    assert.equal(plane.log[1]?.flags, 'UC');
    await allQuiet(plane);
  });

  it('are not made of answers that are no HTTP', async (t) => {
    const backend = await serving(t, (_request, connection) => connection.send('SMTP\r\n\r\n'));
    const plane = await planeFor(t, [backend], { rule: { retry: RETRY } });
    assert.equal((await fetchOnce(plane.port)).status, 502);
    assert.equal(backend.requests.length, 1);
  });
});

describe('the time of one attempt', () => {
  it('ends it, and the next may succeed', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, (request, connection) => {
      if (held.push(connection) > 1) connection.send(ok(request.body));
    });
    const plane = await planeFor(t, [backend], {
      rule: { retry: RETRY, timeouts: { requestMs: 5_000, backendRequestMs: 60 } },
    });
    const client = await clientOf(t, plane);
    assert.equal((await client.post('body')).body, 'body');
    assert.equal(plane.log[0]?.attempts, 2);
    assert.equal(await held[0]?.ended(), '');
    await allQuiet(plane);
  });

  it('does not run on through the backoff of a failed one', async (t) => {
    const dead = { address: '127.0.0.1', port: await freePort(), weight: 1 };
    const plane = await startPlane({
      rules: [
        rule({
          retry: { codes: [], attempts: 1, backoffMs: 150 },
          timeouts: { requestMs: 0, backendRequestMs: 50 },
        }),
      ],
      clusters: [cluster([dead])],
    });
    t.after(() => plane.close());
    const answer = await fetchOnce(plane.port);
    assert.equal(answer.status, 502);
    assert.equal(plane.log[0]?.attempts, 2);
    assert.equal(plane.log[0]?.details, 'upstream_connect{econnrefused}');
  });
});
