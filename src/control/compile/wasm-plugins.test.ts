import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompileOptions } from './options.ts';
import {
  codes,
  conditionText,
  gateway,
  mesh,
  parentConditions,
  route,
  statusOf,
} from './testing/mesh.ts';

const ROUTE = route(
  'r',
  `  rules:
  - {name: front, backendRefs: [{name: svc, port: 80}]}
  - {name: back, matches: [{path: {value: /back}}], backendRefs: [{name: svc, port: 81}]}`,
);
const SERVICE = `---
apiVersion: v1
kind: Service
metadata: {name: svc}
spec: {clusterIP: 10.0.0.1, ports: [{name: web, port: 80}, {name: admin, port: 81}]}
`;
const MESH = `${gateway()}  - {name: other, port: 81, protocol: HTTP}\n${ROUTE}${SERVICE}`;

function plugin(name: string, spec = '', metadata = ''): string {
  return `---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: ${name}${metadata}}
spec: {url: ${name}.wasm${spec === '' ? '' : `, ${spec}`}}
`;
}

const target = (
  kind: string,
  name: string,
  section = '',
  group = 'gateway.networking.k8s.io',
): string =>
  `targetRefs: [{group: "${group}", kind: ${kind}, name: ${name}${section === '' ? '' : `, sectionName: ${section}`}}]`;

interface Chains {
  readonly listeners: Record<string, readonly string[]>;
  readonly rules: Record<string, readonly string[]>;
  readonly loaded: readonly string[];
}

function chains(text: string, options: Partial<CompileOptions> = {}): Chains {
  const { snapshot } = mesh(text, options);
  const listeners = snapshot.binds.flatMap((bind) => bind.listeners);
  const rules = listeners.flatMap(({ name, routes }) =>
    routes.flatMap((one) =>
      one.rules.map((rule) => [`${name} ${rule.name}`, rule.wasmFilters] as const),
    ),
  );
  return {
    listeners: Object.fromEntries(listeners.map(({ name, filters }) => [name, filters])),
    rules: Object.fromEntries(rules.filter(([, filters]) => filters.length > 0)),
    loaded: snapshot.filters.map(({ id }) => id),
  };
}

test('without a target: every listener of every Gateway of the namespace', () => {
  const text =
    MESH +
    `---\n${gateway().replace('name: edge', 'name: far, namespace: shop').replace('8080', '82')}` +
    plugin('a');
  assert.deepEqual(chains(text), {
    listeners: {
      'default/edge/http': ['default/a'],
      'default/edge/other': ['default/a'],
      'shop/far/http': [],
    },
    rules: {},
    loaded: ['default/a'],
  });
});

test('a plugin of the root namespace applies to every namespace', () => {
  const text = MESH + plugin('a', '', ', namespace: istio-system');
  assert.deepEqual(chains(text).listeners['default/edge/http'], ['istio-system/a']);
  const other = { rootNamespace: 'mesh' };
  assert.deepEqual(chains(text, other).listeners['default/edge/http'], []);
  const moved = MESH + plugin('a', '', ', namespace: mesh');
  assert.deepEqual(chains(moved, other).listeners['default/edge/http'], ['mesh/a']);
});

test('a plugin that applies nowhere is named, and not loaded', () => {
  const found = mesh(MESH + plugin('a', '', ', namespace: shop'));
  assert.deepEqual(codes(found.problems), ['warning not-attached spec.selector']);
  assert.deepEqual(found.snapshot.filters, []);
});

test('a Gateway, and one listener of it', () => {
  const text =
    MESH + plugin('a', target('Gateway', 'edge')) + plugin('b', target('Gateway', 'edge', 'other'));
  assert.deepEqual(chains(text).listeners, {
    'default/edge/http': ['default/a'],
    'default/edge/other': ['default/a', 'default/b'],
  });
});

