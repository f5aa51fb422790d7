import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backend,
  codes,
  gateway,
  mesh,
  parentConditions,
  route,
  statusOf,
  to,
} from './testing/mesh.ts';

const RULES = `  rules: [{backendRefs: [${to('main')}]}]`;

function routesIn(found: ReturnType<typeof mesh>): Record<string, readonly string[]> {
  const entries = found.snapshot.binds.flatMap(({ listeners }) =>
    listeners.map(({ name, routes }) => [name, routes.map((one) => one.name)] as const),
  );
  return Object.fromEntries(entries);
}

function attached(found: ReturnType<typeof mesh>, name = 'edge'): readonly number[] {
  return statusOf(found, 'Gateway', name).listeners.map((listener) => listener.attachedRoutes);
}

const TWO_PORTS = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: tulle
  listeners:
  - {name: a, port: 80, protocol: HTTP}
  - {name: b, port: 81, protocol: HTTP}
  - {name: c, port: 81, protocol: HTTP, hostname: c.example.com}
`;

function to2(parentRef: string): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [${parentRef}]
${RULES}
${backend('main')}`;
}

test('a parentRef without section takes every listener', () => {
  assert.deepEqual(attached(mesh(TWO_PORTS + to2('{name: edge}'))), [1, 1, 1]);
});

test('sectionName and port choose listeners, alone and together', () => {
  assert.deepEqual(attached(mesh(TWO_PORTS + to2('{name: edge, sectionName: b}'))), [0, 1, 0]);
  assert.deepEqual(attached(mesh(TWO_PORTS + to2('{name: edge, port: 81}'))), [0, 1, 1]);
  const both = mesh(TWO_PORTS + to2('{name: edge, port: 81, sectionName: c}'));
  assert.deepEqual(attached(both), [0, 0, 1]);
});

for (const parent of [
  '{name: edge, port: 82}',
  '{name: edge, sectionName: d}',
  '{name: edge, port: 80, sectionName: b}',
]) {
  test(`NoMatchingParent: ${parent}`, () => {
    const found = mesh(TWO_PORTS + to2(parent));
    assert.deepEqual(parentConditions(found, 'HTTPRoute', 'r'), [
      'Accepted=False NoMatchingParent',
      'ResolvedRefs=True ResolvedRefs',
    ]);
    assert.deepEqual(codes(found.problems), ['error dangling-reference spec.parentRefs[0]']);
    assert.deepEqual(found.snapshot.clusters, []);
  });
}

test('NoMatchingParent: no such Gateway', () => {
  const found = mesh(TWO_PORTS + to2('{name: egde}'));
  assert.equal(parentConditions(found, 'HTTPRoute', 'r')[0], 'Accepted=False NoMatchingParent');
  assert.match(found.problems[0]?.message ?? '', /no Gateway default\/egde/);
});

test('InvalidKind: a parent that is no Gateway', () => {
  const found = mesh(TWO_PORTS + to2('{group: "", kind: Service, name: edge}'));
  assert.equal(parentConditions(found, 'HTTPRoute', 'r')[0], 'Accepted=False InvalidKind');
  assert.deepEqual(codes(found.problems), ['error invalid-kind spec.parentRefs[0]']);
});

test('several parents: each by itself, a listener only once', () => {
  const found = mesh(
    TWO_PORTS + to2('{name: edge, sectionName: a}, {name: edge, port: 80}, {name: gone}'),
  );
  assert.deepEqual(attached(found), [1, 0, 0]);
  assert.deepEqual(routesIn(found)['default/edge/a'], ['default/r']);
  assert.equal(parentConditions(found, 'HTTPRoute', 'r', 1)[0], 'Accepted=True Accepted');
  assert.equal(parentConditions(found, 'HTTPRoute', 'r', 2)[0], 'Accepted=False NoMatchingParent');
});

test('a Gateway of another class takes nothing and has no status of ours', () => {
  const found = mesh(gateway().replace('tulle', 'nginx') + route('r', RULES) + backend('main'));
  assert.deepEqual(statusOf(found, 'HTTPRoute', 'r').parents, []);
  assert.equal(
    found.status.some(({ kind }) => kind === 'Gateway'),
    false,
  );
  assert.deepEqual(codes(found.problems), ['warning not-ours spec.gatewayClassName']);
});

function fromShop(namespaces: string, extra = ''): ReturnType<typeof mesh> {
  const listener = namespaces === '' ? '' : `allowedRoutes: {namespaces: ${namespaces}}`;
  return mesh(`${gateway(listener)}${extra}---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: edge, namespace: default}]
  rules: [{backendRefs: [{group: tulle.dev, kind: Backend, name: main}]}]
${backend('main', ', namespace: shop')}`);
}

