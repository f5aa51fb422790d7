/** Heads that never end: 408 by the head timer, nothing at the backend; 400 where FIN cuts one. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { cluster, rule, startPlane, type TestPlane } from '../integration/support/data-plane.ts';
import { RawClient, statusOf } from './support/raw-client.ts';
import { RecordingBackend } from './support/recording-backend.ts';

const UNFINISHED: readonly (readonly [string, string])[] = [
  ['one byte', 'G'],
  ['HTTP/0.9 without an empty line', 'GET /\r\n'],
  ['a request line without its end', 'GET / HTTP/1.1'],
  ['a request line and CR', 'GET / HTTP/1.1\r'],
  ['a request line', 'GET / HTTP/1.1\r\n'],
  ['a field without its end', 'GET / HTTP/1.1\r\nHost: a'],
  ['no empty line', 'GET / HTTP/1.1\r\nHost: a\r\n'],
  ['half an empty line', 'GET / HTTP/1.1\r\nHost: a\r\n\r'],
  ['an empty line, then half a head', '\r\nGET / HTTP/1.1\r\nHost: a\r\n'],
  [
    'a framing that is wrong already',
    'POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n',
  ],
];

let backend: RecordingBackend;
/** With timeouts that nothing here reaches. */
let patient: TestPlane;
/** Gives up soon: for clients that go silent. */
let impatient: TestPlane;

before(async () => {
  backend = await RecordingBackend.start();
  const endpoints = [{ address: '127.0.0.1', port: backend.port, weight: 1 }];
  const served = { rules: [rule()], clusters: [cluster(endpoints)] };
  patient = await startPlane(served);
  impatient = await startPlane({ ...served, client: { requestHeadMs: 100 } });
});

after(async () => {
  await patient.close();
  await impatient.close();
  await backend.close();
});

suite('the client goes silent', { concurrency: true }, () => {
  for (const [name, bytes] of UNFINISHED) {
    test(name, async () => {
      const client = await RawClient.open(impatient.port);
      client.write(bytes);
      assert.equal(statusOf(await client.answer()), 408);
      await client.closed();
      assert.equal(backend.connections.length, 0);
    });
  }
});

suite('the client sends FIN', { concurrency: true }, () => {
  for (const [name, bytes] of UNFINISHED) {
    test(name, async () => {
      const client = await RawClient.open(patient.port);
      client.write(bytes);
      client.end();
      assert.equal(statusOf(await client.answer()), 400);
      await client.closed();
      assert.equal(backend.connections.length, 0);
    });
  }
});

test('FIN before any byte: closed without a word', async () => {
  const client = await RawClient.open(patient.port);
  client.end();
  await client.closed();
  assert.equal(client.text, '');
});
