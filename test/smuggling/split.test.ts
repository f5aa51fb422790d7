/**
 * However bytes are cut into pieces, the same comes out: every row of every table, cut in two at
 * every byte and cut into single bytes; then random bytes, cut at random.
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { ACCEPTED } from './cases/accepted.ts';
import { MALFORMED_ANSWERS } from './cases/malformed-answer.ts';
import { MALFORMED_BODIES } from './cases/malformed-body.ts';
import { MALFORMED_FIELDS } from './cases/malformed-fields.ts';
import { MALFORMED_FRAMING } from './cases/malformed-framing.ts';
import { MALFORMED_LINES } from './cases/malformed-lines.ts';
import { arbitraryRequest, damagedRequest } from './support/arbitrary-request.ts';
import { drive, type Kind, type Outcome } from './support/drive.ts';
import { post } from './support/text.ts';

const SEED = 20_261_123;
/** Above it every byte would take minutes: the ends, the limits and a sample are cut instead. */
const EVERY_BYTE_MAX = 4_096;

interface Row {
  readonly name: string;
  readonly kind: Kind;
  readonly bytes: string;
}

const HEADS = [...MALFORMED_LINES, ...MALFORMED_FIELDS, ...MALFORMED_FRAMING];

const ODD_ANSWERS: readonly (readonly [string, string])[] = [
  ['no reason', 'HTTP/1.1 200\r\n\r\nbody'],
  ['empty reason', 'HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\nhi'],
  ['reason with obs-text', 'HTTP/1.1 404 Not \xe9\r\ncontent-length: 0\r\n\r\n'],
  ['HTTP/1.0 until close', 'HTTP/1.0 200 OK\r\nServer: x\r\n\r\nbody\r\n\r\nmore'],
  [
    'interim answers, then chunks',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a="b"\r\nabc\r\n0\r\nX-T: 1\r\n\r\n',
  ],
  ['two answers', 'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx'],
  ['304 with a length', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n'],
];

const ROWS: readonly Row[] = [
  ...ACCEPTED.map(({ name, bytes }) => ({ name, kind: 'request' as const, bytes })),
  ...HEADS.map(({ name, bytes }) => ({ name, kind: 'request' as const, bytes })),
  ...MALFORMED_BODIES.map(({ name, bytes }) => ({
    name,
    kind: 'request' as const,
    bytes: post('Transfer-Encoding: chunked') + bytes,
  })),
  ...MALFORMED_ANSWERS.map(({ name, bytes }) => ({ name, kind: 'answer' as const, bytes })),
  ...ODD_ANSWERS.map(([name, bytes]) => ({ name, kind: 'answer' as const, bytes })),
];

const LIMIT_OFFSETS = [16_384, 16_416, 65_536];

function offsets(length: number): number[] {
  const near = (at: number) =>
    at < 24 || length - at < 24 || LIMIT_OFFSETS.some((limit) => Math.abs(at - limit) < 24);
  const all = Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1);
  return length <= EVERY_BYTE_MAX ? all : all.filter((at) => near(at) || at % 4_999 === 0);
}

function assertSame(row: Row, bytes: Buffer, cuts: readonly number[], whole: Outcome): void {
  const split = drive(row.kind, bytes, cuts);
  const where = cuts.length === 1 ? `cut at ${cuts[0]}` : `${cuts.length} cuts`;
  assert.deepEqual(split, whole, where);
}

for (const kind of ['request', 'answer'] as const) {
  suite(`${kind}: cut in two at every byte, and into single bytes`, () => {
    for (const row of ROWS.filter((candidate) => candidate.kind === kind)) {
      test(row.name, () => {
        const bytes = Buffer.from(row.bytes, 'latin1');
        const whole = drive(kind, bytes, []);
        for (const at of offsets(bytes.length)) assertSame(row, bytes, [at], whole);
        const everyByte = Array.from({ length: bytes.length }, (_, i) => i);
        assertSame(row, bytes, everyByte, whole);
      });
    }
  });
}

test('tables: what is malformed is refused with its status, what is odd is not', () => {
  for (const row of HEADS) {
    const { status, events } = drive('request', Buffer.from(row.bytes, 'latin1'), []);
    assert.equal(status, row.status, row.name);
    assert.deepEqual(events, [], row.name);
  }
  for (const row of ACCEPTED) {
    const bytes = Buffer.from(row.bytes, 'latin1');
    const { status, consumed } = drive('request', bytes, []);
    assert.equal(status, 0, row.name);
    assert.equal(consumed, bytes.length, row.name);
  }
  for (const [name, text] of ODD_ANSWERS) {
    assert.equal(drive('answer', Buffer.from(text, 'latin1'), []).status, 0, name);
  }
});

/** Cuts as fractions of the length, so that they fit whatever the bytes shrink to. */
const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

function cutsOf(length: number, parts: readonly number[]): number[] {
  return parts.map((part) => Math.floor(part * length)).sort((a, b) => a - b);
}

/** Two defects may be met in another order, so the status may be another; the refusal may not. */
function assertAlike(kind: Kind, bytes: Buffer, parts: readonly number[]): void {
  const whole = drive(kind, bytes, []);
  for (const cuts of [cutsOf(bytes.length, parts), [...bytes.keys()]]) {
    const split = drive(kind, bytes, cuts);
    assert.equal(split.status !== 0, whole.status !== 0);
    assert.deepEqual({ ...split, status: 0 }, { ...whole, status: 0 });
  }
  assert.ok(whole.consumed <= bytes.length);
}

const PIECES = [
  'GET / HTTP/1.1\r\n',
  'POST /a HTTP/1.1\r\nHost: a\r\n',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 100 \r\n\r\n',
  'Host: a\r\n',
  'Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  '\r\n',
  '\r\n\r\n',
  '\r',
  '\n',
  ' ',
  '\0',
  'abc',
  '0\r\n\r\n',
  '3\r\nabc\r\n',
  '3;x\r\nabc\r\n',
  '0\r\nX-T: 1\r\n\r\n',
  'X-A: 1\r\n',
  ':',
  ';',
  '5',
  '\xff',
];

const pieces = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 14 })
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));

const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

const SOURCES: Readonly<Record<string, fc.Arbitrary<Buffer>>> = {
  'random bytes': noise,
  'random pieces of messages': pieces,
  'random valid requests': arbitraryRequest.map(({ bytes }) => Buffer.from(bytes, 'latin1')),
  'random damaged requests': damagedRequest.map((bytes) => Buffer.from(bytes, 'latin1')),
  'random pieces behind a chunked head': pieces.map((bytes) =>
    Buffer.concat([Buffer.from(post('Transfer-Encoding: chunked'), 'latin1'), bytes]),
  ),
  'random pieces behind a status line': pieces.map((bytes) =>
    Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n', 'latin1'), bytes]),
  ),
};

suite('random bytes: nothing throws, nothing depends on the cuts', () => {
  for (const [name, bytes] of Object.entries(SOURCES)) {
    for (const kind of ['request', 'answer'] as const) {
      test(`${name}, as ${kind}`, () => {
        const property = fc.property(bytes, fractions, (text, parts) => {
          assertAlike(kind, text, parts);
        });
        fc.assert(property, { seed: SEED, numRuns: 300 });
      });
    }
  }
});
