import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route, Rule } from '../../config/route.ts';
import {
  backend,
  codes,
  conditionText,
  gateway,
  mesh,
  parentConditions,
  route,
  statusOf,
  to,
} from './testing/mesh.ts';

/** Compiles one route of these rules, in block style below `rules:`. */
function compiled(rules: string): ReturnType<typeof mesh> {
  return mesh(gateway() + route('r', `  rules:\n${rules}`) + backend('main'));
}

function routeOf(found: ReturnType<typeof mesh>): Route | undefined {
  return found.snapshot.binds[0]?.listeners[0]?.routes[0];
}

function ruleOf(found: ReturnType<typeof mesh>, position = 0): Rule {
  const rule = routeOf(found)?.rules[position];
  if (rule === undefined) throw new Error('no such rule');
  return rule;
}

const REFS = `backendRefs: [${to('main')}]`;

test('a plain rule: every default', () => {
  assert.deepEqual(ruleOf(compiled(`  - ${REFS}`)), {
    name: 'default/r/0',
    matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], query: [], method: '' }],
    filters: [],
    wasmFilters: [],
    backends: [{ cluster: 'backend/default/main', weight: 1, filters: [], invalid: null }],
    timeouts: { requestMs: 0, backendRequestMs: 0 },
    retry: null,
    invalid: null,
  });
});

test('an empty list of matches is no list; a match without path takes every path', () => {
  const found = compiled(`  - {matches: [], ${REFS}}\n  - {matches: [{method: GET}], ${REFS}}`);
  assert.deepEqual(ruleOf(found).matches[0]?.path, { type: 'PathPrefix', value: '/' });
  assert.deepEqual(ruleOf(found, 1).matches[0], {
    path: { type: 'PathPrefix', value: '/' },
    headers: [],
    query: [],
    method: 'GET',
  });
});

test('a prefix loses its trailing slash; an exact path does not', () => {
  const found = compiled(
    `  - {matches: [{path: {value: /a/}}, {path: {value: /}}, {path: {type: Exact, value: /a/}}], ${REFS}}`,
  );
  assert.deepEqual(
    ruleOf(found).matches.map(({ path }) => path.value),
    ['/a', '/', '/a/'],
  );
});

test('header names are lower case and the first of a name counts; query names are kept', () => {
  const found = compiled(`  - matches:
    - headers: [{name: X-One, value: a}, {name: x-one, value: b}]
      queryParams: [{name: Page, value: "1"}, {name: page, value: "2"}]
    ${REFS}`);
  const [match] = ruleOf(found).matches;
  assert.deepEqual(match?.headers, [{ type: 'Exact', name: 'x-one', value: 'a' }]);
  assert.deepEqual(
    match?.query.map(({ name }) => name),
    ['Page', 'page'],
  );
});

for (const match of [
  '{path: {type: RegularExpression, value: "(unclosed"}}',
  '{headers: [{type: RegularExpression, name: a, value: "(unclosed"}]}',
  '{queryParams: [{type: RegularExpression, name: a, value: "(unclosed"}]}',
]) {
  test(`a bad regular expression leaves its rule out: ${match}`, () => {
    const found = compiled(`  - {matches: [{path: {value: /x}}, ${match}], ${REFS}}\n  - ${REFS}`);
    assert.deepEqual(
      routeOf(found)?.rules.map(({ name }) => name),
      ['default/r/1'],
    );
    const [problem] = found.problems;
    assert.equal(problem?.code, 'bad-regex');
    assert.match(problem?.path ?? '', /^spec\.rules\[0\]\.matches\[1\]/);
    assert.deepEqual(parentConditions(found, 'HTTPRoute', 'r'), [
      'Accepted=True Accepted',
      'ResolvedRefs=True ResolvedRefs',
      'PartiallyInvalid=True UnsupportedValue',
    ]);
  });
}

test('each regular expression is checked once', () => {
  const seen: string[] = [];
  const rule = `  - {matches: [{path: {type: RegularExpression, value: "/a.*"}}], ${REFS}}`;
  mesh(gateway() + route('r', `  rules:\n${rule}\n${rule}`) + backend('main'), {
    checkRegex: (pattern) => {
      seen.push(pattern);
      return null;
    },
  });
  assert.deepEqual(seen, ['/a.*']);
});

test('a schema error in matches leaves the rule out', () => {
  const found = compiled(
    `  - {matches: [{path: {value: a}}], ${REFS}}\n  - {name: second, ${REFS}}`,
  );
  assert.deepEqual(
    routeOf(found)?.rules.map(({ name }) => name),
    ['default/r/second'],
  );
  assert.deepEqual(codes(found.problems), ['warning rule-left-out spec.rules[0]']);
});

test('an unknown field beside absent matches leaves the rule out: it may be a misspelt one', () => {
  const found = compiled(`  - {matchs: [{path: {value: /a}}], ${REFS}}\n  - ${REFS}`);
  assert.equal(routeOf(found)?.rules.length, 1);
});

