import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RequestRedirect } from '../../../config/route.ts';
import type { RequestHead } from '../../codec/head.ts';
import type { MatchedRequest } from '../contract.ts';
import { matched } from '../testing/request.ts';
import { requestRedirect, requestRedirectProblem } from './filter.ts';

const redirect = (parts: Partial<RequestRedirect>): RequestRedirect => ({
  type: 'RequestRedirect',
  scheme: '',
  hostname: '',
  path: null,
  port: 0,
  listenerPort: 80,
  statusCode: 302,
  ...parts,
});

function location(
  parts: Partial<RequestRedirect>,
  head: Partial<RequestHead> = {},
  about: Partial<MatchedRequest> = {},
): string | undefined {
  const reply = requestRedirect(redirect(parts)).request?.(matched(head, about));
  assert.equal(reply?.fields[0], 'location');
  return reply?.fields[1];
}

test('the reply has the status, a location and no body', () => {
  for (const statusCode of [301, 302, 303, 307, 308]) {
    assert.deepEqual(requestRedirect(redirect({ statusCode })).request?.(matched()), {
      status: statusCode,
      fields: ['location', 'http://example.com/'],
      body: '',
      details: 'request_redirect',
    });
  }
});

describe('scheme and port', () => {
  const cases: readonly (readonly [
    what: string,
    config: Partial<RequestRedirect>,
    head: Partial<RequestHead>,
    origin: string,
  ])[] = [
    [
      'a given scheme brings its port, which goes unsaid',
      { scheme: 'https', listenerPort: 8080 },
      {},
      'https://example.com',
    ],
    ['http too', { scheme: 'http', listenerPort: 8443 }, { scheme: 'https' }, 'http://example.com'],
    ['no scheme: the port of the listener', { listenerPort: 8080 }, {}, 'http://example.com:8080'],
    ['no scheme: 80 goes unsaid for http', { listenerPort: 80 }, {}, 'http://example.com'],
    [
      'no scheme: 443 goes unsaid for https',
      { listenerPort: 443 },
      { scheme: 'https' },
      'https://example.com',
    ],
    ['no scheme: 443 is said for http', { listenerPort: 443 }, {}, 'http://example.com:443'],
    [
      'no scheme: 80 is said for https',
      { listenerPort: 80 },
      { scheme: 'https' },
      'https://example.com:80',
    ],
    ['a given port is said', { port: 8888 }, {}, 'http://example.com:8888'],
    [
      'a given well-known port goes unsaid',
      { port: 80, listenerPort: 8080 },
      {},
      'http://example.com',
    ],
    ['scheme and port', { scheme: 'https', port: 8443 }, {}, 'https://example.com:8443'],
    ['scheme and its own port', { scheme: 'https', port: 443 }, {}, 'https://example.com'],
    ['scheme and the other port', { scheme: 'https', port: 80 }, {}, 'https://example.com:80'],
    [
      'the port of the request does not count',
      {},
      { authority: 'example.com:9999' },
      'http://example.com',
    ],
    ['a given host', { hostname: 'other.org' }, { authority: 'a.b:1' }, 'http://other.org'],
    ['an IPv6 literal', { listenerPort: 81 }, { authority: '[::1]:9999' }, 'http://[::1]:81'],
    ['an IPv6 literal without port', {}, { authority: '[::1]' }, 'http://[::1]'],
  ];
  for (const [what, config, head, origin] of cases) {
    test(what, () => {
      assert.equal(location(config, { target: '/a?b=c', ...head }), `${origin}/a?b=c`);
    });
  }

  test('where the configuration does not know the port, the request does', () => {
    assert.equal(
      location({ listenerPort: 0 }, {}, { listenerPort: 8181 }),
      'http://example.com:8181/',
    );
  });
});

describe('path', () => {
  test('the full path is replaced, the query stays', () => {
    const path = { type: 'ReplaceFullPath', value: '/new' } as const;
    assert.equal(location({ path }, { target: '/a/b?c=d' }), 'http://example.com/new?c=d');
  });

  test('the matched prefix is replaced, the query stays', () => {
    const path = { type: 'ReplacePrefixMatch', value: '/' } as const;
    const about = { matchedPrefix: '/foo' };
    assert.equal(location({ path }, { target: '/foo' }, about), 'http://example.com/');
    assert.equal(location({ path }, { target: '/foo/a?b' }, about), 'http://example.com/a?b');
  });

  test('OPTIONS * leads to the root', () => {
    assert.equal(location({}, { method: 'OPTIONS', target: '*' }), 'http://example.com/');
  });

  test('without a host the location is relative, and never names a host itself', () => {
    assert.equal(location({}, { authority: '', target: '/a?b' }), '/a?b');
    assert.equal(location({}, { authority: '', target: '//evil.example/a' }), '/.//evil.example/a');
    assert.equal(new URL('/.//evil.example/a', 'http://good.example/').host, 'good.example');
  });
});

test('what cannot be used is refused and not used', () => {
  assert.match(requestRedirectProblem(redirect({ scheme: 'ftp' })) ?? '', /http or https/);
  assert.match(requestRedirectProblem(redirect({ hostname: 'a/b' })) ?? '', /not a host/);
  const path = { type: 'ReplaceFullPath', value: '/a\r\nx: y' } as const;
  assert.match(requestRedirectProblem(redirect({ path })) ?? '', /not a path/);
  assert.equal(requestRedirectProblem(redirect({ scheme: 'https', hostname: 'a.b' })), null);
  assert.equal(location({ hostname: 'a\r\nb', path }, { target: '/t' }), 'http://example.com/t');
});
