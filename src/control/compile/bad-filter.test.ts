import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { headFilterProblem } from '../../data/filter/builtin.ts';
import { fromYaml } from '../source/testing/from-yaml.ts';
import { compile } from './compile.ts';

const MESH = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: tulle
  listeners: [{name: http, port: 8080, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: content-length, value: "1"}]}
    backendRefs: [{group: tulle.dev, kind: Backend, name: legacy}]
  - matches: [{path: {type: PathPrefix, value: /ok}}]
    backendRefs: [{group: tulle.dev, kind: Backend, name: legacy}]
---
apiVersion: tulle.dev/v1alpha1
kind: Backend
metadata: {name: legacy}
spec: {endpoints: [{address: 127.0.0.1, port: 9000}]}
`;

describe('a filter that the data plane refuses', () => {
  const { snapshot, problems } = compile(fromYaml(MESH).resources, {
    version: 1,
    baseDirOf: () => '/',
    checkFilter: headFilterProblem,
  });
  const rules = snapshot.binds[0]?.listeners[0]?.routes[0]?.rules ?? [];

  it('makes its rule answer 500 and leaves the others alone', () => {
    assert.match(rules[0]?.invalid ?? '', /content-length/);
    assert.equal(rules[1]?.invalid, null);
  });

  it('is reported at its place', () => {
    const found = problems.find(({ code }) => code === 'bad-filter');
    assert.equal(found?.path, 'spec.rules[0].filters[0]');
    assert.equal(found?.resource, 'HTTPRoute default/shop');
  });
});