test('an HTTPRoute, and one rule of it', () => {
  const text =
    MESH + plugin('a', target('HTTPRoute', 'r')) + plugin('b', target('HTTPRoute', 'r', 'back'));
  assert.deepEqual(chains(text).rules, {
    'default/edge/http default/r/front': ['default/a'],
    'default/edge/http default/r/back': ['default/a', 'default/b'],
    'default/edge/other default/r/front': ['default/a'],
    'default/edge/other default/r/back': ['default/a', 'default/b'],
  });
});

test('a Service: the rules that send it requests; and one port of it', () => {
  const text =
    MESH +
    plugin('a', target('Service', 'svc', '', '')) +
    plugin('b', target('Service', 'svc', 'admin', ''));
  assert.deepEqual(chains(text).rules['default/edge/http default/r/front'], ['default/a']);
  assert.deepEqual(chains(text).rules['default/edge/http default/r/back'], [
    'default/a',
    'default/b',
  ]);
});

test('a GatewayClass, from the root namespace only', () => {
  const gatewayClass = `---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: tulle}
spec: {controllerName: tulle.dev/gateway-controller}
`;
  const refs = target('GatewayClass', 'tulle');
  const root = MESH + gatewayClass + plugin('a', refs, ', namespace: istio-system');
  assert.deepEqual(chains(root).listeners['default/edge/http'], ['istio-system/a']);
  const found = mesh(MESH + gatewayClass + plugin('a', refs));
  assert.deepEqual(codes(found.problems), ['error not-permitted spec.targetRefs[0]']);
});

test('a selector takes Gateways by their labels and by their name', () => {
  const labelled = MESH.replace(
    'metadata: {name: edge}',
    'metadata: {name: edge, labels: {tier: front}}',
  );
  const selector = (labels: string): string => `selector: {matchLabels: {${labels}}}`;
  const applies = (labels: string): boolean =>
    chains(labelled + plugin('a', selector(labels))).loaded.length > 0;
  assert.equal(applies('tier: front'), true);
  assert.equal(applies('tier: back'), false);
  assert.equal(applies('gateway.networking.k8s.io/gateway-name: edge'), true);
});

test('chain order: phase, then priority, then name', () => {
  const text =
    MESH +
    plugin('none') +
    plugin('none-first', 'priority: 5') +
    plugin('stats', 'phase: STATS, priority: 99') +
    plugin('authz', 'phase: AUTHZ') +
    plugin('authn-b', 'phase: AUTHN, priority: -1') +
    plugin('authn-c', 'phase: AUTHN, priority: 10') +
    plugin('authn-a', 'phase: AUTHN, priority: 10') +
    plugin('unspecified', 'phase: UNSPECIFIED_PHASE');
  assert.deepEqual(chains(text).listeners['default/edge/http'], [
    'default/authn-a',
    'default/authn-c',
    'default/authn-b',
    'default/authz',
    'default/stats',
    'default/none-first',
    'default/none',
    'default/unspecified',
  ]);
});

const EXTENSION = ROUTE.replace(
  '{name: front, ',
  '{name: front, filters: [{type: ExtensionRef, extensionRef: {group: extensions.istio.io, kind: WasmPlugin, name: a}}], ',
);

test('a plugin without a target that an ExtensionRef names runs only there', () => {
  const text = gateway() + EXTENSION + SERVICE + plugin('a');
  assert.deepEqual(chains(text), {
    listeners: { 'default/edge/http': [] },
    rules: { 'default/edge/http default/r/front': ['default/a'] },
    loaded: ['default/a'],
  });
  assert.deepEqual(mesh(text).problems, []);
});

test('a filter that the listener runs already is not run again by the rule', () => {
  const text = `${gateway()}  - {name: other, port: 81, protocol: HTTP}\n${EXTENSION}${SERVICE}${plugin('a', target('Gateway', 'edge', 'other'))}`;
  assert.deepEqual(chains(text), {
    listeners: { 'default/edge/http': [], 'default/edge/other': ['default/a'] },
    rules: { 'default/edge/http default/r/front': ['default/a'] },
    loaded: ['default/a'],
  });
});

