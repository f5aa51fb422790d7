/** Status lines, and how the body of each answer is framed. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { BODY_CHUNKED, BODY_UNTIL_CLOSE, ResponseHeadParser } from './response-head.ts';

function parse(line: string, fields: readonly string[] = [], toHead = false): ResponseHeadParser {
  const parser = new ResponseHeadParser(10);
  parser.parse(`${[line, ...fields].join('\r\n')}\r\n`, toHead);
  return parser;
}

function reasonOf(line: string, ...fields: string[]): string {
  const parser = parse(line, fields);
  assert.equal(parser.head, null);
  return parser.reason;
}

suite('status lines: RFC 9112 4', () => {
  test('a head in full', () => {
    const { head, bodyLength, keepAlive } = parse('HTTP/1.1 200 All right', [
      'X-A: 1',
      'Content-Length: 5',
    ]);
    assert.deepEqual(head, {
      status: 200,
      version: 'HTTP/1.1',
      fields: ['x-a', '1', 'content-length', '5'],
    });
    assert.equal(bodyLength, 5);
    assert.equal(keepAlive, true);
  });

  for (const line of [
    'HTTP/1.1 200',
    'HTTP/1.1 200 ',
    'HTTP/1.0 200 \t~\xff',
    'HTTP/1.1 100 x',
    'HTTP/1.1 599 x',
  ]) {
    test(`taken: ${JSON.stringify(line)}`, () => {
      assert.equal(parse(line).head?.status, Number(line.slice(9, 12)));
      assert.equal(parse(line).head?.version, line.slice(0, 8));
    });
  }

  const bad = [
    '',
    'HTTP/1.1',
    'HTTP/1.1 ',
    'HTTP/1.1 20',
    'HTTP/1.1 2000',
    'HTTP/1.1 2x0',
    'HTTP/1.1 200x',
    'HTTP/1.1  200',
    'HTTP/1.1\t200 ',
    'HTTP/1.2 200 ',
    'HTTP/2.0 200 ',
    'http/1.1 200 ',
    'XTTP/1.1 200 ',
    ' HTTP/1.1 200',
    'HTTP/1.1 200 \0',
    'HTTP/1.1 200 \x7f',
    'HTTP/1.1 200 a\rb',
    'HTTP/1.1 200 a\nb',
  ];
  for (const line of bad) {
    test(`refused: ${JSON.stringify(line)}`, () => assert.equal(reasonOf(line), 'bad_status_line'));
  }

  test('statuses are 100 to 599: RFC 9110 15', () => {
    for (const status of ['000', '099', '600', '999']) {
      assert.equal(reasonOf(`HTTP/1.1 ${status} x`), 'bad_status');
    }
  });

  test('101 was never asked for: RFC 9110 7.8', () => {
    assert.equal(
      reasonOf('HTTP/1.1 101 x', 'Connection: upgrade', 'Upgrade: x'),
      'unasked_upgrade',
    );
  });
});

suite('fields', () => {
  test('a bad line, too many, faulty framing: RFC 9112 5 and 6.3', () => {
    const line = 'HTTP/1.1 200 OK';
    assert.equal(reasonOf(line, 'X-A: 1', ' 2'), 'obs_fold');
    assert.equal(reasonOf(line, ...Array.from({ length: 11 }, () => 'X: 1')), 'too_many_fields');
    assert.equal(
      reasonOf(line, 'Content-Length: 1', 'Transfer-Encoding: chunked'),
      'length_and_coding',
    );
    assert.equal(reasonOf(line, 'Transfer-Encoding: gzip, chunked'), 'unknown_coding');
    assert.equal(reasonOf('HTTP/1.0 200 OK', 'Transfer-Encoding: chunked'), 'coding_in_http10');
  });

  test('those of the hop go: RFC 9110 7.6.1', () => {
    const { head } = parse('HTTP/1.1 200 OK', [
      'Connection: x-a',
      'X-A: 1',
      'Keep-Alive: 5',
      'X-B: 2',
    ]);
    assert.deepEqual(head?.fields, ['x-b', '2']);
  });
});

suite('body length: RFC 9112 6.3', () => {
  const length = ['Content-Length: 5'];
  const chunked = ['Transfer-Encoding: chunked'];

  test('by length, by chunks, until the connection closes', () => {
    assert.equal(parse('HTTP/1.1 200 OK', length).bodyLength, 5);
    assert.equal(parse('HTTP/1.1 200 OK', ['Content-Length: 0']).bodyLength, 0);
    assert.equal(parse('HTTP/1.1 200 OK', chunked).bodyLength, BODY_CHUNKED);
    const open = parse('HTTP/1.1 200 OK');
    assert.equal(open.bodyLength, BODY_UNTIL_CLOSE);
    assert.equal(open.keepAlive, false);
  });

  test('none to HEAD, nor with 1xx, 204 and 304, whatever they announce', () => {
    for (const fields of [length, chunked, []]) {
      assert.equal(parse('HTTP/1.1 200 OK', fields, true).bodyLength, 0);
      for (const status of [100, 103, 199, 204, 304]) {
        const { bodyLength, keepAlive } = parse(`HTTP/1.1 ${status} x`, fields);
        assert.equal(bodyLength, 0, String(status));
        assert.equal(keepAlive, true, String(status));
      }
    }
  });

  test('205 and 303 may have one', () => {
    for (const status of [205, 303]) {
      assert.equal(parse(`HTTP/1.1 ${status} x`, length).bodyLength, 5);
    }
  });
});

suite('persistence: RFC 9112 9.3', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['HTTP/1.1', 'x', true],
    ['HTTP/1.1', 'close', false],
    ['HTTP/1.0', 'x', false],
    ['HTTP/1.0', 'keep-alive', true],
    ['HTTP/1.0', 'keep-alive, close', false],
  ];
  for (const [version, value, keepAlive] of cases) {
    test(`${version} with Connection: ${value}`, () => {
      const fields = ['Content-Length: 0', `Connection: ${value}`];
      assert.equal(parse(`${version} 200 OK`, fields).keepAlive, keepAlive);
    });
  }
});

test('nothing is left of the head before', () => {
  const parser = new ResponseHeadParser(10);
  assert.ok(parser.parse('HTTP/1.0 200 OK\r\nContent-Length: 5\r\n', false));
  assert.ok(!parser.parse('x\r\n', false));
  assert.equal(parser.head, null);
  assert.ok(parser.parse('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n', false));
  assert.equal(parser.bodyLength, BODY_CHUNKED);
  assert.equal(parser.keepAlive, true);
});

test('any text: taken or refused with a reason, never thrown', () => {
  const part = fc.constantFrom(
    'HTTP/1.1',
    ' ',
    '200',
    'OK',
    '\r\n',
    'a: 1',
    '\r',
    '\n',
    ':',
    '\0',
    '9',
  );
  const property = fc.property(fc.array(part, { maxLength: 16 }), fc.boolean(), (parts, toHead) => {
    const parser = new ResponseHeadParser(10);
    const ok = parser.parse(`${parts.join('')}\r\n`, toHead);
    assert.equal(ok, parser.head !== null);
    assert.ok(ok || parser.reason !== '');
  });
  fc.assert(property, { seed: 1, numRuns: 2_000 });
});
