import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Callee } from '../../config/callee.ts';
import { backend, gateway, mesh, route, to } from './testing/mesh.ts';

const BASE = `${gateway()}${route('r', `  rules: [{backendRefs: [${to('shop')}]}]`)}${backend('shop')}`;

function plugin(name: string, namespace = 'default'): string {
  return `---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: ${name}, namespace: ${namespace}}
spec: {url: f.wasm, targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]}
`;
}

function service(name: string, spec: string, namespace = 'default'): string {
  return `---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {${spec}}
`;
}

function grant(namespace: string, kind: string, group: string): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g-${kind.toLowerCase()}, namespace: ${namespace}}
spec:
  from: [{group: extensions.istio.io, kind: WasmPlugin, namespace: default}]
  to: [{group: "${group}", kind: ${kind}}]
`;
}

const told = ({ kind, namespace, name, port, hostname, callers }: Callee): string =>
  [kind, `${namespace}/${name}`, port, hostname, callers.join()]
    .filter((one) => one !== '')
    .join(' ');

test('without a filter in force nothing is called, and no cluster is added', () => {
  const { snapshot } = mesh(`${BASE}${backend('other')}`);
  assert.deepEqual(snapshot.callees, []);
  assert.deepEqual(
    snapshot.clusters.map(({ name }) => name),
    ['backend/default/shop'],
  );
});

test('with one, whatever can be used of its namespace is a cluster that it can call', () => {
  const { snapshot, problems } = mesh(
    BASE +
      plugin('f') +
      backend('plain') +
      backend('named').replace(
        'endpoints: [{address: 127.0.0.1, port: 9000}]',
        'hostname: api.example.com, port: 8443',
      ) +
      service(
        'cart',
        'clusterIP: 10.0.0.1, ports: [{name: web, port: 80}, {name: rpc, port: 90, appProtocol: kubernetes.io/h2c}, {name: u, port: 53, protocol: UDP}]',
      ) +
      service('lost', 'ports: [{port: 80}]') +
      service('raw', 'clusterIP: 10.0.0.2, ports: [{port: 1, appProtocol: mqtt}]') +
      `---
apiVersion: tulle.dev/v1alpha1
kind: WasmService
metadata: {name: hello}
spec: {module: hello.wasm}
`,
  );
  assert.deepEqual(snapshot.callees.map(told), [
    'Backend default/named 8443 api.example.com',
    'Backend default/plain 0',
    'Backend default/shop 0',
    'Service default/cart 80',
    'Service default/cart 90',
    'WasmService default/hello 0',
  ]);
  const clusters = new Set(snapshot.clusters.map(({ name }) => name));
  assert.ok(snapshot.callees.every(({ cluster }) => clusters.has(cluster)));
  // Nobody refers to them: no word about those that cannot be used.
  assert.deepEqual(
    problems.map(({ resource }) => resource),
    [],
  );
});

test('of other namespaces only what a grant opens to filters', () => {
  const elsewhere =
    service('open', 'clusterIP: 10.0.0.1, ports: [{port: 80}]', 'team') +
    service('shut', 'clusterIP: 10.0.0.2, ports: [{port: 80}]', 'closed') +
    backend('far', ', namespace: team');
  const { snapshot } = mesh(BASE + plugin('f') + elsewhere + grant('team', 'Service', ''));
  assert.deepEqual(snapshot.callees.map(told), [
    'Backend default/shop 0',
    'Service team/open 80 default',
  ]);
  const both = mesh(
    BASE +
      plugin('f') +
      elsewhere +
      grant('team', 'Service', '') +
      grant('team', 'Backend', 'tulle.dev'),
  );
  assert.deepEqual(both.snapshot.callees.map(told), [
    'Backend default/shop 0',
    'Backend team/far 0 default',
    'Service team/open 80 default',
  ]);
});
