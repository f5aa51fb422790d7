import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { looksLikeHttp, parseRequestText, parseResponseText } from './http-text.ts';

describe('http text', () => {
  it('reads a request, its host apart', () => {
    const text = 'POST /a?b=c HTTP/1.1\r\nHost: shop.test\r\nX-A: 1 \r\nx-a: 2\r\n\r\nbody\n';
    const request = parseRequestText(Buffer.from(text));
    assert.ok(!('problem' in request));
    assert.equal(request.method, 'POST');
    assert.equal(request.authority, 'shop.test');
    assert.equal(request.target, '/a?b=c');
    assert.deepEqual(request.fields, ['x-a', '1', 'x-a', '2']);
    assert.equal(Buffer.from(request.chunks[0] ?? []).toString(), 'body\n');
  });

  it('takes lines without CR and a body of any bytes', () => {
    const body = Buffer.of(0, 255, 10, 13);
    const request = parseRequestText(
      Buffer.concat([Buffer.from('PUT / HTTP/1.1\na: b\n\n'), body]),
    );
    assert.ok(!('problem' in request));
    assert.deepEqual(Buffer.from(request.chunks[0] ?? []), body);
  });

  it('takes an absolute target apart', () => {
    const request = parseRequestText(Buffer.from('GET https://a.test:1/x?y HTTP/1.1\n'));
    assert.ok(!('problem' in request));
    assert.deepEqual(
      [request.scheme, request.authority, request.target],
      ['https', 'a.test:1', '/x?y'],
    );
  });

  it('reads a response', () => {
    const response = parseResponseText(Buffer.from('HTTP/1.1 404 Not Found\nx: y\n\ngone'));
    assert.ok(!('problem' in response));
    assert.equal(response.status, 404);
    assert.deepEqual(response.fields, ['x', 'y']);
  });

  it('says in which line something is wrong', () => {
    const request = parseRequestText(Buffer.from('GET / HTTP/1.1\na: b\nno field here\n'));
    assert.ok('problem' in request && request.line === 3);
    const response = parseResponseText(Buffer.from('GET / HTTP/1.1\n'));
    assert.ok('problem' in response && response.line === 1);
  });

  it('tells messages from YAML', () => {
    assert.ok(looksLikeHttp('GET / HTTP/1.1\r\n'));
    assert.ok(looksLikeHttp('HTTP/1.1 200 OK'));
    assert.ok(!looksLikeHttp('method: GET\npath: /'));
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const content = Buffer.concat([Buffer.from('GET / HTTP/1.1\n'), bytes]);
        const request = parseRequestText(content);
        assert.ok('problem' in request || request.method === 'GET');
        parseResponseText(Buffer.from(bytes));
      }),
    );
  });
});
