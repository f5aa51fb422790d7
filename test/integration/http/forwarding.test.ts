/** What of a head goes on and what stops here. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientOf, planeFor, serving } from '../support/fixture.ts';
import { ok } from '../support/raw-backend.ts';

const CLAIMS =
  'x-forwarded-for: 1.2.3.4\r\nx-forwarded-for: 5.6.7.8\r\nx-forwarded-proto: https\r\n' +
  'x-request-id: mine\r\n';

describe('forwarding fields', () => {
  it('of an untrusted client are replaced', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    await client.get('/', CLAIMS);
    await client.get();
    for (const request of backend.requests) {
      assert.equal(request.field('x-forwarded-for'), '127.0.0.1');
      assert.equal(request.field('x-forwarded-proto'), 'http');
      assert.match(request.field('x-request-id') ?? '', /^id-\d+$/);
    }
    const ids = backend.requests.map((request) => request.field('x-request-id'));
    assert.notEqual(ids[0], ids[1]);
  });

  it('of a trusted proxy are kept and appended to', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend], { client: { trustedProxies: ['127.0.0.0/8'] } });
    const client = await clientOf(t, plane);
    await client.get('/', CLAIMS);
    await client.get('/', 'x-request-id:\r\n');
    const [claimed, empty] = backend.requests;
    assert.equal(claimed?.field('x-forwarded-for'), '1.2.3.4, 5.6.7.8, 127.0.0.1');
    assert.equal(claimed?.field('x-forwarded-proto'), 'https');
    assert.equal(claimed?.field('x-request-id'), 'mine');
    assert.equal(empty?.field('x-forwarded-for'), '127.0.0.1');
    assert.equal(empty?.field('x-forwarded-proto'), 'http');
    assert.match(empty?.field('x-request-id') ?? '', /^id-\d+$/);
  });
});

describe('fields of the hop', () => {
  const HOP =
    'connection: keep-alive, X-Mine\r\nconnection: x-yours\r\nkeep-alive: timeout=5\r\n' +
    'proxy-connection: keep-alive\r\nte: trailers\r\nx-mine: 1\r\nx-yours: 2\r\nx-end: 3\r\n';
  const GONE = ['connection', 'keep-alive', 'proxy-connection', 'te', 'x-mine', 'x-yours'];

  it('and those that Connection names are taken from requests', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    await client.get('/', `${HOP}upgrade: h2c\r\nproxy-authorization: Basic x\r\n`);
    const [request] = backend.requests;
    for (const name of [...GONE, 'upgrade', 'proxy-authorization']) {
      assert.equal(request?.field(name), undefined, name);
    }
    assert.equal(request?.field('x-end'), '3');
  });

  it('and those that Connection names are taken from answers', async (t) => {
    const backend = await serving(t, (_request, connection) => connection.send(ok('x', HOP)));
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    const answer = await client.get();
    for (const name of GONE) assert.equal(answer.field(name), undefined, name);
    assert.equal(answer.field('x-end'), '3');
  });

  it('Connection cannot take the framing away', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    assert.equal((await client.post('abc', 'connection: content-length, host\r\n')).status, 200);
    assert.equal(backend.requests[0]?.body, 'abc');
    assert.equal(backend.requests[0]?.field('host'), 'test');
  });
});

const FORWARDED = 'cookie a x-b 1 x-a caf\xe9 cookie b'.split(' ');
const RETURNED = 'set-cookie a=1 set-cookie b=2 x-raw caf\xe9 date x'.split(' ');

describe('the rest of a head', () => {
  it('goes on as it came: Host, order, repeated fields, bytes above ASCII', async (t) => {
    const backend = await serving(t, (_request, connection) =>
      connection.send(
        ok('x', 'Set-Cookie: a=1\r\nset-cookie: b=2\r\nX-Raw: caf\xe9\r\ndate: x\r\n'),
      ),
    );
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send('GET /a%20b?q=%00&r HTTP/1.1\r\nHost: Shop.Example:8080\r\nCookie: a\r\n');
    client.send('X-B: 1\r\nx-a: caf\xe9\r\nCOOKIE: b\r\n\r\n');
    const answer = await client.answer();
    const [request] = backend.requests;
    assert.equal(request?.target, '/a%20b?q=%00&r');
    assert.equal(request?.field('host'), 'shop.example:8080');
    assert.deepEqual(request?.head.fields.slice(2, 10), FORWARDED);
    assert.deepEqual(answer.head.fields.slice(0, 8), RETURNED);
  });

  it('an absolute target becomes a path, its authority the Host', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    client.send('GET http://Other.Example/p?q HTTP/1.1\r\nhost: test\r\n\r\n');
    await client.answer();
    assert.equal(backend.requests[0]?.target, '/p?q');
    assert.equal(backend.requests[0]?.field('host'), 'other.example');
  });

  it('an answer without Date gets one', async (t) => {
    const plane = await planeFor(t, [await serving(t)]);
    const client = await clientOf(t, plane);
    const date = (await client.get()).field('date') ?? '';
    assert.equal(new Date(date).toUTCString(), date);
  });
});