test('several ways to one rule: each filter once, in chain order', () => {
  const refs = `targetRefs:
  [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}, {group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: front}, {group: "", kind: Service, name: svc}]`;
  const text =
    gateway() +
    EXTENSION +
    SERVICE +
    plugin('a', refs) +
    plugin('b', `${target('HTTPRoute', 'r')}, phase: AUTHN`);
  assert.deepEqual(chains(text).rules['default/edge/http default/r/front'], [
    'default/b',
    'default/a',
  ]);
});

const MATCHES: readonly (readonly [match: string, http: boolean, other: boolean])[] = [
  ['[{}]', true, true],
  ['[{mode: CLIENT}]', true, true],
  ['[{mode: CLIENT_AND_SERVER, ports: [{number: 81}]}]', false, true],
  ['[{ports: [{number: 81}]}, {ports: [{number: 8080}]}]', true, true],
  ['[{ports: [{number: 1}]}]', false, false],
  ['[{mode: SERVER}]', false, false],
  ['[{mode: SERVER, ports: [{number: 81}]}, {mode: CLIENT, ports: [{number: 8080}]}]', true, false],
];

for (const [match, http, other] of MATCHES) {
  test(`match ${match}: port 8080 ${http}, port 81 ${other}`, () => {
    const gateways = chains(MESH + plugin('a', `match: ${match}`)).listeners;
    assert.equal(gateways['default/edge/http']?.length, http ? 1 : 0);
    assert.equal(gateways['default/edge/other']?.length, other ? 1 : 0);
    const { rules } = chains(
      MESH + plugin('a', `match: ${match}, ${target('HTTPRoute', 'r', 'front')}`),
    );
    assert.equal('default/edge/http default/r/front' in rules, http);
    assert.equal('default/edge/other default/r/front' in rules, other);
  });
}

test('a plugin for servers only says that it runs nowhere', () => {
  const found = mesh(MESH + plugin('a', 'match: [{mode: SERVER}]'));
  assert.deepEqual(codes(found.problems), ['warning not-attached spec.match']);
});

const TARGETS: readonly (readonly [refs: string, code: string, reason: string])[] = [
  [target('Gateway', 'gone'), 'dangling-reference', 'TargetNotFound'],
  [target('Gateway', 'edge', 'gone'), 'dangling-reference', 'TargetNotFound'],
  [target('HTTPRoute', 'r', 'gone'), 'dangling-reference', 'TargetNotFound'],
  [target('Service', 'svc', 'gone', ''), 'dangling-reference', 'TargetNotFound'],
  [target('Backend', 'b', '', 'tulle.dev'), 'invalid-kind', 'InvalidKind'],
];

for (const [refs, code, reason] of TARGETS) {
  test(`${reason}: ${refs}`, () => {
    const found = mesh(MESH + plugin('a', refs));
    assert.deepEqual(codes(found.problems), [`error ${code} spec.targetRefs[0]`]);
    assert.deepEqual(parentConditions(found, 'WasmPlugin', 'a'), [`Accepted=False ${reason}`]);
    assert.deepEqual(found.snapshot.filters, []);
  });
}

function only(text: string): ReturnType<typeof mesh>['snapshot']['filters'][number] | undefined {
  return mesh(MESH + text).snapshot.filters[0];
}

test('a plain plugin: every default', () => {
  assert.deepEqual(only(plugin('a')), {
    id: 'default/a',
    module: { url: 'a.wasm', path: '/conf/a.wasm', sha256: '' },
    pluginName: '',
    configuration: '',
    failOpen: false,
    headersStopIteration: false,
    env: [],
  });
});

test('pluginConfig: an object as JSON, a string as itself', () => {
  assert.equal(
    only(plugin('a', 'pluginConfig: {b: [1, null], a: "x"}'))?.configuration,
    '{"b":[1,null],"a":"x"}',
  );
  assert.equal(only(plugin('a', 'pluginConfig: "a: {"'))?.configuration, 'a: {');
});

