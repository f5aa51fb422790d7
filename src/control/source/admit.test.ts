import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { KINDS } from '../schema/kinds.ts';
import { type Admitted, admit } from './admit.ts';
import { fromYaml, problemsOf, summary } from './testing/from-yaml.ts';

const BACKEND = 'apiVersion: tulle.dev/v1alpha1\nkind: Backend\n';
const SPEC = 'spec: {endpoints: []}\n';

test('an object becomes a resource with what others ask for', () => {
  const { resources, problems } = fromYaml(
    `${BACKEND}metadata: {name: a, labels: {x: y}}\n${SPEC}`,
  );
  assert.deepEqual(problems, []);
  const [{ at, ...resource } = { at: undefined }] = resources;
  assert.deepEqual(resource, {
    group: 'tulle.dev',
    version: 'v1alpha1',
    kind: 'Backend',
    namespace: 'default',
    name: 'a',
    labels: { x: 'y' },
    annotations: {},
    createdMs: 0,
    body: {
      apiVersion: 'tulle.dev/v1alpha1',
      kind: 'Backend',
      metadata: { name: 'a', labels: { x: 'y' } },
      spec: { endpoints: [] },
    },
    problems: [],
  });
  assert.deepEqual(at?.(['spec', 'endpoints']), { file: 'test.yaml', line: 4, column: 8 });
});

test('objects of the cluster have no namespace', () => {
  const [namespace] = fromYaml(
    '{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}',
  ).resources;
  assert.equal(namespace?.namespace, '');
});

test('a List is its items, each with its own places', () => {
  const { resources, problems } = fromYaml(
    `apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ""}\nitems:\n- ${BACKEND.replaceAll('\n', '\n  ')}metadata: {name: a}\n  ${SPEC}- {apiVersion: v1, kind: Service, metadata: {name: s}, spec: {port: 1}}\n`,
  );
  assert.deepEqual(
    resources.map(({ name }) => name),
    ['a', 's'],
  );
  assert.deepEqual(problems.map(summary), ['9:63 unknown-field spec.port']);
  assert.equal(resources[0]?.at([]).line, 5);
});

test('what says not what it is', () => {
  for (const [text, problem] of [
    ['just text', 'not-an-object'],
    ['- a', 'not-an-object'],
    ['a: 1', 'missing-field kind'],
    ['kind: Service', 'missing-field apiVersion'],
    ['{apiVersion: v1, kind: 7}', 'missing-field kind'],
    ['{apiVersion: v2, kind: Service}', 'unknown-version apiVersion'],
    ['{apiVersion: apps/v1, kind: Deployment}', 'unknown-kind kind'],
    ['{apiVersion: v1, kind: List}', 'wrong-type items'],
    ['{apiVersion: v1, kind: List, items: [7]}', 'not-an-object'],
    ['{apiVersion: v1, kind: List, items: [], item: []}', 'unknown-field item'],
    [
      '{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: List, items: []}]}',
      'unknown-kind kind',
    ],
  ] as const) {
    assert.deepEqual(problemsOf(text), [problem], text);
    assert.deepEqual(fromYaml(text).resources, [], text);
  }
});

test('kinds and versions are suggested', () => {
  const [unknown] = fromYaml('{apiVersion: v1, kind: HttpRoute}').problems;
  assert.equal(unknown?.message, 'unknown kind "HttpRoute", did you mean "HTTPRoute"?');
  const [version] = fromYaml('{apiVersion: v1, kind: HTTPRoute}').problems;
  assert.match(version?.remedy ?? '', /gateway\.networking\.k8s\.io\/v1 or /);
});

test('a broken object is passed on with its errors, one without a name is not', () => {
  const broken = fromYaml(`${BACKEND}metadata: {name: a}\nspec: {endpoint: []}\n`);
  assert.deepEqual(broken.resources[0]?.problems, broken.problems);
  assert.equal(broken.problems[0]?.resource, 'Backend default/a');
  const nameless = fromYaml(`${BACKEND}metadata: {}\n${SPEC}`);
  assert.deepEqual(nameless.resources, []);
  assert.deepEqual(nameless.problems.map(summary), ['3:1 missing-field metadata.name']);
});

test('older versions are lifted to the newest', () => {
  const route = fromYaml(
    '{apiVersion: gateway.networking.k8s.io/v1beta1, kind: HTTPRoute, metadata: {name: a}, spec: {}}',
  );
  assert.deepEqual(route.problems, []);
  assert.equal(route.resources[0]?.version, 'v1');
  assert.equal(route.resources[0]?.body['apiVersion'], 'gateway.networking.k8s.io/v1');
  const policy =
    fromYaml(`{apiVersion: gateway.networking.k8s.io/v1alpha2, kind: BackendTLSPolicy, metadata: {name: a},
    spec: {targetRef: {group: "", kind: Service, name: s}, tls: {hostname: a.b, wellKnownCACerts: System}}}`);
  assert.deepEqual(
    policy.problems.map(({ code }) => code),
    ['not-served'],
  );
  assert.deepEqual(policy.resources[0]?.body['spec'], {
    targetRefs: [{ group: '', kind: 'Service', name: 's' }],
    validation: { hostname: 'a.b', wellKnownCACertificates: 'System' },
  });
});

/** Objects that are nearly right: a real kind, with names that schemas know and any values. */
const names = [
  'spec',
  'metadata',
  'name',
  'rules',
  'matches',
  'path',
  'type',
  'value',
  'filters',
  'backendRefs',
  'listeners',
  'port',
  'tls',
  'parentRefs',
  'targetRefs',
  'data',
  'endpoints',
  'addresses',
  'limits',
  'timeouts',
  'cors',
  'requestRedirect',
  'validation',
  '__proto__',
  'constructor',
];
const { value: nearly } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 7 },
    fc.oneof(
      fc.constantFrom('Exact', 'CORS', 'HTTP', '/a', 'a', '1s', ''),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double(),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }),
  ),
}));

test('no value throws, and every problem says what, where and what to do', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), nearly, nearly, (kind, spec, metadata) => {
      const apiVersion = kind.group === '' ? kind.versions[0] : `${kind.group}/${kind.versions[0]}`;
      const into: Admitted = { resources: [], problems: [] };
      admit(
        { apiVersion, kind: kind.name, metadata, spec },
        () => ({ file: 'f', line: 1, column: 1 }),
        into,
      );
      for (const problem of into.problems) {
        assert.ok(problem.code !== '' && problem.message !== '' && problem.remedy !== '');
        assert.match(problem.remedy, /[.)]$/);
      }
      assert.ok(into.resources.length <= 1);
    }),
    { numRuns: 3000, seed: 41 },
  );
});
