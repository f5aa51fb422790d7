import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Snapshot } from '../config/snapshot.ts';
import { compile } from './compile/compile.ts';
import { backend, gateway, route, to } from './compile/testing/mesh.ts';
import { FileControl, type FileControlOptions } from './control-plane.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tulle-control-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

function control(options: Partial<FileControlOptions> = {}): FileControl {
  return new FileControl({ paths: [folder], checkRegex: () => null, ...options });
}

const rules = (path: string, more = ''): string =>
  `  rules: [{matches: [{path: {value: ${path}}}], ${more}backendRefs: [${to('main')}]}]`;

function paths(snapshot: Snapshot): readonly string[] {
  const routes = snapshot.binds[0]?.listeners[0]?.routes ?? [];
  return routes.flatMap((one) =>
    one.rules.flatMap((rule) => rule.matches.map(({ path }) => path.value)),
  );
}

test('before the first load: version 0, and nothing', () => {
  const plane = control();
  assert.deepEqual(plane.snapshot, {
    version: 0,
    binds: [],
    clusters: [],
    filters: [],
    services: [],
    callees: [],
  });
  assert.deepEqual([plane.problems, plane.status, plane.files], [[], [], []]);
});

test('load: version 1, with status and files; listeners are told', () => {
  write('mesh.yaml', gateway() + route('r', rules('/a')) + backend('main'));
  const plane = control();
  const told: number[] = [];
  plane.onSnapshot(({ version }) => told.push(version));
  assert.equal(plane.load().version, 1);
  assert.deepEqual(paths(plane.snapshot), ['/a']);
  assert.deepEqual(plane.problems, []);
  assert.deepEqual(plane.files, [join(folder, 'mesh.yaml')]);
  assert.deepEqual(
    plane.status.map(({ kind }) => kind),
    ['Gateway', 'HTTPRoute', 'Backend'],
  );
  assert.deepEqual(told, [1]);
});

test('an empty folder is a configuration too', () => {
  assert.equal(control().load().version, 1);
});

test('a change is a new version; the same outcome is none', () => {
  write('mesh.yaml', gateway() + route('r', rules('/a')) + backend('main'));
  const plane = control();
  const told: Snapshot[] = [];
  plane.onSnapshot((snapshot) => told.push(snapshot));
  const first = plane.load();
  assert.equal(plane.reload(), false);
  write('mesh.yaml', `# A comment.\n${gateway()}${route('r', rules('/a'))}${backend('main')}`);
  assert.equal(plane.reload(), false);
  assert.equal(plane.snapshot, first);
  write('mesh.yaml', gateway() + route('r', rules('/b')) + backend('main'));
  assert.equal(plane.reload(), true);
  assert.deepEqual(
    told.map(({ version }) => version),
    [1, 2],
  );
  assert.equal(told.at(-1), plane.snapshot);
  assert.deepEqual(paths(plane.snapshot), ['/b']);
});

test('a listener that was taken away is not told', () => {
  const plane = control();
  const told: number[] = [];
  const stop = plane.onSnapshot(({ version }) => told.push(version));
  stop();
  plane.load();
  assert.deepEqual(told, []);
});

test('a file that is no YAML keeps what it held, and is reported until it is mended', () => {
  write('mesh.yaml', gateway() + backend('main'));
  write('routes.yaml', route('r', rules('/a')));
  const plane = control();
  plane.load();
  write('routes.yaml', 'kind: [');
  assert.equal(plane.reload(), false);
  assert.deepEqual(paths(plane.snapshot), ['/a']);
  assert.equal(
    plane.problems.some(
      ({ severity, location }) => severity === 'error' && location.file.endsWith('routes.yaml'),
    ),
    true,
  );
  write('routes.yaml', route('r', rules('/b')));
  assert.equal(plane.reload(), true);
  assert.deepEqual(plane.problems, []);
});

