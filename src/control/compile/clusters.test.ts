import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../config/cluster.ts';
import {
  backend,
  codes,
  conditionText,
  gateway,
  mesh,
  parentConditions,
  route,
  statusOf,
} from './testing/mesh.ts';

/** A mesh whose one rule refers to `refs`, with more documents below. */
function referring(refs: string, documents = ''): ReturnType<typeof mesh> {
  return mesh(gateway() + route('r', `  rules: [{backendRefs: [${refs}]}]`) + documents);
}

function clusterOf(found: ReturnType<typeof mesh>): Cluster | undefined {
  return found.snapshot.clusters[0];
}

function endpointsOf(found: ReturnType<typeof mesh>): readonly string[] {
  const discovery = clusterOf(found)?.discovery;
  if (discovery?.type !== 'static') throw new Error('not static');
  return discovery.endpoints.map(({ address, port }) => `${address} ${port}`);
}

function invalid(found: ReturnType<typeof mesh>): readonly (string | null)[] {
  const rule = found.snapshot.binds[0]?.listeners[0]?.routes[0]?.rules[0];
  return (rule?.backends ?? []).map((one) => one.invalid);
}

function service(spec: string, namespace = 'default'): string {
  return `---
apiVersion: v1
kind: Service
metadata: {name: svc, namespace: ${namespace}}
spec: ${spec}
`;
}

function slice(name: string, rest: string): string {
  return `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, labels: {kubernetes.io/service-name: svc}}
addressType: IPv4
${rest}
`;
}

const PORT = '{ports: [{name: web, port: 80, targetPort: 8080}]}';

test('endpoints come from the slice port of the same name', () => {
  const found = referring(
    '{name: svc, port: 80}',
    service(PORT) +
      slice(
        'a',
        'ports: [{name: other, port: 1}, {name: web, port: 8081}]\nendpoints: [{addresses: [10.0.0.1]}]',
      ),
  );
  assert.deepEqual(endpointsOf(found), ['10.0.0.1 8081']);
});

const HAND_WRITTEN: readonly (readonly [what: string, ports: string, port: number | null])[] = [
  ['no ports: the targetPort', '', 8080],
  ['an unnamed port of the targetPort number', 'ports: [{port: 8080}]', 8080],
  ['an unnamed port of another number', 'ports: [{port: 9999}]', null],
  ['a port of another name', 'ports: [{name: x, port: 8080}]', null],
  ['a UDP port of the name', 'ports: [{name: web, port: 8080, protocol: UDP}]', null],
  ['a port of the name without number: the targetPort', 'ports: [{name: web}]', 8080],
];

for (const [what, ports, port] of HAND_WRITTEN) {
  test(`a slice with ${what}`, () => {
    const found = referring(
      '{name: svc, port: 80}',
      service(PORT) + slice('a', `${ports}\nendpoints: [{addresses: [10.0.0.1]}]`),
    );
    assert.deepEqual(endpointsOf(found), port === null ? [] : [`10.0.0.1 ${port}`]);
  });
}

test('a slice port found by the name of the targetPort', () => {
  const found = referring(
    '{name: svc, port: 80}',
    service('{ports: [{port: 80, targetPort: http}]}') +
      slice('a', 'ports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.0.0.1]}]'),
  );
  assert.deepEqual(endpointsOf(found), ['10.0.0.1 8080']);
});

test('ready or silent endpoints only; each once; slices by name', () => {
  const found = referring(
    '{name: svc, port: 80}',
    service(PORT) +
      slice(
        'b',
        'ports: [{name: web, port: 8080}]\nendpoints: [{addresses: [10.0.0.2]}, {addresses: [10.0.0.1]}]',
      ) +
      slice(
        'a',
        `ports: [{name: web, port: 8080}]
endpoints:
- {addresses: [10.0.0.2]}
- {addresses: [10.0.0.3], conditions: {ready: false}}
- {addresses: [10.0.0.4], conditions: {ready: true}}
- {addresses: [10.0.0.5], conditions: {}}`,
      ),
  );
  assert.deepEqual(endpointsOf(found), [
    '10.0.0.2 8080',
    '10.0.0.4 8080',
    '10.0.0.5 8080',
    '10.0.0.1 8080',
  ]);
});

test('slices without a ready endpoint: a cluster with none, and no warning', () => {
  const found = referring(
    '{name: svc, port: 80}',
    service('{clusterIP: 10.96.0.1, ports: [{port: 80}]}') + slice('a', 'endpoints: []'),
  );
  assert.deepEqual(endpointsOf(found), []);
  assert.deepEqual(found.problems, []);
  assert.deepEqual(invalid(found), [null]);
});

