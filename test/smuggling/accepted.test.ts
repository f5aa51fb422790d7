/** Odd but valid requests over a real socket: the backend sees exactly what the table says. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { cluster, rule, startPlane, type TestPlane } from '../integration/support/data-plane.ts';
import { ACCEPTED, type Accepted } from './cases/accepted.ts';
import { type PlainMessage, readMessage } from './support/plain-message.ts';
import { RawClient, statusOf } from './support/raw-client.ts';
import { RecordingBackend } from './support/recording-backend.ts';

let backend: RecordingBackend;
let plane: TestPlane;

before(async () => {
  backend = await RecordingBackend.start();
  const endpoints = [{ address: '127.0.0.1', port: backend.port, weight: 1 }];
  plane = await startPlane({ rules: [rule()], clusters: [cluster(endpoints)] });
});

after(async () => {
  await plane.close();
  await backend.close();
});

/** In the order they are written: host, what passes, what Tulle says of the client, framing. */
function assertSeen(seen: PlainMessage, row: Accepted): void {
  assert.equal(seen.line, row.line);
  const expect = row.fields.filter((field) => field.startsWith('expect: '));
  const about = ['x-forwarded-for: 127.0.0.1', 'x-forwarded-proto: http'];
  const id = seen.fields.find((field) => /^x-request-id: id-\d+$/.test(field)) ?? 'no id';
  const fields = row.fields.filter((field) => !field.startsWith('expect: '));
  const framing = row.framing === '' ? [] : [row.framing];
  assert.deepEqual(seen.fields, [...fields, ...about, id, ...framing, ...expect]);
  assert.equal(seen.body, row.body);
  assert.deepEqual(seen.trailers, row.trailers);
}

test('table: 40 rows or more, no two alike', () => {
  assert.ok(ACCEPTED.length >= 40, `${ACCEPTED.length} rows`);
  assert.equal(new Set(ACCEPTED.map((row) => row.name)).size, ACCEPTED.length);
  assert.equal(new Set(ACCEPTED.map((row) => row.bytes)).size, ACCEPTED.length);
});

suite('each alone', () => {
  for (const row of ACCEPTED) {
    test(row.name, async () => {
      const seen = backend.requests.length;
      const client = await RawClient.open(plane.port);
      client.write(row.bytes);
      assert.equal(statusOf(await client.answer()), 200);
      client.destroy();
      const requests = backend.requests.slice(seen);
      assert.equal(requests.length, 1);
      assertSeen(readMessage(requests[0] as string) as PlainMessage, row);
    });
  }
});

suite('each with another behind it in the same packet', () => {
  for (const row of ACCEPTED.filter(({ bytes }) => !bytes.includes('HTTP/1.0'))) {
    test(row.name, async () => {
      const seen = backend.requests.length;
      const client = await RawClient.open(plane.port);
      client.write(`${row.bytes}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.equal(statusOf(await client.answer()), 200);
      assert.equal(statusOf(await client.answer()), 200);
      client.destroy();
      const requests = backend.requests.slice(seen);
      assert.equal(requests.length, 2);
      assertSeen(readMessage(requests[0] as string) as PlainMessage, row);
      assert.match(requests[1] as string, /^GET \/next HTTP\/1\.1\r\n/);
    });
  }
});

test('the backend never saw anything but plain messages, one behind the other', () => {
  assert.deepEqual(backend.violations, []);
  for (const connection of backend.connections) {
    assert.equal(connection.bytes, connection.requests.join(''));
  }
});
