/** Expect: 100-continue and other 1xx answers. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../../src/base/limits.ts';
import { allQuiet, eventually } from '../support/await.ts';
import { clientOf, planeFor, scripted, serving } from '../support/fixture.ts';
import { type BackendConnection, echo, ok } from '../support/raw-backend.ts';
import { fieldOf, type WireHead } from '../support/wire.ts';

const EXPECTING =
  'POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

describe('Expect: 100-continue', () => {
  it('is relayed, and the 100 of the backend too', async (t) => {
    const heads: WireHead[] = [];
    const backend = await scripted(t, async (connection) => {
      for (;;) {
        const head = await connection.requestHead();
        if (head === null) return;
        heads.push(head);
        connection.send(CONTINUE);
        connection.send(ok((await connection.take(5)).toString()));
      }
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    for (let i = 0; i < 2; i++) {
      client.send(EXPECTING);
      assert.equal((await client.head())?.start, 'HTTP/1.1 100 Continue');
      assert.equal(client.unread, 0);
      client.send('hello');
      const answer = await client.answer();
      assert.equal(answer.body, 'hello');
      assert.equal(answer.field('connection'), undefined);
    }
    assert.equal(fieldOf(heads[0] as WireHead, 'expect'), '100-continue');
    assert.equal(backend.connections.length, 1);
  });

  it('whose backend never sends a 100 does not hold up a client that goes on', async (t) => {
    const backend = await serving(t, echo);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(EXPECTING);
    await eventually(() => backend.connections.length === 1, 'the head is at the backend');
    client.send('hello');
    const answer = await client.answer();
    assert.deepEqual(answer.informational, []);
    assert.equal(answer.body, 'hello');
    assert.equal((await client.post('again')).body, 'again');
  });

  it('answered without a 100 ends the connection: the body may come or not', async (t) => {
    const backend = await scripted(t, async (connection) => {
      await connection.requestHead();
      connection.send('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno');
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(EXPECTING);
    const answer = await client.answer();
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.informational, []);
    assert.equal(answer.field('connection'), 'close');
    assert.equal(await client.ended(), '');
    await allQuiet(plane);
  });

  it('is answered here where no backend will: a local answer, no 100', async (t) => {
    const plane = await planeFor(t, []);
    const client = await clientOf(t, plane);
    client.send(EXPECTING);
    const answer = await client.answer();
    assert.equal(answer.status, 503);
    assert.deepEqual(answer.informational, []);
    assert.equal(answer.field('connection'), 'close');
  });

  it('without a body asks for nothing', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    assert.equal((await client.get('/', 'expect: 100-continue\r\n')).status, 200);
    assert.equal(backend.requests[0]?.field('expect'), undefined);
  });

  it('is relayed once, whatever the backend repeats', async (t) => {
    const backend = await serving(t, (_request, connection) =>
      connection.send(CONTINUE + CONTINUE + ok('x')),
    );
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send(`${EXPECTING}hello`);
    assert.equal((await client.answer()).informational.length, 1);
  });

  it('of another kind is refused with 417', async (t) => {
    const plane = await planeFor(t, [await serving(t)]);
    const client = await clientOf(t, plane);
    const answer = await client.get('/', 'expect: miracles\r\n');
    assert.equal(answer.status, 417);
    assert.equal(answer.field('x-tulle-error'), 'request_expectation');
    assert.equal(answer.field('connection'), 'close');
    assert.equal(await client.ended(), '');
  });
});

describe('1xx answers', () => {
  it('are relayed in order, with their fields and without those of the hop', async (t) => {
    const backend = await serving(t, (_request, connection) => {
      connection.send(
        'HTTP/1.1 102 Processing\r\nx-step: 1\r\nconnection: x-gone\r\nx-gone: 1\r\n\r\n',
      );
      connection.send('HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\ncontent-length: 5\r\n\r\n');
      connection.send(ok('done'));
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    for (let i = 0; i < 2; i++) {
      const answer = await client.get();
      const [processing, hints] = answer.informational as [WireHead, WireHead];
      assert.deepEqual(processing, {
        start: 'HTTP/1.1 102 Processing',
        fields: ['x-step', '1'],
      });
      assert.deepEqual(hints, { start: 'HTTP/1.1 103 Early Hints', fields: ['link', '</a.css>'] });
      assert.equal(answer.body, 'done');
    }
    assert.equal(backend.connections.length, 1);
  });

  it('come at once, not with the final answer', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, (_request, connection) => {
      held.push(connection);
      connection.send('HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n');
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send('GET / HTTP/1.1\r\nhost: test\r\n\r\n');
    assert.equal((await client.head())?.start, 'HTTP/1.1 103 Early Hints');
    held[0]?.send(ok('done'));
    assert.equal((await client.answer()).body, 'done');
  });

  it('that nobody asked for are dropped where they are 100, and bounded in number', async (t) => {
    const backend = await serving(t, (request, connection) => {
      if (request.target === '/100') connection.send(CONTINUE + ok('x'));
      else connection.send('HTTP/1.1 102 Processing\r\n\r\n'.repeat(LIMITS.informationalMax + 1));
    });
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    assert.deepEqual((await client.get('/100')).informational, []);
    const answer = await client.get('/many');
    assert.equal(answer.informational.length, LIMITS.informationalMax);
    assert.equal(answer.status, 502);
    assert.equal(answer.field('x-tulle-error'), 'upstream_malformed');
  });
});
