import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
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

const GATEWAY = '{group: gateway.networking.k8s.io, kind: Gateway, name: edge}';
const MESH = `${gateway()}  - {name: other, port: 81, protocol: HTTP}
${route('r', `  rules: [{backendRefs: [${to('main')}]}]`)}${backend('main')}`;

function policy(kind: string, name: string, spec: string, metadata = ''): string {
  return `---
apiVersion: tulle.dev/v1alpha1
kind: ${kind}
metadata: {name: ${name}${metadata}}
spec: {${spec}}
`;
}

function client(found: ReturnType<typeof mesh>, port: number): unknown {
  return found.snapshot.binds.find((bind) => bind.port === port)?.client;
}

test('without policies the limits of the house', () => {
  const found = mesh(MESH);
  assert.deepEqual(client(found, 8080), {
    trustedProxies: [],
    requestHeadMs: LIMITS.requestHeadMs,
    idleMs: LIMITS.downstreamIdleMs,
    streamIdleMs: LIMITS.streamIdleMs,
    connectionsMax: LIMITS.connectionsMax,
    headBytesMax: LIMITS.headBytesMax,
    targetBytesMax: LIMITS.targetBytesMax,
    headerCountMax: LIMITS.headerCountMax,
  });
  assert.deepEqual(found.snapshot.clusters, [
    {
      name: 'backend/default/main',
      discovery: { type: 'static', endpoints: [{ address: '127.0.0.1', port: 9000, weight: 1 }] },
      loadBalancer: 'RoundRobin',
      connectMs: LIMITS.upstreamConnectMs,
      idleMs: LIMITS.upstreamIdleMs,
      streamIdleMs: LIMITS.streamIdleMs,
      limits: {
        connectionsMax: LIMITS.upstreamConnectionsMax,
        pendingMax: LIMITS.upstreamPendingMax,
        requestsMax: LIMITS.upstreamRequestsMax,
      },
    },
  ]);
});

test('a ClientPolicy sets what it names, for every port of the Gateway', () => {
  const spec = `targetRefs: [${GATEWAY}], timeouts: {idle: 0s, stream: 2m}, limits: {headBytes: 32Ki}`;
  const found = mesh(MESH + policy('ClientPolicy', 'p', spec));
  const expected = {
    ...(client(mesh(MESH), 81) as object),
    idleMs: 0,
    streamIdleMs: 120_000,
    headBytesMax: 32_768,
  };
  assert.deepEqual(client(found, 81), expected);
  assert.deepEqual(client(found, 8080), expected);
  assert.deepEqual(parentConditions(found, 'ClientPolicy', 'p'), ['Accepted=True Accepted']);
});

test('the policy of a listener comes before that of its Gateway', () => {
  const whole = policy(
    'ClientPolicy',
    'whole',
    `targetRefs: [${GATEWAY}], limits: {connections: 1}`,
  );
  const section = GATEWAY.replace('edge', 'edge, sectionName: other');
  const part = policy('ClientPolicy', 'part', `targetRefs: [${section}], limits: {connections: 2}`);
  const found = mesh(MESH + whole + part);
  assert.equal((client(found, 8080) as { connectionsMax: number }).connectionsMax, 1);
  assert.equal((client(found, 81) as { connectionsMax: number }).connectionsMax, 2);
  assert.deepEqual(found.problems, []);
});

test('two Gateways on one port: the policy of the first listener holds, the other is told', () => {
  const second = gateway('hostname: b.example.com').replace('name: edge', 'name: other');
  const found = mesh(
    `${gateway()}---\n${second}` +
      policy('ClientPolicy', 'one', `targetRefs: [${GATEWAY}], limits: {connections: 1}`) +
      policy(
        'ClientPolicy',
        'two',
        `targetRefs: [${GATEWAY.replace('edge', 'other')}], limits: {connections: 2}`,
      ),
  );
  assert.equal((client(found, 8080) as { connectionsMax: number }).connectionsMax, 1);
  assert.deepEqual(codes(found.problems), ['warning conflict spec.targetRefs']);
  assert.equal(found.problems[0]?.resource, 'ClientPolicy default/two');
});

const created = (date: string): string => `, creationTimestamp: "${date}"`;

const RIVALS: readonly (readonly [a: string, b: string, winner: string])[] = [
  ['', '', 'a'],
  [created('2026-02-01T00:00:00Z'), created('2026-01-01T00:00:00Z'), 'b'],
  [created('2026-01-01T00:00:00Z'), created('2026-01-01T00:00:00Z'), 'a'],
];

for (const [a, b, winner] of RIVALS) {
  test(`of two policies for one target the older, else the first by name: ${a} ${b}`, () => {
    const spec = (requests: number): string =>
      `targetRefs: [{group: tulle.dev, kind: Backend, name: main}], limits: {requests: ${requests}}`;
    const found = mesh(
      MESH + policy('BackendPolicy', 'b', spec(2), b) + policy('BackendPolicy', 'a', spec(1), a),
    );
    const loser = winner === 'a' ? 'b' : 'a';
    assert.equal(found.snapshot.clusters[0]?.limits.requestsMax, winner === 'a' ? 1 : 2);
    assert.deepEqual(parentConditions(found, 'BackendPolicy', winner), ['Accepted=True Accepted']);
    assert.deepEqual(parentConditions(found, 'BackendPolicy', loser), [
      'Accepted=False Conflicted',
    ]);
    assert.deepEqual(codes(found.problems), ['error conflict spec.targetRefs[0]']);
  });
}

