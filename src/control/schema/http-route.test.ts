/** HTTPRoute: each match, filter and rule across fields, as the Gateway API has them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from '../source/testing/from-yaml.ts';

function route(spec: string): string[] {
  return problemsOf(
    `{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: x}, spec: {${spec}}}`,
  ).map((problem) => problem.replace('spec.', ''));
}

/** Problems of one rule, without the path to it. */
function rule(fields: string): string[] {
  return route(`rules: [{${fields}}]`).map((problem) =>
    problem.replace(/rules\[0\]\.?/, '').trim(),
  );
}

const prefix = (value: string): string => `matches: [{path: {value: "${value}"}}]`;

const times = (count: number, text: string): string =>
  `[${Array.from({ length: count }, () => text).join(', ')}]`;

const mirror = (fields: string): string[] =>
  rule(
    `filters: [{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, ${fields}}}]`,
  );

const redirect = (fields: string): string[] =>
  rule(`filters: [{type: RequestRedirect, requestRedirect: {${fields}}}]`);

const cors = (fields: string): string[] => rule(`filters: [{type: CORS, cors: {${fields}}}]`);

test('every match, filter and option together passes', () => {
  assert.deepEqual(
    route(`parentRefs: [{name: a, sectionName: s}, {name: a, sectionName: t}, {name: b, port: 80, namespace: n,
        group: gateway.networking.k8s.io, kind: Gateway}],
      hostnames: [a.example.com, "*.example.com"], rules: [
      {name: one, matches: [
        {path: {type: Exact, value: /a}, method: GET, headers: [{name: X-A, value: b}, {name: x-b, type: RegularExpression, value: ".*"}],
         queryParams: [{name: q, value: v}, {name: r, type: RegularExpression, value: "\\\\d+"}]},
        {path: {type: RegularExpression, value: "/a//[^/]+"}}, {}],
       timeouts: {request: 10s, backendRequest: 2s}, retry: {codes: [500, 503], attempts: 2, backoff: 100ms},
       filters: [
        {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}], add: [{name: a, value: b}], remove: [c]}},
        {type: ResponseHeaderModifier, responseHeaderModifier: {}},
        {type: RequestMirror, requestMirror: {backendRef: {name: m, port: 80}, percent: 5}},
        {type: RequestMirror, requestMirror: {backendRef: {group: tulle.dev, kind: Backend, name: m}, fraction: {numerator: 1, denominator: 1000}}},
        {type: URLRewrite, urlRewrite: {hostname: b.example, path: {type: ReplaceFullPath, replaceFullPath: /x}}},
        {type: CORS, cors: {allowOrigins: ["https://*.example.com", "http://a:8080"], allowMethods: [GET, PUT], allowHeaders: ["*"],
          exposeHeaders: [x-a, x-b], allowCredentials: true, maxAge: 60}},
        {type: ExtensionRef, extensionRef: {group: extensions.istio.io, kind: WasmPlugin, name: p}},
        {type: ExternalAuth, externalAuth: {protocol: GRPC, backendRef: {name: auth, port: 9000}, grpc: {}}}],
       backendRefs: [{name: s, port: 80, weight: 0}, {group: tulle.dev, kind: WasmService, name: w, namespace: n, weight: 1000000,
        filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [d]}}]}]},
      {name: two, matches: [{path: {value: /old}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, hostname: a.b,
        port: 8443, statusCode: 308, path: {type: ReplacePrefixMatch, replacePrefixMatch: ""}}}]}]`),
    [],
  );
});

test('paths', () => {
  for (const value of ['/', '/a', '/a/', '/a%20b', '/~a/$b;c=d', '/.well-known', '/..a', '/a...']) {
    assert.deepEqual(rule(prefix(value)), [], value);
  }
  for (const value of [
    'a',
    '',
    '//',
    '/a//b',
    '/a/./b',
    '/a/../b',
    '/..',
    '/a/.',
    '/a%2fb',
    '/a%2Fb',
    '/a#b',
    '/a?b',
    '/a b',
    '/ä',
    '/%zz',
    '/a[0]',
  ]) {
    assert.deepEqual(rule(prefix(value)), ['bad-path matches[0].path.value'], value);
  }
  assert.deepEqual(rule(prefix(`/${'a'.repeat(1024)}`)), ['too-long matches[0].path.value']);
  assert.deepEqual(rule('matches: [{path: {type: Prefix, value: /a}}]'), [
    'bad-value matches[0].path.type',
  ]);
});