test('a route with an error keeps its last good version; a new one loses the broken rule alone', () => {
  const mesh = (path: string, more = ''): string =>
    gateway() + route('r', rules(path, more)) + route('s', rules('/s')) + backend('main');
  write('mesh.yaml', mesh('/a'));
  const plane = control();
  plane.load();
  write('mesh.yaml', mesh('/b', 'timeouts: {request: soon}, '));
  assert.equal(plane.reload(), false);
  assert.deepEqual(paths(plane.snapshot), ['/a', '/s']);
  assert.deepEqual(
    plane.problems.map(({ path }) => path),
    ['spec.rules[0].timeouts.request'],
  );
  const fresh = control();
  fresh.load();
  const [broken, sound] = fresh.snapshot.binds[0]?.listeners[0]?.routes ?? [];
  assert.equal(broken?.rules[0]?.invalid, 'the rule has errors');
  assert.equal(sound?.rules[0]?.invalid, null);
});

test('problems of the schema and of compile, in one list by place', () => {
  write(
    'a.yaml',
    gateway() +
      route('r', `  rules: [{backendRefs: [${to('gone')}]}]`) +
      backend('main').replace('port: 9000', 'prot: 1'),
  );
  const plane = control();
  plane.load();
  const lines = plane.problems.map(({ location }) => location.line);
  assert.deepEqual(
    lines,
    [...lines].sort((a, b) => a - b),
  );
  assert.equal(plane.problems[0]?.code, 'dangling-reference');
  assert.ok(plane.problems.length > 1);
});

test('a file that comes to be mends its problem without a new version', () => {
  const service = `apiVersion: tulle.dev/v1alpha1
kind: WasmService
metadata: {name: w}
spec: {module: modules/w.wasm}
`;
  write('mesh.yaml', service);
  const plane = control();
  plane.load();
  assert.deepEqual(
    plane.problems.map(({ code }) => code),
    ['missing-file'],
  );
  assert.equal(plane.snapshot.services[0]?.module.path, join(folder, 'modules', 'w.wasm'));
  mkdirSync(join(folder, 'modules'));
  write('modules/w.wasm', '');
  assert.equal(plane.reload(), false);
  assert.deepEqual(plane.problems, []);
  assert.equal(plane.snapshot.version, 1);
});

test('should compile throw, the last good snapshot stays and the error is reported', () => {
  let isBroken = false;
  write('mesh.yaml', gateway() + route('r', rules('/a')) + backend('main'));
  const plane = control({
    compile: (resources, options) => {
      if (isBroken) throw new TypeError('a slip of ours');
      return compile(resources, options);
    },
  });
  const good = plane.load();
  const { status } = plane;
  isBroken = true;
  write('mesh.yaml', gateway() + route('r', rules('/b')) + backend('main'));
  assert.equal(plane.reload(), false);
  assert.equal(plane.snapshot, good);
  assert.equal(plane.status, status);
  assert.equal(plane.problems[0]?.code, 'internal');
  assert.match(plane.problems[0]?.message ?? '', /a slip of ours/);
  isBroken = false;
  assert.equal(plane.reload(), true);
  assert.equal(plane.snapshot.version, 2);
  assert.deepEqual(plane.problems, []);
});

test('environment, root namespace and regular expressions are handed through', () => {
  const plugin = `---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: p, namespace: mesh}
spec: {url: p.wasm, vmConfig: {env: [{name: TOKEN, valueFrom: HOST}]}}
`;
  write('p.wasm', '');
  const regex = '{matches: [{path: {type: RegularExpression, value: "/x+"}}]}';
  write('mesh.yaml', gateway() + plugin + route('r', `  rules: [${regex}]`));
  const plane = control({
    rootNamespace: 'mesh',
    env: (name) => `value of ${name}`,
    checkRegex: () => 'no such thing',
  });
  plane.load();
  assert.deepEqual(plane.snapshot.filters[0]?.env, [['TOKEN', 'value of TOKEN']]);
  assert.deepEqual(plane.snapshot.binds[0]?.listeners[0]?.filters, ['mesh/p']);
  assert.deepEqual(
    plane.problems.map(({ code }) => code),
    ['bad-regex'],
  );
});
