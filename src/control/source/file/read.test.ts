import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { summary } from '../testing/from-yaml.ts';
import { FILE_BYTES_MAX, ReadCache, type ReadResult, readFiles } from './read.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tulle-read-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

function put(name: string, content: string | Buffer): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

const backend = (name: string): string =>
  `apiVersion: tulle.dev/v1alpha1\nkind: Backend\nmetadata: {name: ${name}}\nspec: {endpoints: []}\n`;

const namesOf = ({ resources }: ReadResult): string[] => resources.map(({ name }) => name);
const codesOf = ({ problems }: ReadResult): string[] => problems.map(({ code }) => code);

test('a directory is its YAML and JSON files, in order, no deeper, no dot files', () => {
  put('b.yml', backend('b'));
  put('a.yaml', `${backend('a1')}---\n---\n${backend('a2')}`);
  put(
    'c.json',
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }, null, 2),
  );
  put('d.txt', backend('d'));
  put('.e.yaml', backend('e'));
  mkdirSync(join(dir, 'sub.yaml'));
  put('sub.yaml/f.yaml', backend('f'));
  const result = readFiles([dir]);
  assert.deepEqual(namesOf(result), ['a1', 'a2', 'b', 'c']);
  assert.deepEqual(
    result.files,
    ['a.yaml', 'b.yml', 'c.json'].map((name) => join(dir, name)),
  );
  assert.deepEqual(result.problems, []);
  assert.deepEqual(result.unreadable, []);
});

test('a file named twice is read once; any name does where it is named itself', () => {
  const path = put('routes.conf', backend('a'));
  assert.deepEqual(namesOf(readFiles([path, join(dir, '.', 'routes.conf')])), ['a']);
});

test('links are followed, as a mounted ConfigMap has them', () => {
  mkdirSync(join(dir, '..2026'));
  put('..2026/a.yaml', backend('a'));
  symlinkSync('..2026', join(dir, '..data'));
  symlinkSync('..data/a.yaml', join(dir, 'a.yaml'));
  const result = readFiles([dir]);
  assert.deepEqual(namesOf(result), ['a']);
  assert.deepEqual(result.problems, []);
});

test('problems stand at file, line and column', () => {
  const path = put('a.yaml', `# c\n---\n${backend('a').replace('endpoints', 'endpoint')}`);
  const { problems } = readFiles([path]);
  assert.deepEqual(problems.map(summary), ['6:8 unknown-field spec.endpoint']);
  assert.equal(problems[0]?.location.file, path);
});

test('an object given twice stays once, and both places are named', () => {
  const first = put('a.yaml', backend('x'));
  put('b.yaml', `${backend('y')}---\n${backend('x')}`);
  const result = readFiles([dir]);
  assert.deepEqual(namesOf(result), ['x', 'y']);
  const [problem] = result.problems;
  assert.equal(problem?.code, 'duplicate-resource');
  assert.equal(problem?.resource, 'Backend default/x');
  assert.equal(problem?.location.line, 6);
  assert.ok(problem?.message.includes(`${first}:1:1`));
});

test('the same name in another namespace or of another kind is another object', () => {
  put(
    'a.yaml',
    `${backend('x')}---\n${backend('x, namespace: other')}---\n${'{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {}}'}`,
  );
  assert.deepEqual(codesOf(readFiles([dir])), []);
});

test('a file that is no YAML is unreadable, though its sound documents are there', () => {
  const path = put('a.yaml', `${backend('a')}---\nb: [\n`);
  const result = readFiles([path]);
  assert.deepEqual(namesOf(result), ['a']);
  assert.deepEqual(result.unreadable, [path]);
  assert.ok(codesOf(result).includes('bad-yaml'));
});

test('what cannot be read is a problem with a remedy, never a throw', () => {
  const missing = join(dir, 'missing.yaml');
  const latin = put('latin.yaml', Buffer.from([0x61, 0xe4, 0x0a]));
  const empty = put('empty.yaml', '');
  const large = put('large.yaml', '');
  truncateSync(large, FILE_BYTES_MAX + 1);
  const loop = join(dir, 'loop.yaml');
  symlinkSync('loop.yaml', loop);
  const device = '/dev/null';
  const paths = [missing, latin, empty, large, loop, device];
  const result = readFiles(paths);
  const codeOfFile = Object.fromEntries(
    result.problems.map(({ location, code }) => [location.file, code]),
  );
  assert.deepEqual(codeOfFile, {
    [missing]: 'unreadable',
    [latin]: 'bad-encoding',
    [empty]: 'empty-file',
    [large]: 'too-large',
    [loop]: 'unreadable',
    [device]: 'unreadable',
  });
  assert.deepEqual([...result.unreadable].sort(), [...paths].sort());
  assert.ok(result.problems.every(({ remedy }) => remedy !== ''));
});

test('a link that leads nowhere does not hide its directory', () => {
  put('a.yaml', backend('a'));
  symlinkSync('nowhere', join(dir, 'b.yaml'));
  const result = readFiles([dir]);
  assert.deepEqual(namesOf(result), ['a']);
  assert.deepEqual(result.unreadable, [join(dir, 'b.yaml')]);
});

test('a byte order mark is no part of the text', () => {
  assert.deepEqual(codesOf(readFiles([put('a.yaml', `\uFEFF${backend('a')}`)])), []);
});

test('comments alone hold nothing, and that is no problem', () => {
  const result = readFiles([put('a.yaml', '# later\n---\n')]);
  assert.deepEqual([namesOf(result), codesOf(result), result.unreadable], [[], [], []]);
});

test('a file that has not changed gives the same resources again', () => {
  const cache = new ReadCache();
  const path = put('a.yaml', backend('a'));
  put('b.yaml', backend('b'));
  const before = readFiles([dir], cache);
  put('b.yaml', backend('c'));
  const after = readFiles([dir], cache);
  assert.equal(after.resourcesOf.get(path)?.[0], before.resourcesOf.get(path)?.[0]);
  assert.deepEqual(namesOf(after), ['a', 'c']);
  rmSync(path);
  assert.deepEqual(namesOf(readFiles([dir], cache)), ['c']);
});

test('a value that was read from the cache is checked as at first', () => {
  const cache = new ReadCache();
  // The anchor keeps the fast reader away; the null field is taken out while checking.
  const tagged = (name: string): string => backend(name).replace('spec:', 'status: &s\nspec:');
  const path = put('a.yaml', `${tagged('a')}---\n${backend('b')}`);
  assert.deepEqual(codesOf(readFiles([path], cache)), []);
  put('a.yaml', `${tagged('a')}---\n${backend('c')}`);
  const again = readFiles([path], cache);
  assert.deepEqual([namesOf(again), codesOf(again)], [['a', 'c'], []]);
});

test('10,000 routes are read and checked', () => {
  const routes = Array.from(
    { length: 10_000 },
    (_, index) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: route-${index}
spec:
  parentRefs:
  - name: edge
  rules:
  - matches:
    - path: {type: PathPrefix, value: /api/v${index}}
    backendRefs:
    - {group: tulle.dev, kind: Backend, name: legacy}
`,
  );
  const result = readFiles([put('a.yaml', routes.join('---\n'))]);
  assert.equal(result.resources.length, 10_000);
  assert.deepEqual(result.problems, []);
});