const NAMESPACE = `---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
`;

const ADMISSIONS: readonly (readonly [namespaces: string, extra: string, isAllowed: boolean])[] = [
  ['', '', false],
  ['{from: Same}', '', false],
  ['{from: None}', '', false],
  ['{from: All}', '', true],
  ['{from: Selector, selector: {matchLabels: {team: shop}}}', NAMESPACE, true],
  ['{from: Selector, selector: {matchLabels: {team: shop}}}', '', false],
  ['{from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: shop}}}', '', true],
  [
    '{from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: pay}}}',
    NAMESPACE,
    false,
  ],
];

for (const [namespaces, extra, isAllowed] of ADMISSIONS) {
  const where = extra === '' ? 'without' : 'with';
  test(`allowedRoutes ${namespaces || 'by default'}, ${where} Namespace: ${isAllowed}`, () => {
    const found = fromShop(namespaces, extra);
    const expected = isAllowed ? 'Accepted=True Accepted' : 'Accepted=False NotAllowedByListeners';
    assert.equal(parentConditions(found, 'HTTPRoute', 'r')[0], expected);
    assert.deepEqual(attached(found), [isAllowed ? 1 : 0]);
    assert.deepEqual(
      codes(found.problems),
      isAllowed ? [] : ['error not-attached spec.parentRefs[0]'],
    );
  });
}

test('a route that one of several namespaces lets in stays out of the others', () => {
  const found =
    mesh(`${gateway('allowedRoutes: {namespaces: {from: All}}')}  - {name: own, port: 81, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: edge, namespace: default}]
  rules: [{backendRefs: [{group: tulle.dev, kind: Backend, name: main}]}]
${backend('main', ', namespace: shop')}`);
  assert.deepEqual(routesIn(found), { 'default/edge/http': ['shop/r'], 'default/edge/own': [] });
});

test('a listener for other kinds lets no HTTPRoute in, and says so', () => {
  const found = mesh(
    gateway('allowedRoutes: {kinds: [{kind: GRPCRoute}]}') + route('r', RULES) + backend('main'),
  );
  assert.equal(
    parentConditions(found, 'HTTPRoute', 'r')[0],
    'Accepted=False NotAllowedByListeners',
  );
});

test('a listener whose protocol is not served lets no route in, and says so', () => {
  const found = mesh(
    gateway().replace('protocol: HTTP', 'protocol: UDP') + route('r', RULES) + backend('main'),
  );
  assert.equal(
    parentConditions(found, 'HTTPRoute', 'r')[0],
    'Accepted=False NotAllowedByListeners',
  );
  assert.match(found.problems.at(-1)?.message ?? '', /protocol UDP is not served/);
});

test('hostnames are narrowed to the listener', () => {
  const hostnames = '  hostnames: ["*.example.com", a.example.org, "*.a.example.com"]\n';
  const found = mesh(
    gateway('hostname: "*.a.example.com"') + route('r', hostnames + RULES) + backend('main'),
  );
  const [one] = found.snapshot.binds[0]?.listeners[0]?.routes ?? [];
  assert.deepEqual(one?.hostnames, ['*.a.example.com']);
});

test('NoMatchingListenerHostname', () => {
  const found = mesh(
    gateway('hostname: a.example.com') +
      route('r', `  hostnames: [b.example.com]\n${RULES}`) +
      backend('main'),
  );
  assert.equal(
    parentConditions(found, 'HTTPRoute', 'r')[0],
    'Accepted=False NoMatchingListenerHostname',
  );
  assert.deepEqual(attached(found), [0]);
  assert.deepEqual(codes(found.problems), ['error not-attached spec.parentRefs[0]']);
});

const at = (date: string): string => `, creationTimestamp: "${date}"`;

test('routes of one listener: older first, then namespace and name', () => {
  const found = mesh(
    gateway() +
      route('b', RULES, at('2026-01-02T00:00:00Z')) +
      route('c', RULES, at('2026-01-01T00:00:00Z')) +
      route('a', RULES, at('2026-01-02T00:00:00Z')) +
      backend('main'),
  );
  assert.deepEqual(routesIn(found)['default/edge/http'], ['default/c', 'default/a', 'default/b']);
});

test('attachedRoutes counts for a listener that is not served too', () => {
  const found = mesh(
    `${gateway()}  - {name: twin, port: 8080, protocol: HTTP}\n${route('r', RULES)}${backend('main')}`,
  );
  assert.deepEqual(attached(found), [1, 1]);
  assert.equal(parentConditions(found, 'HTTPRoute', 'r')[0], 'Accepted=True Accepted');
  assert.deepEqual(found.snapshot.binds, []);
  assert.deepEqual(found.snapshot.clusters, []);
});