for (const [strategy, failOpen] of [
  ['FAIL_OPEN', true],
  ['FAIL_CLOSE', false],
  ['FAIL_RELOAD', false],
] as const) {
  test(`failStrategy ${strategy}: ${failOpen ? 'open' : 'closed'}`, () => {
    assert.equal(only(plugin('a', `failStrategy: ${strategy}`))?.failOpen, failOpen);
  });
}

test('a plugin with errors keeps its place and fails as it says', () => {
  const closed = mesh(MESH + plugin('a', 'sha256: 12'));
  assert.deepEqual(closed.snapshot.filters[0]?.module.path, '');
  assert.equal(closed.snapshot.filters[0]?.failOpen, false);
  assert.deepEqual(statusOf(closed, 'WasmPlugin', 'a').conditions.map(conditionText), [
    'Accepted=False Invalid',
    'Programmed=False ModuleNotFound',
  ]);
  assert.equal(only(plugin('a', 'sha256: 12, failStrategy: FAIL_OPEN'))?.failOpen, true);
  assert.equal(only(plugin('a', 'failStrategy: OPEN'))?.failOpen, false);
});

test('a plugin whose targets cannot be read is attached nowhere', () => {
  assert.equal(only(plugin('a', 'targetRefs: {kind: Gateway}')), undefined);
  assert.equal(only(plugin('a', 'targetRfs: []')), undefined);
});

test('an empty list of targets is none: the selector holds, or every Gateway', () => {
  assert.deepEqual(chains(MESH + plugin('a', 'targetRefs: []')).listeners, {
    'default/edge/http': ['default/a'],
    'default/edge/other': ['default/a'],
  });
  const selector = 'targetRefs: [], selector: {matchLabels: {a: b}}';
  assert.deepEqual(codes(mesh(MESH + plugin('a', selector)).problems), [
    'warning not-attached spec.selector',
  ]);
  assert.equal(only(plugin('a', 'targetRefs: [], selector: 1')), undefined);
});

test('an error in one target leaves the others', () => {
  const refs =
    'targetRefs: [{kind: Gateway}, {group: gateway.networking.k8s.io, kind: Gateway, name: edge, sectionName: other}]';
  assert.deepEqual(chains(MESH + plugin('a', refs)).listeners, {
    'default/edge/http': [],
    'default/edge/other': ['default/a'],
  });
});

test('a network filter is refused and closed', () => {
  const found = mesh(MESH + plugin('a', 'type: NETWORK'));
  assert.deepEqual(codes(found.problems), ['error not-served spec.type']);
  assert.equal(found.snapshot.filters[0]?.module.path, '');
});

test('an annotation lets a held head hold only the head', () => {
  const annotated = (value: string): string =>
    plugin('a', '', `, annotations: {tulle.dev/allow-on-headers-stop-iteration: ${value}}`);
  assert.equal(only(annotated('"true"'))?.headersStopIteration, true);
  assert.equal(only(annotated('"false"'))?.headersStopIteration, false);
  assert.equal(only(plugin('a'))?.headersStopIteration, false);
  const wrong = mesh(`${MESH}${annotated('"yes"')}`);
  assert.equal(wrong.snapshot.filters[0]?.headersStopIteration, false);
  assert.deepEqual(codes(wrong.problems), [
    'error bad-value metadata.annotations.tulle.dev/allow-on-headers-stop-iteration',
  ]);
});

test('an annotation gives the callbacks of a filter more time', () => {
  const annotated = (value: string): string =>
    plugin('a', '', `, annotations: {tulle.dev/filter-cpu-limit: ${value}}`);
  assert.equal(only(annotated('200ms'))?.cpuMs, 200);
  assert.equal(only(annotated('1s'))?.cpuMs, 1_000);
  assert.equal(only(plugin('a'))?.cpuMs, undefined);
  for (const value of ['2s', '0ms', 'soon', '"200"']) {
    const wrong = mesh(`${MESH}${annotated(value)}`);
    assert.equal(wrong.snapshot.filters[0]?.cpuMs, undefined, value);
    assert.deepEqual(codes(wrong.problems), [
      'error bad-value metadata.annotations.tulle.dev/filter-cpu-limit',
    ]);
  }
});
