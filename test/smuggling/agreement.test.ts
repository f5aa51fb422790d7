/**
 * What Tulle sends, given to other parsers: Node's llhttp and Go's net/http must read the same
 * method, target, host, fields, body and trailers, and find the end of the message at the same
 * byte. The requests are the table of odd ones, random valid ones, and random ones with damage.
 */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import * as fc from 'fast-check';
import { cluster, rule, startPlane, type TestPlane } from '../integration/support/data-plane.ts';
import { ACCEPTED } from './cases/accepted.ts';
import { GoPeer, goMissing } from './peers/go-peer.ts';
import { NodePeer } from './peers/node-peer.ts';
import { type Peer, plainReading, type Reading, SENTINEL, type Verdict } from './peers/reading.ts';
import { arbitraryRequest, damagedRequest } from './support/arbitrary-request.ts';
import { RawClient, statusOf } from './support/raw-client.ts';
import { RecordingBackend } from './support/recording-backend.ts';

const SEED = 20_261_123;
const ADDED = /^(?:x-forwarded-for|x-forwarded-proto|x-request-id): /;

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

/** The bytes Tulle sends for one request that it accepts. */
async function forwarded(bytes: string): Promise<string> {
  const seen = backend.requests.length;
  const client = await RawClient.open(plane.port);
  client.write(bytes);
  assert.equal(statusOf(await client.answer()), 200);
  client.destroy();
  const requests = backend.requests.slice(seen);
  assert.equal(requests.length, 1);
  return requests[0] as string;
}

/** Both requests, the sentinel as it is: the parser found the end where it is. */
function assertReads(verdict: Verdict, expected: Reading, peer: Peer): void {
  const [first, sentinel, ...more] = verdict.readings;
  assert.equal(verdict.refused, '', peer.name);
  assert.deepEqual(first, expected, peer.name);
  assert.equal(sentinel?.target, '/sentinel', peer.name);
  assert.equal(sentinel?.host, 'sentinel', peer.name);
  assert.deepEqual(more, [], peer.name);
}

/** What an odd message may be to a parser: read as it is meant, or refused before anything else. */
function assertReadsOrRefuses(verdict: Verdict, expected: Reading, peer: Peer): void {
  if (verdict.refused === '') assertReads(verdict, expected, peer);
  else {
    assert.notEqual(verdict.refused, 'waits for more', `${peer.name} finds another end`);
    assert.deepEqual(verdict.readings, [], `${peer.name}: ${verdict.refused}`);
  }
}

/** All tests of one parser. */
function agreement(start: () => Promise<Peer>): void {
  let peer: Peer;
  before(async () => {
    peer = await start();
  });
  after(() => peer.close());

  suite('odd but valid requests', () => {
    for (const row of ACCEPTED) {
      test(row.name, async () => {
        const bytes = await forwarded(row.bytes);
        const verdict = await peer.parse(bytes + SENTINEL);
        if (row.refusedBy[peer.name as 'node' | 'go'] === undefined) {
          assertReads(verdict, plainReading(bytes), peer);
        } else {
          assert.notEqual(verdict.refused, '', 'the table says that it refuses');
          assert.deepEqual(verdict.readings, []);
        }
      });
    }
  });

  test('random valid requests, read as they were meant', async () => {
    const property = fc.asyncProperty(arbitraryRequest, async (request) => {
      const bytes = await forwarded(request.bytes);
      const reading = plainReading(bytes);
      const fields = reading.fields.filter((field) => !ADDED.test(field));
      assert.deepEqual({ ...reading, fields }, request.seen);
      assertReads(await peer.parse(bytes + SENTINEL), reading, peer);
    });
    await fc.assert(property, { seed: SEED, numRuns: 150 });
  });

  test('random damaged requests: refused, or read by all alike', async () => {
    let refused = 0;
    let passed = 0;
    const property = fc.asyncProperty(damagedRequest, async (bytes) => {
      const seen = backend.requests.length;
      const client = await RawClient.open(plane.port);
      client.write(bytes);
      client.end();
      await client.closed();
      const requests = backend.requests.slice(seen);
      if (requests.length === 0) refused++;
      for (const request of requests) {
        passed++;
        const verdict = await peer.parse(request + SENTINEL);
        assertReadsOrRefuses(verdict, plainReading(request), peer);
      }
    });
    await fc.assert(property, { seed: SEED, numRuns: 400 });
    assert.deepEqual(backend.violations, []);
    assert.ok(refused > 50 && passed > 50, `${refused} refused, ${passed} passed`);
  });
}

suite('Node: llhttp', () => agreement(() => NodePeer.start()));
suite('Go: net/http', { skip: goMissing() }, () => agreement(() => GoPeer.start()));
