/** Request lines in their four forms, Host, and what a head says about body and connection. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { RequestHeadParser } from './request-head.ts';

const LIMITS = { targetBytesMax: 100, headerCountMax: 10 };

function parse(line: string, ...fields: string[]): RequestHeadParser {
  const parser = new RequestHeadParser(LIMITS);
  parser.parse(`${[line, ...fields].join('\r\n')}\r\n`);
  return parser;
}

function taken(line: string, ...fields: string[]): RequestHeadParser {
  const parser = parse(line, ...fields);
  assert.notEqual(parser.head, null, parser.reason);
  return parser;
}

function refusal(line: string, ...fields: string[]): string {
  const parser = parse(line, ...fields);
  assert.equal(parser.head, null);
  return `${parser.code} ${parser.reason}`;
}

test('a head in full', () => {
  const parser = taken('POST /a?b HTTP/1.1', 'HOST: A.Example:80', 'X-A: 1', 'Content-Length: 5');
  assert.deepEqual(parser.head, {
    method: 'POST',
    scheme: 'http',
    authority: 'a.example:80',
    target: '/a?b',
    version: 'HTTP/1.1',
    fields: ['x-a', '1', 'content-length', '5'],
  });
  assert.equal(parser.bodyLength, 5);
  assert.equal(parser.keepAlive, true);
  assert.equal(parser.expectContinue, false);
});

suite('request lines: RFC 9112 3', () => {
  test('methods are tokens, their case is kept: RFC 9110 9.1', () => {
    for (const method of ['GET', 'get', 'M-SEARCH', "!#$%&'*+-.^_`|~"]) {
      assert.equal(taken(`${method} / HTTP/1.1`, 'Host: a').head?.method, method);
    }
  });

  const malformed: readonly (readonly [string, string])[] = [
    ['', 'bad_method'],
    [' GET / HTTP/1.1', 'bad_method'],
    ['G(T / HTTP/1.1', 'bad_method'],
    ['GET', 'bad_method'],
    ['GET\t/ HTTP/1.1', 'bad_method'],
    ['GET  / HTTP/1.1', 'bad_target'],
    ['GET /', 'bad_target'],
    ['GET /#a HTTP/1.1', 'bad_target'],
    ['GET /\x7f HTTP/1.1', 'bad_target'],
    ['GET /\xe9 HTTP/1.1', 'bad_target'],
    ['GET / ', 'bad_version'],
    ['GET /  HTTP/1.1', 'bad_version'],
    ['GET / HTTP/1.1 ', 'bad_version'],
    ['GET / http/1.1', 'bad_version'],
    ['GET / HTTP/1.x', 'bad_version'],
    ['GET / HTTP/1', 'bad_version'],
    ['GET / HTTP/1.10', 'bad_version'],
    ['GET / XTTP/1.1', 'bad_version'],
  ];
  for (const [line, reason] of malformed) {
    test(`${JSON.stringify(line)}: ${reason}`, () => {
      assert.equal(refusal(line, 'Host: a'), `request_malformed ${reason}`);
    });
  }

  test('versions that are valid but not spoken: RFC 9110 2.5', () => {
    for (const version of ['0.9', '1.2', '2.0', '9.9']) {
      const line = `GET / HTTP/${version}`;
      assert.equal(refusal(line, 'Host: a'), 'request_version unsupported_version');
    }
  });

  test('a target of as many bytes as allowed, and one more: RFC 9112 3', () => {
    const target = `/${'a'.repeat(99)}`;
    assert.equal(taken(`GET ${target} HTTP/1.1`, 'Host: a').head?.target, target);
    const more = `GET ${target}a HTTP/1.1`;
    assert.equal(refusal(more, 'Host: a'), 'request_line_too_long target_too_long');
  });
});

suite('request targets: RFC 9112 3.2', () => {
  const forms: readonly (readonly [string, string, string, string])[] = [
    ['origin form', 'GET /a?b=c', '/a?b=c', 'a'],
    ['origin form with two slashes', 'GET //b/c', '//b/c', 'a'],
    ['absolute form', 'GET http://b/c', '/c', 'b'],
    ['absolute form, https', 'GET https://b/c', '/c', 'b'],
    ['absolute form in capitals', 'GET HTTP://B:80/C', '/C', 'b:80'],
    ['absolute form without path', 'GET http://b', '/', 'b'],
    ['absolute form with a query only', 'GET http://b?c', '/?c', 'b'],
    ['absolute form of OPTIONS with path', 'OPTIONS http://b/', '/', 'b'],
    ['absolute form of OPTIONS with a query', 'OPTIONS http://b?c', '/?c', 'b'],
    ['absolute form of OPTIONS for a whole server', 'OPTIONS http://b', '*', 'b'],
    ['asterisk form', 'OPTIONS *', '*', 'a'],
  ];
  for (const [name, line, target, authority] of forms) {
    test(name, () => {
      const { head } = taken(`${line} HTTP/1.1`, 'Host: a');
      assert.equal(head?.target, target);
      assert.equal(head?.authority, authority);
    });
  }

  const bad = [
    'GET *',
    'options *',
    'OPTIONS **',
    'GET a:80',
    'GET index',
    'GET ?a',
    'GET http:/a',
    'GET http:///a',
    'GET http://u@b/',
    'GET http://b:c/',
    'GET ftp://b/',
    'GET xhttp://b/',
  ];
  for (const line of bad) {
    test(`refused: ${line}`, () => {
      assert.equal(refusal(`${line} HTTP/1.1`, 'Host: a'), 'request_malformed bad_target');
    });
  }
});

suite('Host: RFC 9112 3.2', () => {
  test('missing, repeated or invalid, whatever the target says', () => {
    for (const line of ['GET / HTTP/1.1', 'GET http://b/ HTTP/1.1']) {
      assert.equal(refusal(line), 'request_malformed no_host');
      assert.equal(refusal(line, 'Host: a', 'Host: a'), 'request_malformed repeated_host');
      assert.equal(refusal(line, 'Host: u@a'), 'request_malformed bad_host');
      assert.equal(refusal(line, 'Host:'), 'request_malformed bad_host');
    }
  });

  test('HTTP/1.0 may leave it out, not repeat it', () => {
    assert.equal(taken('GET / HTTP/1.0').head?.authority, '');
    assert.equal(taken('GET http://b/ HTTP/1.0').head?.authority, 'b');
    assert.equal(
      refusal('GET / HTTP/1.0', 'Host: a', 'Host: b'),
      'request_malformed repeated_host',
    );
    assert.equal(refusal('GET / HTTP/1.0', 'Host: '), 'request_malformed bad_host');
  });
});

suite('fields and framing', () => {
  test('a bad line: RFC 9112 5', () => {
    assert.equal(
      refusal('GET / HTTP/1.1', 'Host: a', 'X-A : 1'),
      'request_malformed blank_before_colon',
    );
  });

  test('too many lines: RFC 9110 5.4', () => {
    const fields = Array.from({ length: 9 }, (_, i) => `X-${i}: 1`);
    taken('GET / HTTP/1.1', 'Host: a', ...fields);
    const more = refusal('GET / HTTP/1.1', 'Host: a', ...fields, 'X-9: 1');
    assert.equal(more, 'request_head_too_large too_many_fields');
  });

  test('faulty framing is told from an unknown coding: RFC 9112 6.1, 6.3', () => {
    const line = 'POST / HTTP/1.1';
    assert.equal(refusal(line, 'Host: a', 'Content-Length: x'), 'request_framing bad_length');
    assert.equal(
      refusal(line, 'Host: a', 'Transfer-Encoding: gzip, chunked'),
      'request_coding unknown_coding',
    );
  });

  test('body length: RFC 9112 6.3', () => {
    const lengthOf = (...fields: string[]) =>
      taken('PUT / HTTP/1.1', 'Host: a', ...fields).bodyLength;
    assert.equal(lengthOf(), 0);
    assert.equal(lengthOf('Content-Length: 0'), 0);
    assert.equal(lengthOf('Content-Length: 7'), 7);
    assert.equal(lengthOf('Transfer-Encoding: chunked'), -1);
  });
});

suite('persistence: RFC 9112 9.3', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['HTTP/1.1', '', true],
    ['HTTP/1.1', 'close', false],
    ['HTTP/1.1', 'keep-alive', true],
    ['HTTP/1.1', 'keep-alive, close', false],
    ['HTTP/1.0', '', false],
    ['HTTP/1.0', 'close', false],
    ['HTTP/1.0', 'Keep-Alive', true],
    ['HTTP/1.0', 'close, keep-alive', false],
  ];
  for (const [version, value, keepAlive] of cases) {
    test(`${version} ${value === '' ? 'without Connection' : value}`, () => {
      const fields = value === '' ? ['Host: a'] : ['Host: a', `Connection: ${value}`];
      assert.equal(taken(`GET / ${version}`, ...fields).keepAlive, keepAlive);
    });
  }
});

suite('what asks for more than a request', () => {
  test('CONNECT: RFC 9110 9.3.6', () => {
    assert.equal(refusal('CONNECT a:443 HTTP/1.1', 'Host: a'), 'connect_refused connect');
  });

  test('Upgrade: RFC 9110 7.8', () => {
    const upgrade = (value: string) => ['Host: a', 'Connection: upgrade', `Upgrade: ${value}`];
    for (const value of ['websocket', 'h2c, websocket', 'h2c\xa0', '\xa0h2c, \xa0h2c', ',']) {
      assert.equal(refusal('GET / HTTP/1.1', ...upgrade(value)), 'upgrade_refused upgrade', value);
    }
    for (const value of ['h2c', 'TLS/1.2', 'h2c\t, TLS/1.0']) {
      taken('GET / HTTP/1.1', ...upgrade(value));
    }
    taken('GET / HTTP/1.1', 'Host: a', 'Upgrade: websocket');
  });

  test('Expect: RFC 9110 10.1.1', () => {
    const line = 'POST / HTTP/1.1';
    const body = 'Content-Length: 1';
    assert.equal(taken(line, 'Host: a', body, 'Expect: 100-Continue').expectContinue, true);
    assert.equal(taken(line, 'Host: a', 'Expect: 100-continue').expectContinue, false, 'no body');
    assert.equal(taken(line, 'Host: a', body, 'Expect:').expectContinue, false);
    const old = taken('POST / HTTP/1.0', 'Host: a', body, 'Expect: 100-continue');
    assert.equal(old.expectContinue, false, 'HTTP/1.0 does not wait');
    for (const value of ['magic', '100-continue, magic', '100-continue;q=1']) {
      const code = refusal(line, 'Host: a', body, `Expect: ${value}`);
      assert.equal(code, 'request_expectation expectation');
    }
    const lines = ['Expect: magic', 'Expect: 100-continue'];
    assert.equal(refusal(line, 'Host: a', ...lines), 'request_expectation expectation');
  });
});

test('nothing is left of the head before', () => {
  const parser = new RequestHeadParser(LIMITS);
  const parsed = (text: string) => (parser.parse(text) ? parser.head : null);
  const first = parsed('POST /a HTTP/1.0\r\nContent-Length: 5\r\nConnection: close\r\n');
  assert.equal(parsed('GET / HTTP/1.1\r\n'), null);
  assert.equal(parser.head, null);
  const second = parsed('GET /b HTTP/1.1\r\nHost: b\r\n');
  assert.equal(second?.version, 'HTTP/1.1');
  assert.equal(parser.bodyLength, 0);
  assert.equal(parser.keepAlive, true);
  assert.deepEqual(first?.fields, ['content-length', '5'], 'the first head is its reader’s own');
});

test('any text: taken or refused with a code, never thrown', () => {
  const part = fc.constantFrom(
    'GET',
    ' ',
    '/',
    'HTTP/1.1',
    '\r\n',
    'Host: a',
    '\r',
    '\n',
    ':',
    'http://',
    '*',
    '\0',
    'é',
  );
  const property = fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
    const parser = new RequestHeadParser(LIMITS);
    const ok = parser.parse(`${parts.join('')}\r\n`);
    assert.equal(ok, parser.head !== null);
    assert.ok(ok || parser.reason !== '');
  });
  fc.assert(property, { seed: 1, numRuns: 2_000 });
});
