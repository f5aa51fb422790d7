import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AnswerReader, type ReadState } from './answer-reader.ts';

const GOOD: readonly { name: string; bytes: string; status: number; keepAlive: boolean }[] = [
  {
    name: 'counted',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    status: 200,
    keepAlive: true,
  },
  {
    name: 'empty',
    bytes: 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n',
    status: 404,
    keepAlive: true,
  },
  {
    name: 'no content',
    bytes: 'HTTP/1.1 204 No Content\r\nx: y\r\n\r\n',
    status: 204,
    keepAlive: true,
  },
  {
    name: 'closing',
    bytes: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx',
    status: 200,
    keepAlive: false,
  },
  {
    name: 'chunked',
    bytes:
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\na;e=1\r\n' +
      '\r\n'.repeat(6) +
      '0\r\n\r\n',
    status: 200,
    keepAlive: true,
  },
  {
    name: 'chunked, trailer',
    bytes: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nt: 1\r\n\r\n',
    status: 200,
    keepAlive: true,
  },
  {
    name: 'after 103',
    bytes:
      'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi',
    status: 200,
    keepAlive: true,
  },
];

function feed(reader: AnswerReader, pieces: readonly string[]): ReadState[] {
  return pieces.map((piece) => {
    const buffer = Buffer.from(piece, 'latin1');
    return reader.read(buffer, buffer.length);
  });
}

for (const { name, bytes, status, keepAlive } of GOOD) {
  test(`${name}: the end is seen wherever the bytes are split`, () => {
    for (let cut = 1; cut < bytes.length; cut++) {
      const reader = new AnswerReader();
      assert.deepEqual(
        feed(reader, [bytes.slice(0, cut), bytes.slice(cut)]),
        ['more', 'done'],
        `cut ${cut}`,
      );
      assert.equal(reader.status, status);
      assert.equal(reader.keepAlive, keepAlive);
    }
    const reader = new AnswerReader();
    assert.equal(feed(reader, [...bytes]).filter((state) => state === 'done').length, 1);
    reader.reset();
    assert.deepEqual(feed(reader, [bytes]), ['done']);
  });

  test(`${name}: bytes nobody asked for are noticed`, () => {
    assert.deepEqual(feed(new AnswerReader(), [`${bytes}H`]), ['bad']);
  });
}

test('what has no framing or is no answer is refused', () => {
  for (const bytes of [
    'HTTP/1.1 200 OK\r\nserver: x\r\n\r\n',
    'HELLO\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxy\r\n',
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`,
  ]) {
    assert.deepEqual(feed(new AnswerReader(), [bytes]), ['bad'], bytes.slice(0, 40));
  }
});

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, headed) => {
      const reader = new AnswerReader();
      const start = headed ? 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n' : '';
      const buffer = Buffer.concat([Buffer.from(start), bytes]);
      assert.ok(['more', 'done', 'bad'].includes(reader.read(buffer, buffer.length)));
    }),
  );
});
