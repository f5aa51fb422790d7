/**
 * Every malformed head over a real socket, as the first request of a connection and behind a good
 * one: the right status, the connection closed, and not one byte of it at the backend.
 */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { cluster, rule, startPlane, type TestPlane } from '../integration/support/data-plane.ts';
import { MALFORMED_FIELDS } from './cases/malformed-fields.ts';
import { MALFORMED_FRAMING } from './cases/malformed-framing.ts';
import type { MalformedHead } from './cases/malformed-head.ts';
import { MALFORMED_LINES } from './cases/malformed-lines.ts';
import { valuesOf } from './support/plain-message.ts';
import { RawClient, statusOf } from './support/raw-client.ts';
import { RecordingBackend } from './support/recording-backend.ts';

const ALL = [...MALFORMED_LINES, ...MALFORMED_FIELDS, ...MALFORMED_FRAMING];
const GOOD = 'GET /good HTTP/1.1\r\nHost: a\r\n\r\n';

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

/** The refusal that comes next, and nothing behind it. */
async function assertRefused(client: RawClient, row: MalformedHead): Promise<void> {
  const answer = await client.answer();
  assert.equal(statusOf(answer), row.status, answer.line);
  assert.deepEqual(valuesOf(answer.fields, 'connection'), ['close']);
  await client.closed();
  assert.equal(client.text, '', 'nothing behind the refusal');
  assert.equal(client.error, '', 'closed in order, so that the client sees the answer');
  const reason = /\{(.*)\}$/.exec(plane.log.at(-1)?.details ?? '')?.[1] ?? '';
  assert.ok(row.reasons.includes(reason), `refused for ${reason}`);
}

test('tables: 150 rows or more, no two alike', () => {
  assert.ok(ALL.length >= 150, `${ALL.length} rows`);
  assert.equal(new Set(ALL.map((row) => row.name)).size, ALL.length);
  assert.equal(new Set(ALL.map((row) => row.bytes)).size, ALL.length);
});

suite('first on a connection: refused, closed, no byte at the backend', () => {
  before(() => backend.forget());
  for (const row of ALL) {
    test(row.name, async () => {
      const client = await RawClient.open(plane.port);
      client.write(row.bytes);
      await assertRefused(client, row);
      assert.equal(backend.connections.length, 0, backend.bytes);
    });
  }

  test('afterwards a good request is the first thing the backend sees', async () => {
    const client = await RawClient.open(plane.port);
    client.write(GOOD);
    assert.equal(statusOf(await client.answer()), 200);
    client.destroy();
    assert.match(backend.bytes, /^GET \/good HTTP\/1\.1\r\n/);
    assert.equal(backend.connections.length, 1);
    assert.equal(backend.requests.length, 1);
  });
});

suite('behind a good request: that one is answered, the rest refused', () => {
  for (const row of ALL) {
    test(row.name, async () => {
      const seen = backend.requests.length;
      const client = await RawClient.open(plane.port);
      client.write(GOOD + row.bytes);
      assert.equal(statusOf(await client.answer()), 200);
      await assertRefused(client, row);
      assert.equal(backend.requests.length, seen + 1);
      assert.match(backend.requests.at(-1) as string, /^GET \/good HTTP\/1\.1\r\n/);
      assert.equal(
        backend.connections.at(-1)?.bytes,
        backend.connections.at(-1)?.requests.join(''),
      );
    });
  }
});

suite('split in two packets: the same status and close', () => {
  before(() => backend.forget());
  for (const row of ALL) {
    test(row.name, async () => {
      const client = await RawClient.open(plane.port);
      const middle = Math.ceil(row.bytes.length / 2);
      client.write(row.bytes.slice(0, middle));
      await new Promise<void>((resolve) => setImmediate(resolve));
      client.write(row.bytes.slice(middle));
      const answer = await client.answer();
      assert.equal(statusOf(answer), row.status, answer.line);
      await client.closed();
      assert.equal(backend.connections.length, 0);
    });
  }
});
