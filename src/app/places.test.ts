import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Snapshot } from '../config/snapshot.ts';
import { formatProblem } from '../control/schema/report.ts';
import { fromYaml, summary } from '../control/source/testing/from-yaml.ts';
import { bindProblems, failureLine } from './bind-problems.ts';
import { guestProblems } from './guest-problems.ts';

const { resources } = fromYaml(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: tulle
  listeners:
  - {name: one, port: 8080, protocol: HTTP}
  - name: two
    port: 8081
    protocol: HTTP
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: f, namespace: other}
spec:
  url: ./f.wasm
---
apiVersion: tulle.dev/v1alpha1
kind: WasmService
metadata: {name: s}
spec: {module: ./s.wasm}
`);

const snapshot: Snapshot = {
  version: 1,
  binds: [8080, 8081].map((port, index) => ({
    address: '::',
    port,
    listeners: [
      { name: `default/edge/${['one', 'two'][index]}`, hostname: '', routes: [], filters: [] },
    ],
    client: {} as Snapshot['binds'][number]['client'],
  })),
  clusters: [],
  callees: [],
  filters: [],
  services: [],
};

test('an address that cannot be had is told once, at the port of its listener', () => {
  const failure = { address: '::', port: 8081, code: 'EADDRINUSE' };
  const problems = bindProblems([failure, { ...failure }], snapshot, resources);
  assert.deepEqual(problems.map(summary), ['9:5 cannot-listen spec.listeners[1].port']);
  assert.equal(problems[0]?.resource, 'Gateway default/edge');
  assert.match(
    formatProblem(problems[0] as never),
    /port 8081 \(EADDRINUSE\).*\n +Another process/,
  );
  assert.match(failureLine({ ...failure, code: 'EWHAT' }), /\(EWHAT\): the system refused it/);
});

test('an address that no resource asks for is told without a place', () => {
  const [problem] = bindProblems([{ address: '::', port: 1, code: 'EACCES' }], snapshot, []);
  assert.equal(problem?.location.file, '');
  assert.match(problem?.remedy ?? '', /above 1023/);
});

test('a guest that cannot be used is told at its url or module', () => {
  const broken = { module: null, sha256: '', reason: 'it is text', works: false };
  const fine = { ...broken, reason: '', works: true };
  const problems = guestProblems(
    {
      filters: new Map([
        ['other/f', broken],
        ['other/fine', fine],
      ]),
      services: new Map([['default/s', { ...broken, works: true }]]),
    },
    resources,
  );
  assert.deepEqual(problems.map(summary), [
    '16:3 unusable-module spec.url',
    '21:8 unusable-module spec.module',
  ]);
  assert.equal(problems[0]?.message, 'the module cannot be used: it is text');
  assert.match(problems[1]?.message ?? '', /; the version before stays in use$/);
});
