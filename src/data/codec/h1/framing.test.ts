/** What the hop's own fields say together, and which of them stop here. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Fields } from '../head.ts';
import { Framing, UNKNOWN_CODING } from './framing.ts';

function read(
  fields: Fields,
  http10 = false,
): { framing: Framing; fields: Fields; reason: string } {
  const framing = new Framing();
  return { framing, fields, reason: framing.read(fields, http10) };
}

function reasonOf(...fields: Fields): string {
  return read(fields).reason;
}

suite('message body length: RFC 9112 6.3', () => {
  test('neither field', () => {
    const { framing, reason } = read(['x-a', '1']);
    assert.equal(reason, '');
    assert.equal(framing.contentLength, -1);
    assert.equal(framing.chunked, false);
  });

  test('a length stays among the fields, a coding goes', () => {
    const length = read(['content-length', '5', 'x-a', '1']);
    assert.equal(length.framing.contentLength, 5);
    assert.deepEqual(length.fields, ['content-length', '5', 'x-a', '1']);
    const coding = read(['transfer-encoding', 'Chunked', 'x-a', '1']);
    assert.ok(coding.framing.chunked);
    assert.deepEqual(coding.fields, ['x-a', '1']);
  });

  test('both, in either order: RFC 9112 6.1', () => {
    const both = ['content-length', '5', 'transfer-encoding', 'chunked'];
    assert.equal(reasonOf(...both), 'length_and_coding');
    assert.equal(reasonOf(...both.slice(2), ...both.slice(0, 2)), 'length_and_coding');
  });

  test('a length that is none, or comes twice', () => {
    assert.equal(reasonOf('content-length', 'x'), 'bad_length');
    assert.equal(reasonOf('content-length', '5', 'content-length', '5'), 'repeated_length');
    assert.equal(reasonOf('content-length', '0', 'content-length', '0'), 'repeated_length');
  });

  test('a coding in HTTP/1.0 is faulty framing: RFC 9112 6.1', () => {
    assert.equal(read(['transfer-encoding', 'chunked'], true).reason, 'coding_in_http10');
  });

  const codings: readonly (readonly [string, string])[] = [
    ['gzip, chunked', UNKNOWN_CODING],
    ['gzip\t,\tchunked', UNKNOWN_CODING],
    ['xchunked, chunked', UNKNOWN_CODING],
    ['chunked, chunked', 'repeated_coding'],
    ['a, chunked ,b, chunked', 'repeated_coding'],
    ['', 'bad_coding'],
    ['gzip', 'bad_coding'],
    ['chunked, gzip', 'bad_coding'],
    ['chunked;q=1', 'bad_coding'],
    ['chunked,', 'bad_coding'],
    [',chunked', 'bad_coding'],
  ];
  for (const [value, reason] of codings) {
    test(`coding ${JSON.stringify(value)}: RFC 9112 7`, () => {
      assert.equal(reasonOf('transfer-encoding', value), reason);
    });
  }

  test('two codings in two lines', () => {
    const lines = ['transfer-encoding', 'chunked', 'transfer-encoding', 'chunked'];
    assert.equal(reasonOf(...lines), 'repeated_coding');
  });

  test('a long value costs no more than its length', () => {
    const blanks = ' '.repeat(60_000);
    assert.equal(reasonOf('transfer-encoding', `a,${blanks}b`), 'bad_coding');
    assert.equal(reasonOf('transfer-encoding', 'a,'.repeat(30_000)), 'bad_coding');
    assert.equal(reasonOf('connection', `a${blanks}b`), '');
  });
});

suite('fields of the hop: RFC 9110 7.6.1', () => {
  test('they go, whatever Connection says', () => {
    const own = ['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'host', 'expect'];
    const more = ['proxy-authenticate', 'proxy-authorization'];
    const { fields, reason } = read(
      [...own, ...more].flatMap((name) => [name, 'x']).concat('a', '1'),
    );
    assert.equal(reason, '');
    assert.deepEqual(fields, ['a', '1']);
  });

  test('names of the same length stay', () => {
    const names = [
      'xx',
      'date',
      'accept',
      'referer',
      'set-cookie',
      'content-range0',
      'x-proxy-connecti',
      'transfer-encodinh',
      'proxy-authenticatf',
      'proxy-authorizatiom',
    ];
    const fields = names.flatMap((name) => [name, '1']);
    assert.deepEqual(read(fields.slice()).fields, fields);
  });

  test('what Connection names goes, in any case and however often it comes', () => {
    const { fields } = read([
      'x-a',
      '1',
      'connection',
      'X-A ,\tx-b',
      'x-b',
      '2',
      'x-a',
      '3',
      'x-c',
      '4',
    ]);
    assert.deepEqual(fields, ['x-c', '4']);
  });

  test('Connection in several lines, with empty elements', () => {
    const { fields, framing } = read(['connection', ' , close', 'connection', ',x-a,', 'x-a', '1']);
    assert.ok(framing.close);
    assert.deepEqual(fields, []);
  });

  test('blanks are space and tab only: RFC 9110 5.6.3', () => {
    const { fields, framing } = read(['connection', 'close\xa0,\xa0x-a', 'x-a', '1']);
    assert.equal(framing.close, false);
    assert.deepEqual(fields, ['x-a', '1']);
  });

  test('Connection cannot take the framing away', () => {
    const { fields, framing } = read(['connection', 'content-length', 'content-length', '5']);
    assert.deepEqual(fields, ['content-length', '5']);
    assert.equal(framing.contentLength, 5);
  });
});

suite('persistence and requests for more', () => {
  test('close and keep-alive: RFC 9112 9.3', () => {
    const { framing } = read(['connection', 'Keep-Alive, CLOSE']);
    assert.ok(framing.keepAlive);
    assert.ok(framing.close);
  });

  test('Upgrade counts only if Connection names it: RFC 9110 7.8', () => {
    assert.equal(read(['upgrade', 'websocket']).framing.upgrade, '');
    assert.equal(read(['connection', 'upgrade']).framing.upgrade, '');
    const before = read(['upgrade', 'WebSocket', 'connection', 'Upgrade']);
    assert.equal(before.framing.upgrade, 'websocket');
  });

  test('lines of one field are one list: RFC 9110 5.3', () => {
    const lines = ['upgrade', 'a', 'upgrade', 'B', 'connection', 'upgrade'];
    assert.equal(read(lines).framing.upgrade, 'a,b');
    assert.equal(read(['expect', 'a', 'expect', '100-Continue']).framing.expect, 'a,100-continue');
  });

  test('Host is counted, its last value kept: RFC 9112 3.2', () => {
    const { framing } = read(['host', 'a', 'host', 'b']);
    assert.equal(framing.hostCount, 2);
    assert.equal(framing.host, 'b');
  });
});

test('nothing is left of the head before', () => {
  const framing = new Framing();
  const full = ['transfer-encoding', 'chunked', 'connection', 'close, keep-alive, upgrade, x-a'];
  assert.equal(framing.read([...full, 'upgrade', 'x', 'expect', 'y', 'host', 'z'], false), '');
  const fields = ['x-a', '1', 'content-length', '3'];
  assert.equal(framing.read(fields, false), '');
  assert.deepEqual(fields, ['x-a', '1', 'content-length', '3']);
  const { contentLength, chunked, close, keepAlive, upgrade, expect, host, hostCount } = framing;
  assert.deepEqual(
    { contentLength, chunked, close, keepAlive, upgrade, expect, host, hostCount },
    {
      contentLength: 3,
      chunked: false,
      close: false,
      keepAlive: false,
      upgrade: '',
      expect: '',
      host: '',
      hostCount: 0,
    },
  );
  assert.equal(framing.read([], false), '');
  assert.equal(framing.contentLength, -1);
});
