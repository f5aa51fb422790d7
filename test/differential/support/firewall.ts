/**
 * The firewall of test/guests/coraza: too large to be committed, so it is built when it is needed.
 * The first time takes a minute or two; Go's own cache makes it seconds from then on.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../../..');
const BUILD_MS = 600_000;

export type Built = { readonly path: string } | { readonly reason: string };

export function buildFirewall(): Built {
  const version = spawnSync('go', ['version'], { encoding: 'utf8', timeout: 20_000 });
  if (version.status !== 0) return { reason: 'needs Go 1.25 or later' };
  const folder = join(ROOT, '.cache/guests');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'coraza.wasm');
  const tags = ['-tags', 'no_fs_access,memoize_builders'];
  const args = [
    'build',
    '-buildmode=c-shared',
    '-trimpath',
    '-ldflags=-s -w',
    ...tags,
    '-o',
    path,
    '.',
  ];
  const built = spawnSync('go', args, {
    cwd: join(ROOT, 'test/guests/coraza'),
    encoding: 'utf8',
    timeout: BUILD_MS,
    env: { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm', GOTOOLCHAIN: 'local' },
  });
  if (built.status === 0) return { path };
  return { reason: `go build: ${(built.stderr || String(built.error)).trim().slice(0, 300)}` };
}
