import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromYaml } from '../source/testing/from-yaml.ts';
import { formatProblem } from './report.ts';

test('a problem is one line with its place, one with its remedy', () => {
  const { problems } = fromYaml(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}
spec:
  rules:
  - matches:
    - path: {typ: Exact, value: /a}
`);
  assert.deepEqual(problems.map(formatProblem), [
    'test.yaml:7:14: error: HTTPRoute default/shop: spec.rules[0].matches[0].path.typ: ' +
      'unknown field "typ", did you mean "type"?\n    Known here: type, value.',
  ]);
});

test('what is not known is left out, and no text begins a line of its own', () => {
  const text = formatProblem({
    severity: 'warning',
    code: 'x',
    resource: '',
    path: 'spec.a\nb',
    location: { file: 'a.yaml', line: 0, column: 0 },
    message: 'is odd',
    remedy: '',
  });
  assert.equal(text, 'a.yaml: warning: spec.a\\nb: is odd');
});
