/** What is written: one framing, no field that a filter may not set, exact bytes. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import type { Fields, RequestHead, ResponseHead } from '../head.ts';
import { RequestHeadParser } from './request-head.ts';
import { BODY_CHUNKED, BODY_UNTIL_CLOSE, ResponseHeadParser } from './response-head.ts';
import {
  chunkedEnd,
  chunkStart,
  LENGTH_CHUNKED,
  LENGTH_NONE,
  LENGTH_UNTIL_CLOSE,
  requestHeadText,
  responseHeadText,
  sanitizeFields,
} from './serialize.ts';

function request(fields: Fields = [], over: Partial<RequestHead> = {}): RequestHead {
  return {
    method: 'PUT',
    scheme: 'http',
    authority: 'a',
    target: '/b?c',
    version: 'HTTP/1.1',
    fields,
    ...over,
  };
}

function response(status: number, fields: Fields = []): ResponseHead {
  return { status, version: 'HTTP/1.1', fields };
}

suite('request heads: RFC 9112 3', () => {
  const start = 'PUT /b?c HTTP/1.1\r\nhost: a\r\n';

  test('each framing, once: RFC 9112 6', () => {
    const fields = ['content-length', '99', 'x-a', '1', 'content-length', '98'];
    const text = (length: number) => requestHeadText(request(fields), length, false);
    assert.equal(text(5), `${start}x-a: 1\r\ncontent-length: 5\r\n\r\n`);
    assert.equal(text(0), `${start}x-a: 1\r\ncontent-length: 0\r\n\r\n`);
    assert.equal(text(LENGTH_CHUNKED), `${start}x-a: 1\r\ntransfer-encoding: chunked\r\n\r\n`);
    assert.equal(text(LENGTH_NONE), `${start}x-a: 1\r\n\r\n`);
  });

  test('names as long as content-length stay', () => {
    const fields = ['accept-charset', 'x', 'x-content-type', 'y'];
    const text = requestHeadText(request(fields), LENGTH_NONE, false);
    assert.equal(text, `${start}accept-charset: x\r\nx-content-type: y\r\n\r\n`);
  });

  test('Expect: RFC 9110 10.1.1', () => {
    const text = requestHeadText(request(), 5, true);
    assert.equal(text, `${start}content-length: 5\r\nexpect: 100-continue\r\n\r\n`);
  });

  test('always HTTP/1.1 with a Host, if empty: RFC 9112 3.2', () => {
    const head = request([], { version: 'HTTP/1.0', authority: '', method: 'GET' });
    assert.equal(requestHeadText(head, LENGTH_NONE, false), 'GET /b?c HTTP/1.1\r\nhost: \r\n\r\n');
  });

  test('a length beyond 32 bits is written in full', () => {
    const text = requestHeadText(request(), Number.MAX_SAFE_INTEGER, false);
    assert.ok(text.endsWith('\r\ncontent-length: 9007199254740991\r\n\r\n'));
  });
});

suite('answer heads: RFC 9112 4', () => {
  test('each framing, once', () => {
    const fields = ['content-length', '99', 'x-a', '1'];
    const text = (length: number) => responseHeadText(response(200, fields), length, '');
    assert.equal(text(5), 'HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 5\r\n\r\n');
    assert.equal(
      text(LENGTH_CHUNKED),
      'HTTP/1.1 200 OK\r\nx-a: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    assert.equal(text(LENGTH_NONE), 'HTTP/1.1 200 OK\r\nx-a: 1\r\n\r\n');
    assert.equal(text(LENGTH_UNTIL_CLOSE), 'HTTP/1.1 200 OK\r\nx-a: 1\r\n\r\n');
  });

  test('Connection is said last: RFC 9112 9.6', () => {
    const text = responseHeadText(response(204), LENGTH_NONE, 'close');
    assert.equal(text, 'HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n');
  });

  test('a status without a name keeps its blank; one beyond the table is written too', () => {
    assert.equal(responseHeadText(response(299), LENGTH_NONE, ''), 'HTTP/1.1 299 \r\n\r\n');
    assert.equal(responseHeadText(response(799), LENGTH_NONE, ''), 'HTTP/1.1 799 \r\n\r\n');
  });
});

suite('chunks: RFC 9112 7.1', () => {
  test('sizes are hexadecimal', () => {
    assert.equal(chunkStart(1), '1\r\n');
    assert.equal(chunkStart(65_536), '10000\r\n');
    assert.equal(chunkStart(0xabcdef), 'abcdef\r\n');
  });

  test('the end, with trailers and without; a length is none: RFC 9110 6.5.1', () => {
    assert.equal(chunkedEnd([]), '0\r\n\r\n');
    assert.equal(chunkedEnd(['x-t', '1', 'x-u', '']), '0\r\nx-t: 1\r\nx-u: \r\n\r\n');
    assert.equal(chunkedEnd(['content-length', '5', 'x-t', '1']), '0\r\nx-t: 1\r\n\r\n');
  });
});

suite('what a filter has put into the fields', () => {
  test('fields of the hop, bad names and bad values go, and are counted', () => {
    const bad: Fields = [
      ...[
        'connection',
        'host',
        'keep-alive',
        'proxy-connection',
        'te',
        'transfer-encoding',
        'upgrade',
      ].flatMap((name) => [name, 'x']),
      ...['', 'a b', 'a:', 'a\r\nb', 'é'].flatMap((name) => [name, 'x']),
      ...['\r\n', 'a\nb: c', '\0', '\x7f', '\u{1f600}'].flatMap((value) => ['x-bad', value]),
    ];
    const fields = ['x-a', '1', ...bad, 'x-b', '\t\xff', 'content-length', '5'];
    assert.equal(sanitizeFields(fields), bad.length / 2);
    assert.deepEqual(fields, ['x-a', '1', 'x-b', '\t\xff', 'content-length', '5']);
  });

  test('capitals hide nothing', () => {
    const fields = ['Transfer-Encoding', 'x', 'HOST', 'x', 'Content-Length', '5', 'X-A', 'B'];
    assert.equal(sanitizeFields(fields), 2);
    assert.deepEqual(fields, ['content-length', '5', 'x-a', 'B']);
    const text = responseHeadText(response(200, fields), 7, '');
    assert.equal(text, 'HTTP/1.1 200 OK\r\nx-a: B\r\ncontent-length: 7\r\n\r\n');
  });

  test('good fields stay as they are', () => {
    const fields = ['x-a', '1', 'x-a', ''];
    assert.equal(sanitizeFields(fields), 0);
    assert.deepEqual(fields, ['x-a', '1', 'x-a', '']);
    assert.equal(sanitizeFields([]), 0);
  });
});

const char = fc.oneof(
  fc.constantFrom('a', '-', ' ', ':', '\r', '\n', '\0', '\xff', '\u0100', ','),
  fc.string({ maxLength: 1, unit: 'grapheme' }),
);
const text = fc.array(char, { maxLength: 8 }).map((chars) => chars.join(''));
const name = fc.oneof(
  fc.constantFrom(
    'transfer-encoding',
    'Transfer-Encoding',
    'content-length',
    'Content-Length',
    'host',
    'connection',
    'x-a',
    'te',
  ),
  text,
);
const anyFields = fc.array(fc.tuple(name, text), { maxLength: 6 }).map((pairs) => pairs.flat());

/** What a parser keeps of fields that were written: names lower, blanks around values cut. */
function kept(fields: Fields): Fields {
  const out: Fields = [];
  for (let i = 0; i < fields.length; i += 2) {
    const value = (fields[i + 1] as string).replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
    const lower = (fields[i] as string).toLowerCase();
    if (lower !== 'content-length') out.push(lower, value);
  }
  return out;
}

