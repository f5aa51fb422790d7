/** Where a head ends, what can never become one, and both limits at their edge. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ANSWER_START, HeadReader } from './head-reader.ts';

interface Read {
  /** Of the last piece: the offset behind the head, or -1. */
  next: number;
  text: string;
  reason: string;
  partial: boolean;
}

/** Pieces after each other, until a head is complete or refused. */
function read(reader: HeadReader, ...pieces: string[]): Read {
  let next = -1;
  for (const piece of pieces) {
    const chunk = Buffer.from(piece, 'latin1');
    next = reader.read(chunk, 0, chunk.length);
    chunk.fill(0);
    if (next !== -1 || reader.reason !== '') break;
  }
  return { next, text: reader.text, reason: reader.reason, partial: reader.partial };
}

function requests(headBytesMax = 200, startLineBytesMax = 100): HeadReader {
  return new HeadReader(headBytesMax, startLineBytesMax);
}

function answers(): HeadReader {
  return new HeadReader(200, 200, ANSWER_START);
}

const HEAD = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const TEXT = HEAD.slice(0, -2);

suite('a head that arrives whole: RFC 9112 2.1', () => {
  test('is text up to its empty line; what is behind stays', () => {
    const whole = { next: HEAD.length, text: TEXT, reason: '', partial: false };
    assert.deepEqual(read(requests(), HEAD), whole);
    assert.deepEqual(read(requests(), `${HEAD}GET /next`), whole);
  });

  test('is found in the range given, not beside it', () => {
    const chunk = Buffer.from(`xx${HEAD}${HEAD}`);
    const reader = requests();
    assert.equal(reader.read(chunk, 2, 2 + HEAD.length), 2 + HEAD.length);
    assert.equal(reader.text, TEXT);
    assert.equal(reader.read(chunk, 2 + HEAD.length, chunk.length - 1), -1, 'one byte is missing');
    assert.ok(reader.partial);
    assert.equal(reader.read(chunk, chunk.length - 1, chunk.length), chunk.length);
    assert.equal(reader.text, TEXT);
  });

  test('one after the other', () => {
    const reader = requests();
    for (let i = 0; i < 3; i++) assert.equal(read(reader, HEAD).next, HEAD.length);
  });
});

suite('a head in pieces', () => {
  for (let at = 1; at < HEAD.length; at++) {
    test(`cut at ${at}`, () => {
      const second = `${HEAD.slice(at)}body`;
      const result = read(requests(), HEAD.slice(0, at), second);
      assert.equal(result.text, TEXT);
      assert.equal(result.next, HEAD.length - at, 'the offset is one of the last piece');
      assert.equal(result.partial, false);
    });
  }

  test('in many, growing beyond the first buffer', () => {
    const long = `GET / HTTP/1.1\r\nX-A: ${'a'.repeat(3_000)}\r\n\r\n`;
    const reader = new HeadReader(10_000, 100);
    assert.equal(read(reader, ...(long.match(/[^]{1,7}/g) as string[])).text, long.slice(0, -2));
    assert.equal(read(reader, ...HEAD).text, TEXT, 'and the next is read from nothing');
  });

  test('is partial until its end', () => {
    const reader = requests();
    assert.equal(reader.partial, false);
    assert.equal(read(reader, 'G').partial, true);
    assert.equal(read(reader, 'ET / HTTP/1.1\r\n').partial, true);
    assert.equal(read(reader, 'Host: a\r\n\r\n').partial, false);
  });
});

suite('empty lines before a request: RFC 9112 2.2', () => {
  test('are ignored, however they are cut', () => {
    assert.equal(read(requests(), `\r\n\r\n${HEAD}`).text, TEXT);
    assert.equal(read(requests(), '\r', `\n${HEAD}`).text, TEXT);
    assert.equal(read(requests(), '\r', '\n', '\r', `\n${HEAD}`).text, TEXT);
    assert.equal(read(requests(), '\r\n\r', `\n\r\n${HEAD}`).text, TEXT);
  });

  test('leave nothing behind', () => {
    assert.deepEqual(read(requests(), '\r\n'), { next: -1, text: '', reason: '', partial: false });
    assert.equal(read(requests(), '\r').partial, true);
    assert.equal(read(requests(), '\r', '\n').partial, false);
  });

  test('do not count for the limit of a head', () => {
    assert.equal(read(requests(HEAD.length), `${'\r\n'.repeat(40)}${HEAD}`).text, TEXT);
  });

  test('half of one is no beginning', () => {
    assert.equal(read(requests(), '\r', 'G').reason, 'bad_first_byte');
    assert.equal(read(requests(), '\r\r').reason, 'bad_first_byte');
    assert.equal(read(requests(), '\n').reason, 'bad_first_byte');
  });

  test('are not ignored before an answer', () => {
    assert.equal(read(answers(), '\r').reason, 'bad_first_byte');
    assert.equal(read(answers(), '\r\n').reason, 'bad_first_byte');
  });
});

