/** The exchange with filters in it: they hold, answer, fail and edit at every point of its life. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { removeField } from '../../../src/data/codec/head.ts';
import {
  type BodyBuffer,
  DATA_CONTINUE,
  DATA_STOP_BUFFER,
  DATA_STOP_WATERMARK,
  type DataVerdict,
  type FilterHost,
  HEAD_CONTINUE,
  HEAD_STOP,
  HEAD_STOP_ALL,
  type LocalReply,
} from '../../../src/data/filter/contract.ts';
import { allQuiet, clusterOf, eventually, logged } from '../support/await.ts';
import { filteredPlane, type OpenFilter } from '../support/filtered-plane.ts';
import { clientOf, scripted, serving } from '../support/fixture.ts';
import { type BackendConnection, echo, ok } from '../support/raw-backend.ts';

const REPLY: LocalReply = { status: 418, fields: ['x-mine', '1'], body: 'teapot', details: 'tea' };
const POST = 'POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\n';
const silent = (): void => {};

describe('a filter that answers itself', () => {
  const inHead: OpenFilter = (host) => ({
    requestHead: () => {
      host.reply(REPLY);
      return HEAD_STOP_ALL;
    },
  });
  const inData: OpenFilter = (host) => ({
    requestData: () => {
      host.reply(REPLY);
      return DATA_STOP_BUFFER;
    },
  });
  const later: OpenFilter = (host) => ({
    requestHead: () => {
      setImmediate(() => host.reply(REPLY));
      return HEAD_STOP_ALL;
    },
  });
  const inAnswer: OpenFilter = (host) => ({
    responseHead: () => {
      host.reply(REPLY);
      return HEAD_STOP_ALL;
    },
  });

  for (const [what, open] of Object.entries({ inHead, inData, later, inAnswer })) {
    it(`${what}: the client gets that answer and can go on`, async (t) => {
      const backend = await serving(t, echo);
      const plane = await filteredPlane(t, backend, [open]);
      const client = await clientOf(t, plane);
      for (let i = 0; i < 3; i++) {
        // Head and body in one packet, then in two.
        if (i === 0) client.send(`${POST}hello`);
        else {
          client.send(POST);
          await delay(2);
          client.send('hello');
        }
        const answer = await client.answer();
        assert.equal(answer.status, 418);
        assert.equal(answer.body, 'teapot');
        assert.equal(answer.field('x-mine'), '1');
        assert.equal((await logged(plane, i)).details, 'tea');
      }
      assert.equal(plane.completed(), 3);
      await allQuiet(plane);
    });
  }

  it('a pipeline of such answers stays in order', async (t) => {
    const backend = await serving(t, echo);
    const plane = await filteredPlane(t, backend, [inData]);
    const client = await clientOf(t, plane);
    const get = 'GET / HTTP/1.1\r\nhost: test\r\n\r\n';
    client.send(`${POST}hello${get}${POST}world${POST}again${get}`);
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await client.answer()).status);
    assert.deepEqual(statuses, [418, 200, 418, 418, 200]);
    await allQuiet(plane);
  });

  it('a HEAD gets its length only', async (t) => {
    const plane = await filteredPlane(t, await serving(t), [inHead]);
    const client = await clientOf(t, plane);
    client.send('HEAD / HTTP/1.1\r\nhost: test\r\n\r\n');
    assert.equal((await client.answer('HEAD')).field('content-length'), '6');
    assert.equal((await client.get()).body, 'teapot');
  });

  it('an answer that no longer can be given cuts the other', async (t) => {
    const backend = await serving(t, (_request, connection) =>
      connection.send(ok('x'.repeat(100))),
    );
    const plane = await filteredPlane(t, backend, [
      (host) => ({
        responseData: () => {
          host.reply(REPLY);
          return DATA_STOP_BUFFER;
        },
      }),
    ]);
    const client = await clientOf(t, plane);
    client.send('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    assert.equal(await client.closed, 'ECONNRESET');
    assert.equal((await logged(plane)).flags, 'WF');
    await allQuiet(plane);
    assert.equal(plane.plane.figures().connections, 0);
  });
});

describe('a filter that fails', () => {
  it('before the head of the answer gives its code, then nothing more happens', async (t) => {
    for (const when of ['requestHead', 'responseHead'] as const) {
      const backend = await serving(t, echo);
      const open: OpenFilter = (host) => ({
        [when]: () => {
          host.fail('filter_failed', 'trap');
          return HEAD_STOP_ALL;
        },
      });
      const plane = await filteredPlane(t, backend, [open]);
      const client = await clientOf(t, plane);
      for (let i = 0; i < 2; i++) {
        const answer = await client.post('hello');
        assert.equal(answer.status, 503);
        assert.equal(answer.field('x-tulle-error'), 'filter_failed');
        assert.equal(plane.log[i]?.flags, 'WF');
        assert.equal(plane.log[i]?.details, 'filter_failed{trap}');
      }
      assert.equal(plane.completed(), 2);
      await allQuiet(plane);
    }
  });
});

describe('a filter that holds', () => {
  it('a head lets it go later, with what came behind it', async (t) => {
    const backend = await serving(t, echo);
    let held: FilterHost | null = null;
    const plane = await filteredPlane(t, backend, [
      (host) => ({
        requestHead: () => {
          held = host;
          return HEAD_STOP_ALL;
        },
      }),
    ]);
    const client = await clientOf(t, plane);
    client.send(`${POST}hel`);
    await eventually(() => held !== null, 'the head is held');
    client.send('lo');
    await delay(5);
    assert.equal(backend.connections.length, 0);
    (held as unknown as FilterHost).continueRequest();
    assert.equal((await client.answer()).body, 'hello');
    await allQuiet(plane);
  });

  it('a head whose body has not come lets it go at once when told', async (t) => {
    const heads: BackendConnection[] = [];
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      heads.push(connection);
    });
    let held: FilterHost | null = null;
    const plane = await filteredPlane(t, backend, [
      (host) => ({
        requestHead: () => {
          held = host;
          return HEAD_STOP;
        },
        requestData: () => DATA_CONTINUE,
      }),
    ]);
    const client = await clientOf(t, plane);
    client.send('POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n5');
    await eventually(() => held !== null, 'the head is held');
    (held as unknown as FilterHost).continueRequest();
    await eventually(() => heads.length === 1, 'the head is at the backend');
  });

  it('an answer that is complete is not failed by the time of its attempt', async (t) => {
    const backend = await serving(t, echo);
    const open: OpenFilter = (host) => ({
      responseHead: () => {
        setTimeout(() => host.continueResponse(), 120);
        return HEAD_STOP_ALL;
      },
    });
    const plane = await filteredPlane(t, backend, [open], {
      rule: { timeouts: { requestMs: 0, backendRequestMs: 60 } },
      cluster: { streamIdleMs: 60 },
    });
    const client = await clientOf(t, plane);
    assert.equal((await client.post('hello')).body, 'hello');
    assert.equal((await client.post('again')).body, 'again');
    assert.deepEqual(
      plane.log.map(({ flags }) => flags),
      ['', ''],
    );
  });

  it('a local answer is not overtaken by a retry', async (t) => {
    const backend = await serving(t, (_request, connection) =>
      connection.send('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'),
    );
    const open: OpenFilter = (host) => ({
      responseHead: () => {
        setTimeout(() => host.continueResponse(), 120);
        return HEAD_STOP_ALL;
      },
    });
    const plane = await filteredPlane(t, backend, [open], {
      rule: {
        retry: { codes: [503], attempts: 3, backoffMs: 80 },
        timeouts: { requestMs: 40, backendRequestMs: 0 },
      },
    });
    const client = await clientOf(t, plane);
    assert.equal((await client.get()).status, 504);
    assert.equal(backend.requests.length, 1);
    assert.equal(plane.log[0]?.attempts, 1);
    await allQuiet(plane);
  });

  it('a body above its buffer is refused or slowed, as it asked', async (t) => {
    const backend = await serving(t, echo);
    const body = 'x'.repeat(2_000_000);
    const buffering: OpenFilter = () => ({
      requestData: (_body, end) => (end ? DATA_CONTINUE : DATA_STOP_BUFFER),
    });
    const refused = await filteredPlane(t, backend, [buffering]);
    const client = await clientOf(t, refused);
    const refusal = await client.post(body);
    assert.equal(refusal.status, 413);
    assert.equal(refusal.field('x-tulle-error'), 'request_body_too_large');
    let waiting: FilterHost | null = null;
    const slowing: OpenFilter = (host) => ({
      requestData: () => {
        waiting = host;
        return DATA_STOP_WATERMARK;
      },
    });
    const slowed = await filteredPlane(t, backend, [slowing]);
    const slow = await clientOf(t, slowed);
    slow.send(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const pump = setInterval(() => waiting?.continueRequest(), 2);
    t.after(() => clearInterval(pump));
    assert.equal((await slow.answer()).body.length, body.length);
    await allQuiet(slowed);
  });

  it('a request whose client goes away is over at once', async (t) => {
    const backend = await serving(t, silent);
    let held = false;
    const hold: OpenFilter = () => ({
      requestHead: () => {
        held = true;
        return HEAD_STOP_ALL;
      },
    });
    const plane = await filteredPlane(t, backend, [hold]);
    const client = await clientOf(t, plane);
    client.send(`${POST}hello`);
    await eventually(() => held, 'the head is held');
    client.reset();
    assert.equal((await logged(plane)).flags, 'DC');
    assert.equal(plane.completed(), 1);
    assert.equal(backend.connections.length, 0);
  });
});

describe('a filter that edits a body', () => {
  const doubled: OpenFilter = () => ({
    requestHead: (head) => {
      removeField(head.fields, 'content-length');
      return HEAD_CONTINUE;
    },
    requestData: (body) => {
      body.replace(Buffer.concat([body.bytes(), body.bytes()]));
      return DATA_CONTINUE;
    },
    responseHead: (head) => {
      removeField(head.fields, 'content-length');
      return HEAD_CONTINUE;
    },
    responseData: (body) => {
      body.replace(Buffer.concat([body.bytes(), Buffer.from('!')]));
      return DATA_CONTINUE;
    },
  });

  it('and takes the length off has it sent in chunks', async (t) => {
    const backend = await serving(t, echo);
    const plane = await filteredPlane(t, backend, [doubled]);
    const client = await clientOf(t, plane);
    const answer = await client.post('ab');
    assert.equal(answer.field('transfer-encoding'), 'chunked');
    assert.equal(answer.body, 'abab!');
    assert.equal(backend.requests[0]?.field('transfer-encoding'), 'chunked');
    assert.equal((await client.post('c')).body, 'cc!');
    assert.equal(backend.connections.length, 1);
  });

  it('but leaves the length fails the request, or cuts the answer', async (t) => {
    const backend = await serving(t, echo);
    for (const length of [1, 9]) {
      const replace = (body: BodyBuffer): DataVerdict => {
        body.replace(Buffer.alloc(length, 'z'));
        return DATA_CONTINUE;
      };
      const toBackend = await filteredPlane(t, backend, [() => ({ requestData: replace })]);
      const client = await clientOf(t, toBackend);
      for (let i = 0; i < 2; i++) {
        const answer = await client.post('hello');
        assert.equal(answer.status, 500);
        assert.equal(answer.field('x-tulle-error'), 'filter_body_length');
        assert.equal(toBackend.log[i]?.flags, 'WF');
      }
      await allQuiet(toBackend);
      assert.equal(clusterOf(toBackend).connections, 0);
      const toClient = await filteredPlane(t, backend, [() => ({ responseData: replace })]);
      const cut = await clientOf(t, toClient);
      cut.send(`${POST}hello`);
      assert.equal(await cut.closed, 'ECONNRESET');
      assert.equal((await logged(toClient)).flags, 'WF');
      await allQuiet(toClient);
    }
  });

  it('may add trailers where there were none', async (t) => {
    const backend = await serving(t, (_request, connection) => {
      connection.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      connection.send(`2\r\nok\r\n0\r\n\r\n`);
    });
    const plane = await filteredPlane(t, backend, [
      (host) => ({
        requestData: (_body, end) => {
          if (end) host.makeRequestTrailers().push('x-in', '1');
          return DATA_CONTINUE;
        },
        responseData: (_body, end) => {
          if (end) host.makeResponseTrailers().push('x-out', '2');
          return DATA_CONTINUE;
        },
      }),
    ]);
    const client = await clientOf(t, plane);
    client.send(
      'POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
    );
    const answer = await client.answer();
    assert.equal(answer.body, 'ok');
    assert.deepEqual(answer.trailers, ['x-out', '2']);
    assert.deepEqual(backend.requests[0]?.trailers, ['x-in', '1']);
  });
});

describe('Expect: 100-continue with filters', () => {
  it('is answered here, because a filter may want the body first', async (t) => {
    const backend = await serving(t, echo);
    const plane = await filteredPlane(t, backend, [
      () => ({ requestData: (_body, end) => (end ? DATA_CONTINUE : DATA_STOP_BUFFER) }),
    ]);
    const client = await clientOf(t, plane);
    for (let i = 0; i < 2; i++) {
      client.send(POST.replace('\r\n\r\n', '\r\nexpect: 100-continue\r\n\r\n'));
      assert.equal((await client.head())?.start, 'HTTP/1.1 100 Continue');
      client.send('hello');
      assert.equal((await client.answer()).body, 'hello');
      assert.equal(backend.requests[i]?.field('expect'), undefined);
    }
  });
});
