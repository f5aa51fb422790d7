import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../base/clock.ts';
import { type Log, silentLog } from '../../../base/log.ts';
import { sha256Hex } from './digest.ts';
import { ModuleCache } from './module-cache.ts';
import { moduleOf } from './testing/archive.ts';

const MODULE = moduleOf(1_000);
const SHA256 = sha256Hex(MODULE);
const REF = {
  sha256: SHA256,
  version: '"1"',
  source: 'https://a.io/x',
  digests: [`sha256:${SHA256}`],
};

interface Made {
  readonly cache: ModuleCache;
  readonly directory: string;
  readonly warnings: string[];
}

function make(t: TestContext, bytesMax = 10_000): Made {
  const parent = mkdtempSync(join(tmpdir(), 'tulle-cache-'));
  t.after(() => {
    chmodSync(parent, 0o700);
    rmSync(parent, { recursive: true });
  });
  const directory = join(parent, 'a/modules');
  const warnings: string[] = [];
  const log: Log = { ...silentLog, write: (_, message) => warnings.push(message) };
  const cache = new ModuleCache({ directory, clock: systemClock, log, bytesMax });
  return { cache, directory, warnings };
}

test('what was written is read, also by another process', async (t) => {
  const { cache, directory } = make(t);
  assert.equal(await cache.read(SHA256), null);
  assert.equal(await cache.write(SHA256, MODULE), true);
  await cache.writeRef('key', REF);
  const other = new ModuleCache({ directory, clock: systemClock, log: silentLog });
  assert.deepEqual(new Uint8Array((await other.read(SHA256)) ?? []), MODULE);
  assert.deepEqual(await other.readRef('key'), REF);
  assert.equal(await other.readRef('other'), null);
  assert.deepEqual(readdirSync(directory).sort(), [SHA256, 'refs'].sort());
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(join(directory, SHA256)).mode & 0o777, 0o600);
});

test('a file that was touched counts as absent and goes away', async (t) => {
  const { cache, directory, warnings } = make(t);
  await cache.write(SHA256, MODULE);
  const path = join(directory, SHA256);
  for (const bytes of [MODULE.subarray(1), Buffer.from(''), Buffer.from('x')]) {
    writeFileSync(path, bytes);
    assert.equal(await cache.read(SHA256), null);
    assert.equal(existsSync(path), false);
  }
  assert.match(warnings[0] ?? '', /damaged/);
});

test('a key leads to what it was written for and nothing else', async (t) => {
  const { cache, directory } = make(t);
  await cache.writeRef('../../../x', REF);
  assert.deepEqual(readdirSync(join(directory, 'refs')), [sha256Hex('../../../x')]);
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"sha256":"../../x","version":"","source":""}',
    '{"sha256":5}',
  ]) {
    writeFileSync(join(directory, 'refs', sha256Hex('k')), text);
    assert.equal(await cache.readRef('k'), null, text);
  }
  const odd = { ...REF, digests: ['x'], more: 1 };
  writeFileSync(join(directory, 'refs', sha256Hex('k')), JSON.stringify(odd));
  assert.deepEqual(await cache.readRef('k'), { ...REF, digests: [] });
});

test('many writers of one module leave one whole file', async (t) => {
  const { cache, directory } = make(t);
  const other = new ModuleCache({ directory, clock: systemClock, log: silentLog });
  const written = Array.from({ length: 20 }, (_, index) =>
    (index % 2 === 0 ? cache : other).write(SHA256, MODULE),
  );
  await Promise.all(written);
  assert.deepEqual(readdirSync(directory), [SHA256]);
  assert.equal(sha256Hex(readFileSync(join(directory, SHA256))), SHA256);
});

test('the modules used longest ago go first; those in use stay', async (t) => {
  const { cache, directory } = make(t, 2_500);
  const names: string[] = [];
  for (let index = 0; index < 4; index++) {
    const module = moduleOf(1_000);
    module[100] = index;
    const name = sha256Hex(module);
    names.push(name);
    await cache.write(name, module);
    utimesSync(join(directory, name), index + 1, index + 1);
  }
  await cache.writeRef('key', REF);
  const [first = '', second = '', third = '', fourth = ''] = names;
  // Read just now: the newest.
  await cache.read(second);
  await cache.prune(new Set([first]));
  assert.deepEqual(
    readdirSync(directory).sort(),
    [first, second, 'refs'].sort(),
    `${third} and ${fourth} have to go`,
  );
  await cache.prune(new Set());
  assert.ok(existsSync(join(directory, first)));
});

test('what was left half written goes after a while, files of others never', async (t) => {
  const { cache, directory } = make(t, 0);
  mkdirSync(directory, { recursive: true });
  const old = join(directory, `.${SHA256}.1.0`);
  const young = join(directory, `.${SHA256}.1.1`);
  const foreign = join(directory, 'notes.txt');
  for (const path of [old, young, foreign]) writeFileSync(path, 'x');
  utimesSync(old, 1, 1);
  utimesSync(foreign, 1, 1);
  await cache.prune(new Set());
  assert.deepEqual([old, young, foreign].map(existsSync), [false, true, true]);
});

test('a directory that cannot be written is told once and fails nothing', async (t) => {
  const { cache, directory, warnings } = make(t);
  writeFileSync(join(directory, '../..', 'a'), 'a file where a directory should be');
  assert.equal(await cache.write(SHA256, MODULE), false);
  await cache.writeRef('key', REF);
  assert.equal(await cache.read(SHA256), null);
  await cache.prune(new Set());
  assert.deepEqual(warnings, ['fetched modules cannot be kept on disk']);
});