test('an unknown field beside matches makes the rule answer 500 where it matches', () => {
  const found = compiled(`  - {matches: [{path: {value: /a}}], filter: [], ${REFS}}\n  - ${REFS}`);
  assert.equal(ruleOf(found).invalid, 'the rule has errors');
  assert.equal(ruleOf(found).matches[0]?.path.value, '/a');
  assert.deepEqual(ruleOf(found).backends, []);
  assert.equal(ruleOf(found, 1).invalid, null);
});

test('two rules of one name: both are known by names of their own', () => {
  const found = compiled(
    `  - {name: a, ${REFS}}\n  - {name: a, matches: [{path: {value: /b}}], ${REFS}}`,
  );
  assert.deepEqual(
    routeOf(found)?.rules.map(({ name }) => name),
    ['default/r/a', 'default/r/a#1'],
  );
  assert.equal(ruleOf(found, 1).invalid, 'the rule has errors');
});

test('a route whose every rule is left out is not attached', () => {
  const found = compiled(`  - {matches: [{path: {value: a}}], ${REFS}}`);
  assert.equal(routeOf(found), undefined);
  assert.equal(parentConditions(found, 'HTTPRoute', 'r')[0], 'Accepted=False UnsupportedValue');
  assert.equal(statusOf(found, 'Gateway', 'edge').listeners[0]?.attachedRoutes, 0);
});

test('a route whose every rule is invalid answers 500 and is not accepted', () => {
  const found = compiled(`  - {timeouts: {request: soon}, ${REFS}}`);
  assert.equal(ruleOf(found).invalid, 'the rule has errors');
  assert.equal(parentConditions(found, 'HTTPRoute', 'r')[0], 'Accepted=False UnsupportedValue');
  assert.equal(statusOf(found, 'Gateway', 'edge').listeners[0]?.attachedRoutes, 0);
});

for (const field of ['hostnames: [UPPER.example.com]', 'hostname: [a.example.com]', 'rules: 1']) {
  test(`an error outside the rules keeps the route out: ${field}`, () => {
    const rest = field.startsWith('rules') ? '' : `\n  rules: [{${REFS}}]`;
    const found = mesh(gateway() + route('r', `  ${field}${rest}`) + backend('main'));
    assert.equal(routeOf(found), undefined);
    assert.deepEqual(statusOf(found, 'HTTPRoute', 'r').conditions.map(conditionText), [
      'Accepted=False UnsupportedValue',
    ]);
  });
}

test('an error in parentRefs keeps the route out of all parents', () => {
  const found = mesh(
    gateway() +
      route('r', `  rules: [{${REFS}}]`).replace('[{name: edge}]', '[{name: edge}, {nam: edge}]') +
      backend('main'),
  );
  assert.equal(routeOf(found), undefined);
});

test('a route without parentRefs is named', () => {
  const found = mesh(
    gateway() +
      route('r', `  rules: [{${REFS}}]`).replace('  parentRefs: [{name: edge}]\n', '') +
      backend('main'),
  );
  assert.deepEqual(codes(found.problems), ['error not-attached spec.parentRefs']);
  assert.deepEqual(statusOf(found, 'HTTPRoute', 'r').conditions.map(conditionText), [
    'Accepted=False NoMatchingParent',
  ]);
});

test('a route without rules has one that takes everything and has no backend', () => {
  const found = mesh(gateway() + route('r', '  hostnames: [a.example.com]'));
  assert.equal(routeOf(found)?.rules.length, 1);
  assert.deepEqual(codes(found.problems), ['warning no-backend spec.rules[0]']);
});

test('no backend with a weight is a warning, unless the rule redirects', () => {
  const zero = compiled(`  - backendRefs: [${to('main', ', weight: 0')}]`);
  assert.deepEqual(codes(zero.problems), ['warning no-backend spec.rules[0]']);
  const redirect = compiled('  - filters: [{type: RequestRedirect, requestRedirect: {port: 81}}]');
  assert.deepEqual(redirect.problems, []);
});

test('timeouts: 0s is none', () => {
  const found = compiled(`  - {timeouts: {request: 0s, backendRequest: 1m}, ${REFS}}`);
  assert.deepEqual(ruleOf(found).timeouts, { requestMs: 0, backendRequestMs: 60_000 });
});

test('retry: defaults, and no more than a request ever gets', () => {
  const found = compiled(
    `  - {retry: {}, ${REFS}}\n  - {retry: {attempts: 11, codes: [503], backoff: 2s}, ${REFS}}`,
  );
  assert.deepEqual(ruleOf(found).retry, { codes: [], attempts: 1, backoffMs: 25 });
  assert.deepEqual(ruleOf(found, 1).retry, { codes: [503], attempts: 10, backoffMs: 2_000 });
  assert.deepEqual(codes(found.problems), ['warning over-limit spec.rules[1].retry.attempts']);
});

const FILTER = (filter: string): string => `  - {filters: [${filter}], ${REFS}}`;