suite('whatever the fields, what is written is read as one message', () => {
  const lengths = [LENGTH_NONE, LENGTH_CHUNKED, 0, 7];

  test('requests', () => {
    const property = fc.property(anyFields, fc.constantFrom(...lengths), (fields, length) => {
      sanitizeFields(fields);
      const parser = new RequestHeadParser({ targetBytesMax: 100, headerCountMax: 100 });
      const written = requestHeadText(request(fields), length, false);
      assert.equal(written.indexOf('\r\n\r\n'), written.length - 4);
      assert.ok(parser.parse(written.slice(0, -2)), parser.reason);
      const expected = length === LENGTH_NONE ? 0 : length;
      assert.equal(parser.bodyLength, expected);
      const read = (parser.head?.fields ?? []) as Fields;
      assert.deepEqual(kept(read), kept(fields));
    });
    fc.assert(property, { seed: 1, numRuns: 1_000 });
  });

  test('answers', () => {
    const property = fc.property(anyFields, fc.constantFrom(...lengths), (fields, length) => {
      sanitizeFields(fields);
      const written = responseHeadText(response(200, fields), length, '');
      const parser = new ResponseHeadParser(100);
      assert.ok(parser.parse(written.slice(0, -2), false), parser.reason);
      const open = length === LENGTH_NONE ? BODY_UNTIL_CLOSE : length;
      assert.equal(parser.bodyLength, length === LENGTH_CHUNKED ? BODY_CHUNKED : open);
      assert.deepEqual(kept(parser.head?.fields ?? []), kept(fields));
    });
    fc.assert(property, { seed: 1, numRuns: 1_000 });
  });
});
