/** What a client and the log are told of each failure that is not the client's. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS, type ErrorCode } from '../../../src/base/errors.ts';
import type { Match, Rule } from '../../../src/config/route.ts';
import { clusterMetrics } from '../../../src/observe/data-metrics.ts';
import { allQuiet, clusterOf, logged, settled } from '../support/await.ts';
import { cluster, freePort, rule, startPlane } from '../support/data-plane.ts';
import { clientOf, planeFor, scripted, serving } from '../support/fixture.ts';
import type { BackendConnection } from '../support/raw-backend.ts';

const at = (path: string, over: Partial<Rule>): Rule => {
  const match: Match = { path: { type: 'Exact', value: path }, headers: [], query: [], method: '' };
  return rule({ name: `default/test${path}`, matches: [match], ...over });
};

const to = (name: string, invalid: string | null = null): Partial<Rule> => {
  return { backends: [{ cluster: name, weight: 1, filters: [], invalid }] };
};

interface Case {
  readonly path: string;
  readonly code: ErrorCode;
  readonly attempts: number;
  readonly detail?: string;
}

const CASES: readonly Case[] = [
  { path: '/nowhere', code: 'no_route', attempts: 0 },
  { path: '/invalid-rule', code: 'route_invalid', attempts: 0 },
  { path: '/no-backend', code: 'no_backend', attempts: 0 },
  { path: '/no-weight', code: 'no_backend', attempts: 0 },
  { path: '/invalid-backend', code: 'backend_invalid', attempts: 0 },
  { path: '/unknown-cluster', code: 'backend_invalid', attempts: 0 },
  { path: '/empty', code: 'no_endpoint', attempts: 1 },
  { path: '/refused', code: 'upstream_connect', attempts: 1, detail: 'econnrefused' },
  { path: '/closes', code: 'upstream_reset', attempts: 1, detail: 'closed_before_answer' },
  { path: '/resets', code: 'upstream_reset', attempts: 1, detail: 'econnreset' },
  { path: '/garbage', code: 'upstream_malformed', attempts: 1, detail: 'bad_status_line' },
];

describe('a failure', () => {
  it('has its status, field, text, flag and details, and the connection lives on', async (t) => {
    const backend = await serving(t, (request, connection: BackendConnection) => {
      if (request.target === '/closes') connection.socket.destroySoon();
      else if (request.target === '/resets') connection.reset();
      else connection.send('garbage\r\n\r\n');
    });
    const dead = { address: '127.0.0.1', port: await freePort(), weight: 1 };
    const noWeight = [{ cluster: 'live', weight: 0, filters: [], invalid: null }];
    const plane = await startPlane({
      rules: [
        at('/invalid-rule', { invalid: 'a broken reference' }),
        at('/no-backend', { backends: [] }),
        at('/no-weight', { backends: noWeight }),
        at('/invalid-backend', to('live', 'not allowed')),
        at('/unknown-cluster', to('gone')),
        at('/empty', to('empty')),
        at('/refused', to('dead')),
        at('/closes', to('live')),
        at('/resets', to('live')),
        at('/garbage', to('live')),
      ],
      clusters: [
        cluster([backend.endpoint], { name: 'live' }),
        cluster([dead], { name: 'dead' }),
        cluster([], { name: 'empty' }),
      ],
    });
    t.after(() => plane.close());
    const client = await clientOf(t, plane);
    for (const [i, { path, code, attempts, detail }] of CASES.entries()) {
      const { status, flag, message } = ERRORS[code];
      const answer = await client.get(path);
      assert.equal(answer.status, status, path);
      assert.equal(answer.field('x-tulle-error'), code, path);
      assert.equal(answer.field('content-type'), 'text/plain; charset=utf-8');
      assert.equal(answer.body, `${message} (${code})\n`);
      assert.equal(answer.field('connection'), undefined, path);
      const entry = await logged(plane, i);
      assert.equal(entry.status, status);
      assert.equal(entry.flags, flag, path);
      assert.equal(entry.details, `${code}{${detail ?? code}}`);
      assert.equal(entry.attempts, attempts, path);
      assert.equal(entry.responseBodyBytes, answer.body.length);
    }
    for (const name of ['live', 'dead', 'empty']) {
      await allQuiet(plane, name);
      assert.equal(clusterOf(plane, name).connections, 0, name);
    }
  });

  it('after the head cuts the answer so that nobody takes it for whole', async (t) => {
    const backend = await serving(t, (request, connection) => {
      const framing =
        request.target === '/chunked' ? 'transfer-encoding: chunked' : 'content-length: 9';
      const part = request.target === '/chunked' ? '3\r\nabc\r\n' : 'abc';
      connection.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${part}`);
      setImmediate(() => connection.socket.destroySoon());
    });
    const plane = await planeFor(t, [backend]);
    for (const [i, target] of ['/chunked', '/length'].entries()) {
      const client = await clientOf(t, plane);
      client.send(`GET ${target} HTTP/1.1\r\nhost: test\r\n\r\n`);
      assert.equal(await client.closed, 'ECONNRESET');
      const entry = await logged(plane, i);
      assert.equal(entry.status, 200);
      assert.equal(entry.flags, 'UC');
      assert.equal(entry.details, 'upstream_reset{closed_in_body}');
      assert.equal(entry.responseBodyBytes, 3);
    }
  });

  it('or an answer made for a backendRef leaves the figures of its cluster right', async (t) => {
    const redirect = {
      type: 'RequestRedirect' as const,
      scheme: '',
      hostname: 'other.test',
      path: null,
      port: 0,
      listenerPort: 80,
      statusCode: 302,
    };
    const backend = await serving(t);
    const name = 'backend/default/test';
    const backends = [{ cluster: name, weight: 1, filters: [redirect], invalid: null }];
    const plane = await planeFor(t, [backend], { rule: { backends } });
    const client = await clientOf(t, plane);
    for (let i = 0; i < 3; i++) assert.equal((await client.get()).status, 302);
    const metrics = clusterMetrics(plane.registry, name);
    assert.equal(metrics.requestsActive.value, 0);
    assert.equal(backend.connections.length, 0);
  });

  it('of the client is logged with no status before an answer', async (t) => {
    const backend = await serving(t, () => {});
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    await backend.connection(0);
    client.reset();
    const entry = await logged(plane);
    assert.equal(entry.status, 0);
    assert.equal(entry.flags, 'DC');
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, 0);
  });
});

describe('an abort frees everything', () => {
  const BYTES = 30_000_000;

  it('by the client in the middle of an answer', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      connection.send(`HTTP/1.1 200 OK\r\ncontent-length: ${BYTES}\r\n\r\n`);
      await connection.pour(BYTES);
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    await client.head();
    await client.take(100_000);
    client.reset();
    assert.equal((await logged(plane)).flags, 'DC');
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, 0);
    assert.equal(plane.plane.figures().connections, 0);
    await backend.connections[0]?.closed;
  });

  it('by the client in the middle of a request', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      await connection.skip(BYTES);
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ${BYTES}\r\n\r\n`);
    await client.pour(1_000_000);
    await backend.connection(0);
    client.reset();
    const entry = await logged(plane);
    assert.equal(entry.flags, 'DC');
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, 0);
    assert.notEqual(await backend.connections[0]?.ended().catch(() => 'bytes'), undefined);
  });

  it('by the backend in the middle of a request', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      await connection.take(100_000);
      connection.reset();
    });
    const plane = await planeFor(t, [backend]);
    // Whether a write or a read finds out first is chance.
    for (let i = 0; i < 20; i++) {
      const client = await clientOf(t, plane);
      client.send(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ${BYTES}\r\n\r\n`);
      void client.pour(BYTES);
      const answer = await client.answer();
      assert.equal(answer.status, 502);
      assert.equal(answer.field('x-tulle-error'), 'upstream_reset');
      client.close();
    }
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, 0);
  });

  it('by the backend in the middle of an answer that the client is slow to read', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      connection.send(`HTTP/1.1 200 OK\r\ncontent-length: ${BYTES}\r\n\r\n`);
      await connection.pour(BYTES);
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.socket.pause();
    client.send('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    const connection = await backend.connection(0);
    await settled(() => connection.poured);
    connection.reset();
    client.socket.resume();
    assert.equal((await logged(plane)).flags, 'UC');
    assert.equal(await client.closed, 'ECONNRESET');
    await allQuiet(plane);
    assert.equal(clusterOf(plane).connections, 0);
  });
});
