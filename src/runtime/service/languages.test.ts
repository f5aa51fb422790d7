/** Commands of other compilers run too: C against its own library, Go against its own runtime. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Harness } from './testing/harness.ts';
import { guestDir } from './testing/wasm.ts';

async function runBelow(
  guest: string | Uint8Array,
): Promise<{ exitCode: number; lines: string[] }> {
  const host = mkdtempSync(join(tmpdir(), 'tulle-language-'));
  writeFileSync(join(host, 'present'), 'x');
  const harness = await Harness.start(guest, {
    dirs: [{ guest: '/data', host, readonly: false }],
  });
  const { code, exitCode, stdout } = harness.get('/files', '', 'body');
  assert.equal(code, null, JSON.stringify(harness.log.lines));
  assert.deepEqual(readdirSync(host), ['present'], 'it cleaned up');
  rmSync(host, { recursive: true });
  return { exitCode, lines: stdout.trimEnd().split('\n').slice(2) };
}

test('C', async () => {
  const { exitCode, lines } = await runBelow('c-files');
  assert.equal(exitCode, 4);
  assert.deepEqual(lines, [
    'path /files, body 4, arguments 1, terminal 0',
    'sleep 0',
    'read hello 5',
    'stat 0, 13 bytes, regular 1',
    'mkdir 0',
    'symlink 0',
    'readlink ../c.txt',
    'through the link hello 5',
    'entries 5',
    'rename 0',
    'remove 0 0 0',
    'outside -1, Operation not permitted',
    'nothing -1, No such file or directory',
  ]);
});

test('Go', async (t) => {
  if (spawnSync('go', ['version']).status !== 0) {
    t.skip('needs Go 1.21 or later on PATH');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'tulle-go-'));
  const output = join(folder, 'go-files.wasm');
  const built = spawnSync('go', ['build', '-ldflags=-s -w', '-o', output, '.'], {
    cwd: guestDir('go-files'),
    env: { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm', GOTOOLCHAIN: 'local', GOWORK: 'off' },
    encoding: 'utf8',
  });
  assert.equal(built.status, 0, built.stderr);
  const { exitCode, lines } = await runBelow(readFileSync(output));
  rmSync(folder, { recursive: true });
  assert.equal(exitCode, 7);
  assert.deepEqual(lines, [
    'path /files, body 4, <nil>',
    'slept true',
    'a goroutine woke',
    'write <nil>',
    'read written by Go <nil>',
    'mkdir <nil>',
    'rename <nil>',
    'stat 13 false <nil>',
    'entry present false',
    'entry sub true',
    'remove <nil> <nil>',
    'outside true',
  ]);
});