test('a redirect knows the port of each listener it stands in', () => {
  const found = mesh(
    `${gateway()}  - {name: other, port: 81, protocol: HTTP}\n${route(
      'r',
      '  rules: [{filters: [{type: RequestRedirect, requestRedirect: {}}]}]',
    )}`,
  );
  const ports = found.snapshot.binds.map(({ port, listeners }) => {
    const filter = listeners[0]?.routes[0]?.rules[0]?.filters[0];
    return [port, filter?.type === 'RequestRedirect' ? filter.listenerPort : null];
  });
  assert.deepEqual(ports, [
    [81, 81],
    [8080, 8080],
  ]);
});

test('rules that do not depend on the listener are the same object in each', () => {
  const found = mesh(
    `${gateway()}  - {name: other, port: 81, protocol: HTTP}\n${route('r', `  rules: [{${REFS}}]`)}${backend('main')}`,
  );
  const [first, second] = found.snapshot.binds.map(
    ({ listeners }) => listeners[0]?.routes[0]?.rules,
  );
  assert.notEqual(first, undefined);
  assert.equal(first, second);
});

const REPLACEMENTS: readonly (readonly [written: string, value: string])[] = [
  ['/', ''],
  ['""', ''],
  ['/x', '/x'],
  ['/x/', '/x'],
];

for (const [written, value] of REPLACEMENTS) {
  test(`ReplacePrefixMatch ${written} puts in "${value}"`, () => {
    const found = compiled(
      FILTER(
        `{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: ${written}}}}`,
      ),
    );
    assert.deepEqual(ruleOf(found).filters, [
      { type: 'URLRewrite', hostname: '', path: { type: 'ReplacePrefixMatch', value } },
    ]);
  });
}

test('ExternalAuth is never skipped: its rule answers 500', () => {
  const found = compiled(
    FILTER(
      `{type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: ${to('main')}}}`,
    ),
  );
  assert.match(ruleOf(found).invalid ?? '', /ExternalAuth is not served/);
  assert.deepEqual(codes(found.problems), ['error not-served spec.rules[0].filters[0].type']);
});

const EXTENSIONS: readonly (readonly [ref: string, reason: string])[] = [
  ['{group: example.com, kind: Filter, name: a}', 'InvalidKind'],
  ['{group: extensions.istio.io, kind: WasmPlugin, name: gone}', 'FilterNotFound'],
];

for (const [ref, reason] of EXTENSIONS) {
  test(`an ExtensionRef that leads nowhere makes its rule answer 500: ${reason}`, () => {
    const found = compiled(`${FILTER(`{type: ExtensionRef, extensionRef: ${ref}}`)}\n  - ${REFS}`);
    assert.notEqual(ruleOf(found).invalid, null);
    assert.equal(ruleOf(found, 1).invalid, null);
    assert.deepEqual(parentConditions(found, 'HTTPRoute', 'r'), [
      'Accepted=True Accepted',
      `ResolvedRefs=False ${reason}`,
      'PartiallyInvalid=True UnsupportedValue',
    ]);
  });
}

test('a mirror without a backend is dropped, the rule goes on, and the route says so', () => {
  const found = compiled(
    FILTER(`{type: RequestMirror, requestMirror: {backendRef: ${to('gone')}}}`),
  );
  assert.deepEqual(ruleOf(found).filters, [
    { type: 'RequestMirror', cluster: '', numerator: 1, denominator: 1 },
  ]);
  assert.equal(ruleOf(found).invalid, null);
  assert.equal(parentConditions(found, 'HTTPRoute', 'r')[1], 'ResolvedRefs=False BackendNotFound');
});

test('the cluster of a mirror is in the snapshot', () => {
  const found = mesh(
    gateway() +
      route(
        'r',
        `  rules: [{filters: [{type: RequestMirror, requestMirror: {backendRef: ${to('shadow')}}}], ${REFS}}]`,
      ) +
      backend('main') +
      backend('shadow'),
  );
  assert.deepEqual(
    found.snapshot.clusters.map(({ name }) => name),
    ['backend/default/main', 'backend/default/shadow'],
  );
});

test('a backendRef whose filter cannot be done answers 500 for its share', () => {
  const filter =
    '{type: ExtensionRef, extensionRef: {group: extensions.istio.io, kind: WasmPlugin, name: a}}';
  const found = compiled(
    `  - backendRefs: [${to('main', ', weight: 3')}, ${to('main', `, filters: [${filter}]`)}]`,
  );
  const [good, bad] = ruleOf(found).backends;
  assert.deepEqual([good?.cluster, good?.weight, good?.invalid], ['backend/default/main', 3, null]);
  assert.equal(bad?.cluster, '');
  assert.match(bad?.invalid ?? '', /not served/);
});

test('clusters of a route that no listener takes are not built', () => {
  const found = mesh(
    gateway() + route('r', `  rules: [{${REFS}}]`).replace('edge', 'gone') + backend('main'),
  );
  assert.deepEqual(found.snapshot.clusters, []);
});