test('headers, query parameters, methods', () => {
  assert.deepEqual(rule('matches: [{headers: [{name: "a b", value: c}]}]'), [
    'bad-format matches[0].headers[0].name',
  ]);
  assert.deepEqual(rule('matches: [{headers: [{name: a}]}]'), [
    'missing-field matches[0].headers[0].value',
  ]);
  assert.deepEqual(rule('matches: [{headers: [{name: a, value: b}, {name: a, value: c}]}]'), [
    'duplicate matches[0].headers[1]',
  ]);
  assert.deepEqual(rule('matches: [{queryParams: [{name: a, value: ""}]}]'), [
    'bad-format matches[0].queryParams[0].value',
  ]);
  assert.deepEqual(rule('matches: [{queryParams: [{name: a, value: 1}]}]'), [
    'wrong-type matches[0].queryParams[0].value',
  ]);
  assert.deepEqual(rule('matches: [{method: get}]'), ['bad-value matches[0].method']);
});

test('counts of the specification', () => {
  assert.deepEqual(route(`hostnames: ${times(17, 'a.b')}`), ['too-many hostnames']);
  assert.deepEqual(route(`rules: ${times(17, '{}')}`), ['too-many rules']);
  assert.deepEqual(rule(`matches: ${times(65, '{}')}`), ['too-many matches']);
  assert.deepEqual(rule(`backendRefs: ${times(17, '{name: a, port: 1}')}`), [
    'too-many backendRefs',
  ]);
  assert.deepEqual(route(`rules: ${times(3, `{matches: ${times(43, '{}')}}`)}`), [
    'too-many rules',
  ]);
  assert.deepEqual(route(`rules: ${times(2, `{matches: ${times(64, '{}')}}`)}`), []);
});

test('a filter has the one field that its type names', () => {
  assert.deepEqual(rule('filters: [{type: CORS}]'), ['missing-field filters[0].cors']);
  assert.deepEqual(rule('filters: [{type: CORS, cors: {}, urlRewrite: {}}]'), [
    'conflict filters[0].urlRewrite',
  ]);
  assert.deepEqual(rule('filters: [{type: RequestHeaderModifer}]'), ['bad-value filters[0].type']);
  assert.deepEqual(rule('filters: [{cors: {}}]'), ['missing-field filters[0].type']);
});

test('filters that cannot be repeated or combined', () => {
  const rewrite = '{type: URLRewrite, urlRewrite: {}}';
  const corsFilter = '{type: CORS, cors: {}}';
  const redirectFilter = '{type: RequestRedirect, requestRedirect: {}}';
  assert.deepEqual(rule(`filters: [${corsFilter}, ${corsFilter}]`), ['duplicate filters[1]']);
  assert.deepEqual(rule(`filters: [${rewrite}, ${redirectFilter}]`), ['conflict filters[0]']);
  assert.deepEqual(rule(`filters: [${redirectFilter}], backendRefs: [{name: a, port: 1}]`), [
    'conflict filters[0]',
  ]);
  assert.deepEqual(
    rule(`backendRefs: [{name: a, port: 1, filters: [${rewrite}, ${redirectFilter}]}]`),
    ['conflict backendRefs[0].filters[0]'],
  );
});

test('ReplacePrefixMatch needs exactly one PathPrefix', () => {
  const rewrite =
    'filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]';
  for (const matches of [
    '',
    'matches: [], ',
    'matches: [{}], ',
    'matches: [{path: {value: /a}}], ',
    'matches: [{method: GET}], ',
  ]) {
    assert.deepEqual(rule(matches + rewrite), [], matches);
  }
  for (const matches of [
    'matches: [{path: {type: Exact, value: /a}}]',
    'matches: [{path: {type: RegularExpression, value: /a}}]',
    'matches: [{}, {}]',
  ]) {
    assert.deepEqual(rule(`${matches}, ${rewrite}`), ['conflict filters[0]'], matches);
    assert.deepEqual(
      rule(`${matches}, backendRefs: [{name: a, port: 1, ${rewrite}}]`),
      ['conflict backendRefs[0].filters[0]'],
      matches,
    );
  }
});

