import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ReadCache, readFiles } from './file/read.ts';
import { type InForce, keepLastGood, NOTHING_IN_FORCE } from './last-good.ts';

let dir = '';
let state: InForce = NOTHING_IN_FORCE;
let cache = new ReadCache();
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tulle-last-good-'));
  state = NOTHING_IN_FORCE;
  cache = new ReadCache();
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function put(name: string, ...backends: readonly string[]): void {
  writeFileSync(join(dir, name), backends.join('---\n'));
}

const backend = (name: string, port: number | string): string =>
  `apiVersion: tulle.dev/v1alpha1\nkind: Backend\nmetadata: {name: ${name}}\nspec: {hostname: a.b, port: ${port}}\n`;

/** Reads again; what is in force, as `name:port`. */
function inForce(): string[] {
  state = keepLastGood(state, readFiles([dir], cache));
  return state.resources
    .map(({ name, body }) => `${name}:${String((body['spec'] as { port: unknown }).port)}`)
    .sort();
}

const codes = (): string[] => state.problems.map(({ code }) => code);

test('what is sound replaces what was', () => {
  put('a.yaml', backend('a', 1), backend('b', 1));
  assert.deepEqual(inForce(), ['a:1', 'b:1']);
  put('a.yaml', backend('a', 2), backend('c', 1));
  assert.deepEqual(inForce(), ['a:2', 'c:1']);
  assert.deepEqual(codes(), []);
});

test('a resource with an error keeps its last good version, its neighbours move on', () => {
  put('a.yaml', backend('a', 1), backend('b', 1));
  inForce();
  put('a.yaml', backend('a', 70_000), backend('b', 2));
  assert.deepEqual(inForce(), ['a:1', 'b:2']);
  assert.deepEqual(codes(), ['out-of-range']);
  put('a.yaml', backend('a', 80_000), backend('b', 3));
  assert.deepEqual(inForce(), ['a:1', 'b:3']);
  put('a.yaml', backend('a', 4));
  assert.deepEqual(inForce(), ['a:4']);
});

test('a resource that never was good passes with its problems', () => {
  put('a.yaml', backend('a', 70_000));
  assert.deepEqual(inForce(), ['a:70000']);
  assert.equal(state.resources[0]?.problems.length, 1);
  // Broken in another way: there is still no good version.
  put('a.yaml', backend('a', 80_000));
  assert.deepEqual(inForce(), ['a:80000']);
});

test('what was removed is not brought back by a later error', () => {
  put('a.yaml', backend('a', 1));
  inForce();
  put('a.yaml', backend('b', 1));
  inForce();
  put('a.yaml', backend('a', 70_000));
  assert.deepEqual(inForce(), ['a:70000']);
});

test('a file that is no YAML keeps everything it held, and nothing new of it', () => {
  put('a.yaml', backend('a', 1), backend('b', 1));
  put('z.yaml', backend('z', 1));
  inForce();
  put('a.yaml', backend('a', 2), backend('c', 2), 'spec: [');
  put('z.yaml', backend('z', 2));
  assert.deepEqual(inForce(), ['a:1', 'b:1', 'z:2']);
  assert.ok(codes().includes('bad-yaml'));
  assert.deepEqual(inForce(), ['a:1', 'b:1', 'z:2']);
  put('a.yaml', backend('a', 3));
  assert.deepEqual(inForce(), ['a:3', 'z:2']);
  assert.deepEqual(codes(), []);
});

test('at the first read the sound documents of such a file pass', () => {
  put('a.yaml', backend('a', 1), 'spec: [');
  assert.deepEqual(inForce(), ['a:1']);
});

test('an empty file is one being written', () => {
  put('a.yaml', backend('a', 1));
  inForce();
  put('a.yaml', '');
  assert.deepEqual(inForce(), ['a:1']);
  assert.deepEqual(codes(), ['empty-file']);
  put('a.yaml', '# nothing any more\n');
  assert.deepEqual(inForce(), []);
});

test('a removed file is gone, a directory that vanished is not', () => {
  put('a.yaml', backend('a', 1));
  put('b.yaml', backend('b', 1));
  inForce();
  rmSync(join(dir, 'a.yaml'));
  assert.deepEqual(inForce(), ['b:1']);
  const aside = `${dir}-aside`;
  renameSync(dir, aside);
  assert.deepEqual(inForce(), ['b:1']);
  assert.deepEqual(codes(), ['unreadable']);
  renameSync(aside, dir);
  assert.deepEqual(inForce(), ['b:1']);
  assert.deepEqual(codes(), []);
});

test('a file that is named itself and vanished keeps what it held', () => {
  put('a.yaml', backend('a', 1));
  const path = join(dir, 'a.yaml');
  state = keepLastGood(state, readFiles([path], cache));
  rmSync(path);
  state = keepLastGood(state, readFiles([path], cache));
  assert.equal(state.resources.length, 1);
});

test('an object that moved to a readable file is taken from there, once', () => {
  put('a.yaml', backend('a', 1), backend('b', 1));
  inForce();
  put('a.yaml', 'spec: [');
  put('z.yaml', backend('a', 2));
  assert.deepEqual(inForce(), ['a:2', 'b:1']);
});