test('an endpoint with errors is left out, a slice with others as a whole', () => {
  const one = referring(
    '{name: svc, port: 80}',
    service(PORT) + slice('a', 'endpoints: [{addresses: [nonsense]}, {addresses: [10.0.0.1]}]'),
  );
  assert.deepEqual(endpointsOf(one), ['10.0.0.1 8080']);
  const whole = referring(
    '{name: svc, port: 80}',
    service(PORT) + slice('a', 'prots: []\nendpoints: [{addresses: [10.0.0.1]}]'),
  );
  assert.deepEqual(endpointsOf(whole), []);
});

test('slices of host names, and slices of no Service, are named', () => {
  const found = referring(
    '{name: svc, port: 80}',
    service(PORT) +
      slice('a', 'endpoints: [{addresses: [a.example.com]}]').replace('IPv4', 'FQDN') +
      slice('b', 'endpoints: []').replace(
        'labels: {kubernetes.io/service-name: svc}',
        'labels: {}',
      ),
  );
  assert.deepEqual(codes(found.problems), [
    'warning no-endpoints spec',
    'warning not-served addressType',
    'warning not-attached metadata.labels',
  ]);
});

test('without slices the clusterIP serves, on the port of the Service', () => {
  const found = referring(
    '{name: svc, port: 80}',
    service('{clusterIP: 10.96.0.1, ports: [{port: 80, targetPort: 8080}]}'),
  );
  assert.deepEqual(endpointsOf(found), ['10.96.0.1 80']);
});

for (const spec of ['{ports: [{port: 80}]}', '{clusterIP: None, ports: [{port: 80}]}']) {
  test(`a Service that nothing is known of has no endpoint, and a warning: ${spec}`, () => {
    const found = referring('{name: svc, port: 80}, {name: svc, port: 80}', service(spec));
    assert.deepEqual(endpointsOf(found), []);
    assert.deepEqual(codes(found.problems), ['warning no-endpoints spec']);
  });
}

test('ExternalName resolves the name, lower case and without its dot', () => {
  const found = referring('{name: svc, port: 8443}', service('{externalName: Api.Example.com.}'));
  assert.deepEqual(clusterOf(found)?.discovery, {
    type: 'dns',
    hostname: 'api.example.com',
    port: 8443,
  });
});

test('a Backend with a hostname resolves it', () => {
  const found = referring(
    '{group: tulle.dev, kind: Backend, name: b}',
    `---
apiVersion: tulle.dev/v1alpha1
kind: Backend
metadata: {name: b}
spec: {hostname: api.example.com, port: 81}
`,
  );
  assert.deepEqual(clusterOf(found)?.discovery, {
    type: 'dns',
    hostname: 'api.example.com',
    port: 81,
  });
  assert.equal(clusterOf(found)?.name, 'backend/default/b');
});

const FAULTS: readonly (readonly [
  refs: string,
  documents: string,
  reason: string,
  code: string,
])[] = [
  ['{name: gone, port: 80}', '', 'BackendNotFound', 'dangling-reference'],
  ['{name: svc, port: 81}', service(PORT), 'BackendNotFound', 'dangling-reference'],
  ['{group: tulle.dev, kind: Backend, name: gone}', '', 'BackendNotFound', 'dangling-reference'],
  [
    '{group: tulle.dev, kind: WasmService, name: gone}',
    '',
    'BackendNotFound',
    'dangling-reference',
  ],
  ['{group: apps, kind: Deployment, name: a}', '', 'InvalidKind', 'invalid-kind'],
  ['{group: tulle.dev, kind: Service, name: a}', '', 'InvalidKind', 'invalid-kind'],
  ['{kind: Backend, name: a}', '', 'InvalidKind', 'invalid-kind'],
  [
    '{name: svc, port: 53}',
    service('{ports: [{port: 53, protocol: UDP}]}'),
    'UnsupportedProtocol',
    'not-served',
  ],
  [
    '{name: svc, port: 80}',
    service('{ports: [{port: 80, appProtocol: kubernetes.io/h2c}]}'),
    'UnsupportedProtocol',
    'not-served',
  ],
  ['{name: svc, port: 80}', service('{prots: []}'), 'UnsupportedValue', 'broken-reference'],
  [
    '{name: svc, namespace: data, port: 80}',
    service(PORT, 'data'),
    'RefNotPermitted',
    'not-permitted',
  ],
  ['{name: gone, namespace: data, port: 80}', '', 'RefNotPermitted', 'not-permitted'],
];

