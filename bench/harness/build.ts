/** Builds a checkout's `dist/`, and makes checkouts of other revisions to build. */

import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const BUILD_TIMEOUT_MS = 300_000;

function run(command: readonly string[], cwd: string): string {
  const [program = '', ...args] = command;
  const done = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: BUILD_TIMEOUT_MS });
  if (done.status === 0) return done.stdout.trim();
  const words = `${done.stdout ?? ''}${done.stderr ?? ''}`.trim().split('\n').slice(-12).join('\n');
  throw new Error(`${command.join(' ')} failed: ${done.error?.message ?? words}`);
}

/** Throws an Error with the compiler's words. */
export function buildDist(root: string): void {
  run(
    [process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
    root,
  );
}

/** Revision and whether there are changes that it does not hold; null outside a git checkout. */
export function revisionOf(root: string): string | null {
  try {
    const revision = run(['git', 'rev-parse', '--short=10', 'HEAD'], root);
    const changed = run(
      ['git', 'status', '--porcelain', '--untracked-files=no', '--', 'src', 'package.json'],
      root,
    );
    return changed === '' ? revision : `${revision} with changes`;
  } catch {
    return null;
  }
}

export interface Checkout {
  readonly root: string;
  readonly revision: string;
  remove(): void;
}

/**
 * A work tree of `revision` in `dir`, built. It shares the packages of `root` while both ask for the same
 * ones, and installs its own where the lock files differ.
 */
export function checkOut(root: string, revision: string, dir: string): Checkout {
  const hash = run(['git', 'rev-parse', '--verify', `${revision}^{commit}`], root);
  run(['git', 'worktree', 'add', '--detach', dir, hash], root);
  const remove = (): void => {
    spawnSync('git', ['worktree', 'remove', '--force', dir], {
      cwd: root,
      timeout: BUILD_TIMEOUT_MS,
    });
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const same = spawnSync('git', ['diff', '--quiet', hash, '--', 'package-lock.json'], {
      cwd: root,
    });
    if (same.status === 0 && existsSync(join(root, 'node_modules'))) {
      symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'), 'dir');
    } else {
      run(['npm', 'ci', '--no-audit', '--no-fund'], dir);
    }
    buildDist(dir);
  } catch (error) {
    remove();
    throw error;
  }
  return { root: dir, revision: hash.slice(0, 10), remove };
}