test('redirects and path modifiers', () => {
  assert.deepEqual(redirect('statusCode: 304'), [
    'bad-value filters[0].requestRedirect.statusCode',
  ]);
  for (const code of [301, 302, 303, 307, 308])
    assert.deepEqual(redirect(`statusCode: ${code}`), []);
  assert.deepEqual(redirect('scheme: ftp'), ['bad-value filters[0].requestRedirect.scheme']);
  assert.deepEqual(redirect('hostname: "*.a.b"'), [
    'bad-format filters[0].requestRedirect.hostname',
  ]);
  assert.deepEqual(redirect('path: {type: ReplaceFullPath, replacePrefixMatch: /a}'), [
    'missing-field filters[0].requestRedirect.path.replaceFullPath',
    'conflict filters[0].requestRedirect.path.replacePrefixMatch',
  ]);
  for (const value of ['a', '/a?b', '/a b', '"/a\\nb"']) {
    assert.deepEqual(
      redirect(`path: {type: ReplaceFullPath, replaceFullPath: ${value}}`),
      ['bad-format filters[0].requestRedirect.path.replaceFullPath'],
      value,
    );
  }
});

test('header modifiers cannot smuggle a line', () => {
  for (const value of ['"a\\r\\nb: c"', '"a\\u0000"', '" a"', '""']) {
    assert.deepEqual(
      rule(
        `filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: ${value}}]}}]`,
      ),
      ['bad-format filters[0].requestHeaderModifier.set[0].value'],
    );
  }
});

test('mirrors', () => {
  assert.deepEqual(mirror('percent: 101'), ['out-of-range filters[0].requestMirror.percent']);
  assert.deepEqual(mirror('fraction: {numerator: 101}'), [
    'out-of-range filters[0].requestMirror.fraction.numerator',
  ]);
  assert.deepEqual(mirror('fraction: {numerator: 1, denominator: 0}'), [
    'out-of-range filters[0].requestMirror.fraction.denominator',
  ]);
  assert.deepEqual(mirror('percent: 1, fraction: {numerator: 1}'), [
    'conflict filters[0].requestMirror.fraction',
  ]);
});

test('CORS', () => {
  assert.deepEqual(cors('allowOrigins: ["*"], allowMethods: ["*"]'), []);
  assert.deepEqual(cors('allowOrigins: [a.example]'), [
    'bad-format filters[0].cors.allowOrigins[0]',
  ]);
  assert.deepEqual(cors('allowOrigins: ["https://a.b/path"]'), [
    'bad-format filters[0].cors.allowOrigins[0]',
  ]);
  assert.deepEqual(cors('allowMethods: [GET, "*"]'), ['conflict filters[0].cors.allowMethods[1]']);
  assert.deepEqual(cors('maxAge: 0'), ['out-of-range filters[0].cors.maxAge']);
});

test('timeouts and retry', () => {
  assert.deepEqual(rule('timeouts: {request: 1s, backendRequest: 2s}'), [
    'conflict timeouts.backendRequest',
  ]);
  assert.deepEqual(rule('timeouts: {request: 0s, backendRequest: 2s}'), []);
  assert.deepEqual(rule('timeouts: {request: 1.5s}'), ['bad-duration timeouts.request']);
  assert.deepEqual(rule('retry: {codes: [399]}'), ['out-of-range retry.codes[0]']);
  assert.deepEqual(rule('retry: {codes: [500, 500]}'), ['duplicate retry.codes[1]']);
  assert.deepEqual(rule('retry: {attempts: -1}'), ['out-of-range retry.attempts']);
  assert.deepEqual(rule('sessionPersistence: {sessionName: a}'), ['not-served sessionPersistence']);
});

test('backendRefs and parentRefs', () => {
  assert.deepEqual(rule('backendRefs: [{name: a}]'), ['missing-field backendRefs[0].port']);
  assert.deepEqual(rule('backendRefs: [{name: a, group: tulle.dev, kind: Backend}]'), []);
  assert.deepEqual(rule('backendRefs: [{name: a, port: 1, weight: 1000001}]'), [
    'out-of-range backendRefs[0].weight',
  ]);
  assert.deepEqual(rule('backendRefs: [{name: a, port: 1, weight: -1}]'), [
    'out-of-range backendRefs[0].weight',
  ]);
  assert.deepEqual(route('parentRefs: [{name: a}, {name: a}]'), ['duplicate parentRefs[1]']);
  assert.deepEqual(route('parentRefs: [{name: a}, {name: a, port: 1}]'), [
    'duplicate parentRefs[1]',
  ]);
  assert.deepEqual(route('parentRefs: [{name: a, port: 1}, {name: a, port: 1}]'), [
    'duplicate parentRefs[1]',
  ]);
  assert.deepEqual(route('parentRefs: [{name: a}, {name: a, namespace: b}]'), []);
  assert.deepEqual(route('rules: [{name: a}, {name: a}]'), ['duplicate rules[1]']);
});