for (const [refs, documents, reason, code] of FAULTS) {
  test(`${reason}: ${refs} answers 500 for its share, its neighbour goes on`, () => {
    const found = referring(
      `${refs}, {group: tulle.dev, kind: Backend, name: good}`,
      documents + backend('good'),
    );
    const [bad, good] = invalid(found);
    assert.notEqual(bad, null);
    assert.equal(good, null);
    assert.deepEqual(parentConditions(found, 'HTTPRoute', 'r'), [
      'Accepted=True Accepted',
      `ResolvedRefs=False ${reason}`,
    ]);
    assert.deepEqual(codes(found.problems), [`error ${code} spec.rules[0].backendRefs[0]`]);
    assert.deepEqual(
      found.snapshot.clusters.map(({ name }) => name),
      ['backend/default/good'],
    );
  });
}

test('appProtocol http is served, in any case', () => {
  const found = referring(
    '{name: svc, port: 80}',
    service('{clusterIP: 10.0.0.1, ports: [{port: 80, appProtocol: HTTP}]}'),
  );
  assert.deepEqual(found.problems, []);
});

test('of a TCP and a UDP port with one number the TCP port is meant', () => {
  const found = referring(
    '{name: svc, port: 53}',
    service(
      '{clusterIP: 10.0.0.1, ports: [{name: u, port: 53, protocol: UDP}, {name: t, port: 53}]}',
    ),
  );
  assert.deepEqual(endpointsOf(found), ['10.0.0.1 53']);
});

test('a fault is reported at each reference, a warning of the backend once', () => {
  const found = referring('{name: gone, port: 80}, {name: gone, port: 80}');
  assert.deepEqual(codes(found.problems), [
    'error dangling-reference spec.rules[0].backendRefs[0]',
    'error dangling-reference spec.rules[0].backendRefs[1]',
  ]);
});

test('a Backend with errors beside its endpoints is out, with errors in one that one is', () => {
  const whole = mesh(backend('b').replace('spec: {', 'spec: {prot: x, '));
  assert.deepEqual(statusOf(whole, 'Backend', 'b').conditions.map(conditionText), [
    'Accepted=False Invalid',
  ]);
  const one = referring(
    '{group: tulle.dev, kind: Backend, name: b}',
    backend('b').replace('port: 9000}', 'port: 9000}, {address: 10.0.0.1, port: 0}'),
  );
  assert.deepEqual(endpointsOf(one), ['127.0.0.1 9000']);
});

function grant(version: string, from: string, to: string): string {
  return `---
apiVersion: gateway.networking.k8s.io/${version}
kind: ReferenceGrant
metadata: {name: g, namespace: data}
spec: {from: [${from}], to: [${to}]}
`;
}

const FROM = '{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}';
const ACROSS = '{name: svc, namespace: data, port: 80}';
const DATA = service('{clusterIP: 10.0.0.1, ports: [{port: 80}]}', 'data');

const GRANTS: readonly (readonly [from: string, to: string, isPermitted: boolean])[] = [
  [FROM, '{group: "", kind: Service}', true],
  [FROM, '{group: "", kind: Service, name: svc}', true],
  [FROM, '{group: "", kind: Service, name: other}', false],
  [FROM, '{group: "", kind: Service, name: other}, {group: "", kind: Service, name: svc}', true],
  [FROM, '{group: tulle.dev, kind: Backend}', false],
  [FROM.replace('default', 'shop'), '{group: "", kind: Service}', false],
  [FROM.replace('HTTPRoute', 'GRPCRoute'), '{group: "", kind: Service}', false],
  [FROM.replace('gateway.networking.k8s.io', 'example.com'), '{group: "", kind: Service}', false],
  [FROM, '{group: "", kind: Service, nam: svc}', false],
];

for (const version of ['v1', 'v1beta1']) {
  for (const [from, to, isPermitted] of GRANTS) {
    test(`ReferenceGrant ${version} from ${from} to ${to}: ${isPermitted}`, () => {
      const found = referring(ACROSS, DATA + grant(version, from, to));
      assert.equal(invalid(found)[0] === null, isPermitted);
    });
  }
}

test('a grant of another namespace grants nothing', () => {
  const found = referring(
    ACROSS,
    DATA +
      grant('v1', FROM, '{group: "", kind: Service}').replace(
        'namespace: data',
        'namespace: other',
      ),
  );
  assert.notEqual(invalid(found)[0], null);
});

test('a cluster is there once, however many refer to it, and in order of names', () => {
  const found = mesh(
    gateway() +
      route('b', '  rules: [{backendRefs: [{group: tulle.dev, kind: Backend, name: z}]}]') +
      route(
        'a',
        '  rules: [{backendRefs: [{group: tulle.dev, kind: Backend, name: z}, {group: tulle.dev, kind: Backend, name: a}]}]',
      ) +
      backend('z') +
      backend('a') +
      backend('unused'),
  );
  assert.deepEqual(
    found.snapshot.clusters.map(({ name }) => name),
    ['backend/default/a', 'backend/default/z'],
  );
});