test('a policy conflicts at one target and holds at another', () => {
  const main = '{group: tulle.dev, kind: Backend, name: main}';
  const other = '{group: tulle.dev, kind: Backend, name: other}';
  const found = mesh(
    MESH +
      backend('other') +
      policy('BackendPolicy', 'a', `targetRefs: [${main}]`) +
      policy('BackendPolicy', 'b', `targetRefs: [${main}, ${other}]`),
  );
  assert.deepEqual(parentConditions(found, 'BackendPolicy', 'b', 0), ['Accepted=False Conflicted']);
  assert.deepEqual(parentConditions(found, 'BackendPolicy', 'b', 1), ['Accepted=True Accepted']);
});

test('load balancer, timeouts and limits of a BackendPolicy', () => {
  const spec =
    'loadBalancer: Random, timeouts: {connect: 1s, idle: 2s, stream: 3s}, limits: {connections: 1, pending: 0, requests: 2}';
  const found = mesh(
    MESH +
      policy(
        'BackendPolicy',
        'p',
        `targetRefs: [{group: tulle.dev, kind: Backend, name: main}], ${spec}`,
      ),
  );
  const [cluster] = found.snapshot.clusters;
  const { name: _name, discovery: _discovery, ...settings } = cluster ?? {};
  assert.deepEqual(settings, {
    loadBalancer: 'Random',
    connectMs: 1_000,
    idleMs: 2_000,
    streamIdleMs: 3_000,
    limits: { connectionsMax: 1, pendingMax: 0, requestsMax: 2 },
  });
});

test('a policy holds for a WasmService too', () => {
  const found =
    mesh(`${gateway()}${route('r', '  rules: [{backendRefs: [{group: tulle.dev, kind: WasmService, name: w}]}]')}---
apiVersion: tulle.dev/v1alpha1
kind: WasmService
metadata: {name: w}
spec: {module: w.wasm}
${policy('BackendPolicy', 'p', 'targetRefs: [{group: tulle.dev, kind: WasmService, name: w}], limits: {requests: 5}')}`);
  assert.equal(found.snapshot.clusters[0]?.limits.requestsMax, 5);
});

const DANGLING: readonly (readonly [kind: string, ref: string, code: string, reason: string])[] = [
  [
    'BackendPolicy',
    '{group: tulle.dev, kind: Backend, name: gone}',
    'dangling-reference',
    'TargetNotFound',
  ],
  [
    'BackendPolicy',
    '{group: tulle.dev, kind: Backend, name: main, sectionName: x}',
    'dangling-reference',
    'TargetNotFound',
  ],
  [
    'BackendPolicy',
    '{group: tulle.dev, kind: Backend, name: main, namespace: shop}',
    'not-permitted',
    'RefNotPermitted',
  ],
  ['ClientPolicy', GATEWAY.replace('edge', 'gone'), 'dangling-reference', 'TargetNotFound'],
  [
    'ClientPolicy',
    GATEWAY.replace('edge', 'edge, sectionName: gone'),
    'dangling-reference',
    'TargetNotFound',
  ],
];

for (const [kind, ref, code, reason] of DANGLING) {
  test(`${kind} ${ref}: ${reason}`, () => {
    const found = mesh(MESH + policy(kind, 'p', `targetRefs: [${ref}]`));
    assert.deepEqual(codes(found.problems), [`error ${code} spec.targetRefs[0]`]);
    assert.deepEqual(parentConditions(found, kind, 'p'), [`Accepted=False ${reason}`]);
  });
}

test('a section of a Service that cannot be read is not judged', () => {
  const service = `---
apiVersion: v1
kind: Service
metadata: {name: svc}
spec: {ports: 1}
`;
  const ref = '{group: "", kind: Service, name: svc, sectionName: web}';
  const found = mesh(MESH + service + policy('BackendPolicy', 'p', `targetRefs: [${ref}]`));
  assert.deepEqual(parentConditions(found, 'BackendPolicy', 'p'), ['Accepted=True Accepted']);
});

test('a target Gateway of another class is named', () => {
  const found = mesh(
    gateway().replace('tulle', 'nginx') + policy('ClientPolicy', 'p', `targetRefs: [${GATEWAY}]`),
  );
  assert.deepEqual(parentConditions(found, 'ClientPolicy', 'p'), ['Accepted=False TargetNotFound']);
});

for (const spec of [
  'limits: {connections: 0}',
  'limit: {connections: 1}',
  'timeouts: {idle: soon}',
]) {
  test(`a policy with an error is not in force: ${spec}`, () => {
    const found = mesh(
      MESH +
        policy(
          'ClientPolicy',
          'p',
          `targetRefs: [${GATEWAY}], trustedProxies: [10.0.0.0/8], ${spec}`,
        ),
    );
    assert.deepEqual(client(found, 8080), client(mesh(MESH), 8080));
    assert.deepEqual(statusOf(found, 'ClientPolicy', 'p').conditions.map(conditionText), [
      'Accepted=False Invalid',
    ]);
  });
}
