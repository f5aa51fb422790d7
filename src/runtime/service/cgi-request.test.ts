import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type CgiRequest, cgiEnvironment, decodePath } from './cgi-request.ts';

const BASE: CgiRequest = {
  method: 'GET',
  scheme: 'http',
  authority: 'shop.example:8080',
  target: '/a/b?c=d&e=%20',
  version: 'HTTP/1.1',
  fields: [],
  remoteAddress: '192.0.2.7',
  bodyBytes: -1,
};

function environment(request: Partial<CgiRequest>): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const line of cgiEnvironment({ ...BASE, ...request })) {
    const equals = line.indexOf('=');
    const name = line.slice(0, equals);
    assert.ok(!(name in variables), `${name} comes twice`);
    variables[name] = line.slice(equals + 1);
  }
  return variables;
}

test('the meta-variables of RFC 3875', () => {
  assert.deepEqual(environment({}), {
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_SOFTWARE: 'tulle',
    SCRIPT_NAME: '',
    REQUEST_METHOD: 'GET',
    PATH_INFO: '/a/b',
    QUERY_STRING: 'c=d&e=%20',
    REQUEST_URI: '/a/b?c=d&e=%20',
    REQUEST_SCHEME: 'http',
    SERVER_NAME: 'shop.example',
    SERVER_PORT: '8080',
    SERVER_PROTOCOL: 'HTTP/1.1',
    REMOTE_ADDR: '192.0.2.7',
    HTTP_HOST: 'shop.example:8080',
  });
});

test('names and ports of the server', () => {
  const server = (authority: string, scheme = 'http'): string[] => {
    const env = environment({ authority, scheme });
    return [env['SERVER_NAME'] ?? '', env['SERVER_PORT'] ?? '', env['HTTPS'] ?? ''];
  };
  assert.deepEqual(server('a.example'), ['a.example', '80', '']);
  assert.deepEqual(server('a.example', 'https'), ['a.example', '443', 'on']);
  assert.deepEqual(server('[::1]'), ['[::1]', '80', '']);
  assert.deepEqual(server('[::1]:81'), ['[::1]', '81', '']);
  assert.deepEqual(server(''), ['localhost', '80', '']);
  assert.ok(!('HTTP_HOST' in environment({ authority: '' })));
});

test('the path is decoded, the query and the URI are not', () => {
  assert.equal(decodePath('/a%20b%2Fc'), '/a b/c');
  assert.equal(decodePath('/%C3%A9'), '/\u00c3\u00a9', 'bytes');
  assert.equal(decodePath('/a%00b%zz%'), '/a%00b%zz%');
  assert.equal(environment({ target: '*' })['PATH_INFO'], '');
  assert.equal(environment({ target: '/x?' })['QUERY_STRING'], '');
  assert.equal(environment({ target: '/x?a?b' })['QUERY_STRING'], 'a?b');
});

test('a body has a length, even an empty one; its type goes by its own name', () => {
  const env = environment({
    bodyBytes: 0,
    fields: ['content-type', 'text/plain', 'content-length', '99'],
  });
  assert.equal(env['CONTENT_LENGTH'], '0');
  assert.equal(env['CONTENT_TYPE'], 'text/plain');
  assert.ok(!('HTTP_CONTENT_TYPE' in env) && !('HTTP_CONTENT_LENGTH' in env));
  assert.ok(!('CONTENT_LENGTH' in environment({})));
});

test('fields become HTTP_ variables, repeated ones joined', () => {
  const env = environment({
    fields: ['x-one', 'a', 'accept', 'x/y', 'x-one', 'b', 'cookie', 'k=1', 'cookie', 'l=2'],
  });
  assert.equal(env['HTTP_X_ONE'], 'a, b');
  assert.equal(env['HTTP_ACCEPT'], 'x/y');
  assert.equal(env['HTTP_COOKIE'], 'k=1; l=2');
});

test('fields that could lie about another are left out', () => {
  const env = environment({
    fields: [
      'proxy',
      'http://evil.example',
      'x_one',
      'forged',
      'x-one',
      'real',
      'x.one',
      'forged',
      'host',
      'other',
      'proxy-authorization',
      'secret',
      'transfer-encoding',
      'chunked',
      'connection',
      'x',
      'te',
      'trailers',
    ],
  });
  const handed = Object.keys(env).filter((name) => name.startsWith('HTTP_'));
  assert.deepEqual(handed.toSorted(), ['HTTP_HOST', 'HTTP_X_ONE']);
  assert.equal(env['HTTP_X_ONE'], 'real');
  assert.equal(env['HTTP_HOST'], 'shop.example:8080');
});

test('fuzz: no request makes a variable twice, HTTP_PROXY, or a name of its own', () => {
  const name = fc.oneof(
    fc.constantFrom('proxy', 'x_y', 'x-y', 'content-type', 'cookie', 'host', '__proto__'),
    fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,12}$/),
  );
  const value = fc.string({ maxLength: 20 });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), fc.webPath(), (pairs, path) => {
      const env = environment({ fields: pairs.flat(), target: path === '' ? '/' : path });
      assert.ok(!('HTTP_PROXY' in env));
      for (const variable of Object.keys(env)) assert.match(variable, /^[A-Z0-9_]+$/);
    }),
  );
});
