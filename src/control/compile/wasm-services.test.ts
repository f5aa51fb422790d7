import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
import type { WasmService } from '../../config/wasm.ts';
import { codes, conditionText, gateway, mesh, route, statusOf } from './testing/mesh.ts';

function service(spec: string): string {
  return `---
apiVersion: tulle.dev/v1alpha1
kind: WasmService
metadata: {name: w}
spec: {${spec}}
`;
}

function one(spec: string): WasmService | undefined {
  return mesh(service(spec)).snapshot.services[0];
}

test('a plain service: every default; it is there without being referred to', () => {
  assert.deepEqual(one('module: ./w.wasm'), {
    id: 'default/w',
    module: { url: './w.wasm', path: '/conf/w.wasm', sha256: '' },
    kind: 'auto',
    args: [],
    env: [],
    dirs: [],
    limits: {
      memoryBytes: LIMITS.guestMemoryBytesMax,
      wallMs: LIMITS.guestWallMs,
      concurrency: LIMITS.guestConcurrencyMax,
      queue: LIMITS.guestQueueMax,
    },
  });
});

const PATHS: readonly (readonly [written: string, path: string])[] = [
  ['w.wasm', '/conf/w.wasm'],
  ['./sub/../w.wasm', '/conf/w.wasm'],
  ['../w.wasm', '/w.wasm'],
  ['/opt/w.wasm', '/opt/w.wasm'],
  ['file:///opt/w.wasm', '/opt/w.wasm'],
  ['FILE:///opt/w.wasm', '/opt/w.wasm'],
  ['file://localhost/opt/w.wasm', '/opt/w.wasm'],
  ['file://w.wasm', '/conf/w.wasm'],
  ['file://./w.wasm', '/conf/w.wasm'],
  ['file:///opt/a%20b.wasm', '/opt/a b.wasm'],
  ['file:///opt/100%.wasm', '/opt/100%.wasm'],
  ['/opt/a%20b.wasm', '/opt/a%20b.wasm'],
];

for (const [written, path] of PATHS) {
  test(`module ${written} is ${path}`, () => {
    assert.equal(one(`module: "${written}"`)?.module.path, path);
  });
}

test('sha256 is lower case', () => {
  const sha256 = 'ABCDEF0123456789'.repeat(4);
  assert.equal(one(`module: w.wasm, sha256: ${sha256}`)?.module.sha256, sha256.toLowerCase());
});

test('limits, directories, arguments and environment', () => {
  const found = one(
    'module: w.wasm, kind: cgi, args: [a, b], env: [{name: A, value: "1"}, {name: HOME, valueFrom: HOST}, {name: NOT_SET, valueFrom: HOST}], ' +
      'dirs: [{guest: /d, host: data}, {guest: /e, host: /e, readonly: true}], limits: {memory: 1Mi, wallTime: 1500ms, concurrency: 2, queue: 0}',
  );
  assert.equal(found?.kind, 'cgi');
  assert.deepEqual(found?.args, ['a', 'b']);
  assert.deepEqual(found?.env, [
    ['A', '1'],
    ['HOME', '/home/tulle'],
  ]);
  assert.deepEqual(found?.dirs, [
    { guest: '/d', host: '/conf/data', readonly: false },
    { guest: '/e', host: '/e', readonly: true },
  ]);
  assert.deepEqual(found?.limits, {
    memoryBytes: 1_048_576,
    wallMs: 1_500,
    concurrency: 2,
    queue: 0,
  });
});

test('a variable that the process does not have is named', () => {
  const found = mesh(service('module: w.wasm, env: [{name: NOT_SET, valueFrom: HOST}]'));
  assert.deepEqual(codes(found.problems), ['warning missing-variable spec.env[0].name']);
});

for (const kind of ['socket', 'component', 'javascript', 'function']) {
  test(`kind ${kind} is not served: its refs answer 500`, () => {
    const found = mesh(
      gateway() +
        route('r', '  rules: [{backendRefs: [{group: tulle.dev, kind: WasmService, name: w}]}]') +
        service(`module: w.wasm, kind: ${kind}`),
    );
    assert.deepEqual(found.snapshot.services, []);
    assert.deepEqual(codes(found.problems), [
      'error not-served spec.rules[0].backendRefs[0]',
      'error not-served spec.kind',
    ]);
    assert.deepEqual(statusOf(found, 'WasmService', 'w').conditions.map(conditionText), [
      'Accepted=False NotServed',
    ]);
    const rule = found.snapshot.binds[0]?.listeners[0]?.routes[0]?.rules[0];
    assert.match(rule?.backends[0]?.invalid ?? '', /cannot be used/);
  });
}

test('source code as a module is not served', () => {
  assert.deepEqual(codes(mesh(service('module: handler.ts')).problems), [
    'error not-served spec.module',
  ]);
});

test('a module of a registry is fetched', () => {
  const found = mesh(service('module: oci://example.com/w:1'));
  const remote = { pull: 'ifNotPresent', pullSecret: '' };
  const module = { url: 'oci://example.com/w:1', path: '', sha256: '', remote };
  assert.deepEqual(found.snapshot.services[0]?.module, module);
  assert.deepEqual(found.problems, []);
});

test('a module that cannot be fetched: the service is there without one and answers 503', () => {
  const found = mesh(service('module: ftp://example.com/w.wasm'));
  assert.equal(found.snapshot.services[0]?.module.remote, undefined);
  assert.deepEqual(codes(found.problems), ['error bad-format spec.module']);
  assert.deepEqual(statusOf(found, 'WasmService', 'w').conditions.map(conditionText), [
    'Accepted=True Accepted',
    'Programmed=False ModuleNotFound',
  ]);
});

test('a missing file or directory is named and kept: it may come yet', () => {
  const found = mesh(service('module: missing.wasm, dirs: [{guest: /d, host: missing}]'));
  assert.equal(found.snapshot.services[0]?.module.path, '/conf/missing.wasm');
  assert.deepEqual(codes(found.problems), [
    'error missing-file spec.module',
    'error missing-file spec.dirs[0].host',
  ]);
  assert.equal(statusOf(found, 'WasmService', 'w').conditions[1]?.reason, 'ModuleNotFound');
});

test('without fileExists nothing is looked for', () => {
  const found = mesh(service('module: missing.wasm'), { fileExists: () => true });
  assert.deepEqual(found.problems, []);
});

test('a service with errors is out', () => {
  const found = mesh(service('module: w.wasm, limits: {memory: lots}'));
  assert.deepEqual(found.snapshot.services, []);
  assert.deepEqual(statusOf(found, 'WasmService', 'w').conditions.map(conditionText), [
    'Accepted=False Invalid',
  ]);
});
