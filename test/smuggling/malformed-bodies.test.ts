/**
 * Bodies that break behind a good head that has gone to the backend already: the client gets 400
 * and the connection closed; the backend's connection is cut before the request is complete there,
 * and never used again.
 */

import assert from 'node:assert/strict';
import { after, before, beforeEach, suite, test } from 'node:test';
import { cluster, rule, startPlane, type TestPlane } from '../integration/support/data-plane.ts';
import { MALFORMED_BODIES } from './cases/malformed-body.ts';
import { valuesOf } from './support/plain-message.ts';
import { RawClient, statusOf } from './support/raw-client.ts';
import { RecordingBackend } from './support/recording-backend.ts';
import { get, post } from './support/text.ts';

/** Each test has connections of its own: none is kept for the next. */
const LAST_ANSWER = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok';
const CHUNKED = post('Transfer-Encoding: chunked');

let backend: RecordingBackend;
/** With timeouts that nothing here reaches. */
let patient: TestPlane;
/** Gives up soon: for clients that go silent. */
let impatient: TestPlane;

before(async () => {
  backend = await RecordingBackend.start((_, socket) => void socket.end(LAST_ANSWER));
  const endpoints = [{ address: '127.0.0.1', port: backend.port, weight: 1 }];
  const served = { rules: [rule()], clusters: [cluster(endpoints)] };
  patient = await startPlane(served);
  impatient = await startPlane({ ...served, client: { streamIdleMs: 100 } });
});

beforeEach(() => backend.forget());

after(async () => {
  await patient.close();
  await impatient.close();
  await backend.close();
});

function lastDetail(plane = patient): string {
  return /\{(.*)\}$/.exec(plane.log.at(-1)?.details ?? '')?.[1] ?? '';
}

/** Each connection of the backend ends with an incomplete request, and a new request takes another. */
async function assertCut(): Promise<void> {
  const cut = backend.connections.slice();
  await backend.until(() => cut.every((connection) => connection.closed));
  for (const connection of cut) {
    assert.deepEqual(connection.requests, []);
    assert.ok(!connection.bytes.includes('/smuggled'), connection.bytes);
  }
  const client = await RawClient.open(patient.port);
  client.write(get());
  assert.equal(statusOf(await client.answer()), 200);
  client.destroy();
  assert.deepEqual(backend.violations, []);
  assert.ok(backend.requests.every((request) => request.startsWith('GET / HTTP/1.1\r\n')));
}

/** Sends a head and waits until the backend has it, so that the connection there is a used one. */
async function sendHead(bytes: string, plane = patient): Promise<RawClient> {
  const client = await RawClient.open(plane.port);
  client.write(bytes);
  await backend.until(() => backend.bytes.includes('\r\n\r\n'));
  return client;
}

async function assertAnswered(client: RawClient, status: number): Promise<void> {
  const answer = await client.answer();
  assert.equal(statusOf(answer), status);
  assert.deepEqual(valuesOf(answer.fields, 'connection'), ['close']);
  await client.closed();
  assert.equal(client.text, '');
}

test('table: no two rows alike', () => {
  assert.equal(new Set(MALFORMED_BODIES.map((row) => row.name)).size, MALFORMED_BODIES.length);
});

suite('behind a head that the backend has', () => {
  for (const row of MALFORMED_BODIES) {
    test(row.name, async () => {
      const client = await sendHead(CHUNKED);
      client.write(row.bytes);
      await assertAnswered(client, 400);
      assert.equal(lastDetail(), row.reason);
      await assertCut();
    });
  }
});

suite('in one packet with the head', () => {
  for (const row of MALFORMED_BODIES) {
    test(row.name, async () => {
      const client = await RawClient.open(patient.port);
      client.write(CHUNKED + row.bytes);
      await assertAnswered(client, 400);
      assert.equal(lastDetail(), row.reason);
      await assertCut();
    });
  }
});

const UNFINISHED: readonly (readonly [string, string, string])[] = [
  ['a length', post('Content-Length: 10'), 'hello'],
  ['a length, no byte of it', post('Content-Length: 10'), ''],
  ['a chunk', CHUNKED, '5\r\nhel'],
  ['a chunk line', CHUNKED, '5'],
  ['the end of a chunk', CHUNKED, '5\r\nhello'],
  ['the last chunk', CHUNKED, '5\r\nhello\r\n'],
  ['the trailers', CHUNKED, '5\r\nhello\r\n0\r\nX-T: 1\r\n'],
  ['the empty line', CHUNKED, '5\r\nhello\r\n0\r\n'],
];

suite('a client that stops inside the body', () => {
  for (const [name, head, bytes] of UNFINISHED) {
    test(`FIN inside ${name}`, async () => {
      const client = await sendHead(head);
      client.write(bytes);
      client.end();
      await client.closed();
      assert.equal(client.text, '');
      await assertCut();
    });

    test(`RST inside ${name}`, async () => {
      const client = await sendHead(head);
      client.write(bytes);
      await new Promise<void>((resolve) => setImmediate(resolve));
      client.reset();
      await assertCut();
    });

    test(`silence inside ${name}`, async () => {
      const client = await sendHead(head, impatient);
      client.write(bytes);
      await assertAnswered(client, 408);
      assert.equal(lastDetail(impatient), 'body_timeout');
      await assertCut();
    });
  }
});
