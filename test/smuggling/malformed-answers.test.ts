/**
 * Malformed answers over real sockets: the client gets 502 or 504, or a connection that is visibly
 * broken once the head has gone; never a hang, and never bytes of one answer in another.
 */

import assert from 'node:assert/strict';
import type * as net from 'node:net';
import { after, before, suite, test } from 'node:test';
import { cluster, rule, startPlane, type TestPlane } from '../integration/support/data-plane.ts';
import { MALFORMED_ANSWERS, type MalformedAnswer } from './cases/malformed-answer.ts';
import { RawClient, statusOf } from './support/raw-client.ts';
import { RecordingBackend } from './support/recording-backend.ts';

let backend: RecordingBackend;
/** With timeouts that nothing here reaches. */
let patient: TestPlane;
/** Gives up soon: for backends that go silent. */
let impatient: TestPlane;

before(async () => {
  backend = await RecordingBackend.start(misbehave);
  const endpoints = [{ address: '127.0.0.1', port: backend.port, weight: 1 }];
  patient = await startPlane({ rules: [rule()], clusters: [cluster(endpoints)] });
  const clusters = [cluster(endpoints, { streamIdleMs: 100 })];
  impatient = await startPlane({ rules: [rule()], clusters });
});

after(async () => {
  await patient.close();
  await impatient.close();
  await backend.close();
});

/** `/bad/N` gets row N; anything else its own target as body. */
function misbehave(request: string, socket: net.Socket): void {
  const target = request.split(' ')[1] as string;
  const row = MALFORMED_ANSWERS[Number(/^\/bad\/(\d+)$/.exec(target)?.[1] ?? -1)];
  if (row === undefined) {
    const body = request.startsWith('HEAD ') ? '' : target;
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${target.length}\r\n\r\n${body}`);
    return;
  }
  if (row.ending === 'reset') socket.resetAndDestroy();
  else {
    socket.write(row.bytes, 'latin1');
    if (row.ending === 'end') socket.end();
  }
}

function planeOf(row: MalformedAnswer): TestPlane {
  return row.reason === 'stream_idle' ? impatient : patient;
}

function lastDetail(plane: TestPlane): string {
  const details = plane.log.at(-1)?.details ?? '';
  return /\{(.*)\}$/.exec(details)?.[1] ?? details;
}

/** What the client may see of a row that is passed on. */
function passed(row: MalformedAnswer): { status: number; body: string } {
  const status = Number(row.bytes.slice(9, 12));
  return { status, body: status === 200 ? 'hello' : '' };
}

async function assertOwn(client: RawClient, target: string): Promise<void> {
  const answer = await client.answer();
  assert.equal(statusOf(answer), 200);
  assert.equal(answer.body, target);
}

async function assertRow(client: RawClient, row: MalformedAnswer): Promise<void> {
  const bodyless = row.outcome === 200 && passed(row).status !== 200;
  const answer = await client.answer(bodyless);
  if (row.outcome === 200) {
    const { status, body } = passed(row);
    assert.equal(statusOf(answer), status);
    assert.equal(answer.body, body);
  } else {
    assert.equal(statusOf(answer), row.outcome);
    assert.ok(!answer.body.includes('POISON'));
  }
  assert.equal(lastDetail(planeOf(row)), row.reason);
}

async function assertCut(client: RawClient, row: MalformedAnswer): Promise<void> {
  await client.closed();
  assert.match(client.text, /^(?:$|HTTP\/1\.1 200 OK\r\n)/);
  assert.ok(!client.text.includes('POISON'), client.text);
  await assert.rejects(client.answer(), /ended after/, 'no complete answer');
  assert.equal(lastDetail(planeOf(row)), row.reason);
}

test('table: no two rows alike', () => {
  const names = new Set(MALFORMED_ANSWERS.map((row) => row.name));
  assert.equal(names.size, MALFORMED_ANSWERS.length);
});

suite('the next request on the same client connection gets its own answer', () => {
  for (const [index, row] of MALFORMED_ANSWERS.entries()) {
    test(row.name, async () => {
      const client = await RawClient.open(planeOf(row).port);
      client.write(`GET /bad/${index} HTTP/1.1\r\nHost: a\r\n\r\n`);
      if (row.outcome === 'cut') return assertCut(client, row);
      await assertRow(client, row);
      client.write(`GET /own-${index} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await assertOwn(client, `/own-${index}`);
      assert.equal(client.text, '');
      client.destroy();
    });
  }
});

suite('so does the next in a pipeline, and another connection at the same time', () => {
  for (const [index, row] of MALFORMED_ANSWERS.entries()) {
    test(row.name, async () => {
      const client = await RawClient.open(planeOf(row).port);
      const other = await RawClient.open(planeOf(row).port);
      const first = `/first-${index}`;
      const next = `/next-${index}`;
      client.write(
        [first, `/bad/${index}`, next]
          .map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
          .join(''),
      );
      other.write(`GET /other-${index} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await assertOwn(client, first);
      await assertOwn(other, `/other-${index}`);
      other.destroy();
      if (row.outcome === 'cut') {
        await client.closed();
        assert.ok(!client.text.includes('POISON'));
        assert.ok(!client.text.includes(next), 'no answer behind a broken one');
        return;
      }
      const bodyless = row.outcome === 200 && passed(row).status !== 200;
      const answer = await client.answer(bodyless);
      const expected = row.outcome === 200 ? passed(row).status : row.outcome;
      assert.equal(statusOf(answer), expected);
      await assertOwn(client, next);
      client.destroy();
    });
  }
});

suite('to HEAD: a body that must not be there', () => {
  test('is dropped with its connection', async () => {
    const index = MALFORMED_ANSWERS.findIndex((row) => row.name === 'an answer behind a length');
    const client = await RawClient.open(patient.port);
    client.write(`HEAD /bad/${index} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal(statusOf(await client.answer(true)), 200);
    client.write('GET /own HTTP/1.1\r\nHost: a\r\n\r\n');
    await assertOwn(client, '/own');
    client.destroy();
  });
});

test('a connection that brought a broken answer never carried another request', () => {
  for (const { requests } of backend.connections) {
    const at = requests.findIndex((request) => request.startsWith('GET /bad/'));
    if (at !== -1) assert.equal(requests.length, at + 1, requests.join(''));
  }
});