suite('what can never become a head is refused at once', () => {
  const cases: readonly (readonly [string, string[], string])[] = [
    ['a first byte that is no token', ['\x16\x03\x01'], 'bad_first_byte'],
    ['a blank first', [' G'], 'bad_first_byte'],
    ['bare LF', ['GET / HTTP/1.1\n'], 'bare_lf'],
    ['bare LF first in its piece', ['GET / HTTP/1.1', '\n'], 'bare_lf'],
    ['LF LF', ['GET / HTTP/1.1\r\n', '\n'], 'bare_lf'],
    ['bare CR', ['GET / HTTP/1.1\rX'], 'bare_cr'],
    ['bare CR last in its piece', ['GET / HTTP/1.1\r', 'X'], 'bare_cr'],
    ['CR CR LF', ['GET / HTTP/1.1\r\r\n'], 'bare_cr'],
    ['NUL', ['GET / HTTP/1.1\r\nX: ', '\0'], 'nul_in_field'],
  ];
  for (const [name, pieces, reason] of cases) {
    test(name, () => assert.equal(read(requests(), ...pieces).reason, reason));
  }

  test('CR LF in two pieces is a good line end', () => {
    assert.equal(read(requests(), 'GET / HTTP/1.1\r', '\n').reason, '');
  });

  test('an answer that does not begin as one: RFC 9112 4', () => {
    for (const text of ['h', 'HTTX', 'HTTP/2', 'lorem ipsum']) {
      assert.equal(read(answers(), text).reason, 'bad_first_byte', text);
      assert.equal(read(answers(), ...text).reason, 'bad_first_byte', `${text}, byte by byte`);
    }
    for (const text of ['H', 'HTTP/1.', 'HTTP/1.1 200 OK\r\n']) {
      assert.equal(read(answers(), text).reason, '', text);
      assert.equal(read(answers(), ...text).reason, '', `${text}, byte by byte`);
    }
  });
});

suite('limits: the same whole and byte by byte', () => {
  /** `lineBytes`: of the start line up to its CR. */
  function head(lineBytes: number, bytes: number): string {
    const line = `GET /${'a'.repeat(lineBytes - 15)} HTTP/1.1\r\n`;
    return `${line}X:${'b'.repeat(bytes - line.length - 6)}\r\n\r\n`;
  }

  function bothWays(text: string, headBytesMax = 200, startLineBytesMax = 100): string {
    const whole = read(requests(headBytesMax, startLineBytesMax), text);
    const bytewise = read(requests(headBytesMax, startLineBytesMax), ...text);
    assert.equal(whole.reason, bytewise.reason);
    assert.equal(whole.next === -1, bytewise.next === -1);
    assert.equal(whole.next === -1, whole.reason !== '');
    return whole.reason;
  }

  test('a head of as many bytes as allowed, and one more', () => {
    assert.equal(bothWays(head(50, 200)), '');
    for (let more = 1; more < 6; more++) {
      assert.equal(bothWays(head(50, 200 + more)), 'head_too_large');
    }
  });

  test('a start line of as many bytes as allowed with its CR, and one more', () => {
    assert.equal(bothWays(head(100, 150)), '');
    for (let more = 1; more < 6; more++) {
      assert.equal(bothWays(head(100 + more, 150)), 'start_line_too_long');
    }
  });

  test('both passed: the line is named', () => {
    assert.equal(bothWays(head(150, 300)), 'start_line_too_long');
  });

  test('a head limit below that of the line counts for the line too', () => {
    assert.equal(bothWays(head(50, 80), 80, 100), '');
    assert.equal(bothWays(head(90, 120), 80, 100), 'start_line_too_long');
    assert.equal(bothWays(head(50, 81), 80, 100), 'head_too_large');
  });

  test('a line without end, a head without end', () => {
    assert.equal(read(requests(), 'a'.repeat(100)).reason, '');
    assert.equal(read(requests(), 'a'.repeat(101)).reason, 'start_line_too_long');
    const fields = `GET / HTTP/1.1\r\n${'X: 1\r\n'.repeat(40)}`;
    assert.equal(read(requests(), fields.slice(0, 200)).reason, '');
    assert.equal(read(requests(), fields.slice(0, 201)).reason, 'head_too_large');
    assert.equal(read(requests(), ...fields).reason, 'head_too_large');
  });

  test('what is behind a head counts for nothing', () => {
    const reader = requests();
    const pieces = [HEAD.slice(0, 5), `${HEAD.slice(5)}${'b'.repeat(5_000)}`];
    assert.equal(read(reader, ...pieces).text, TEXT);
  });
});
