import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../../../base/log.ts';
import { type FileWatch, watchFiles } from './watch.ts';

let dir = '';
let watching: FileWatch | undefined;
const seen = { calls: 0, wake: (): void => {} };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tulle-watch-'));
  seen.calls = 0;
});
afterEach(() => {
  watching?.close();
  rmSync(dir, { recursive: true, force: true });
});

const at = (name: string): string => join(dir, name);

function begin(...paths: readonly string[]): void {
  watching = watchFiles(paths, { log: silentLog }, () => {
    seen.calls++;
    seen.wake();
  });
}

/** Does `change` and waits for a call after it; fails the test where none comes. */
async function told(change: () => void): Promise<void> {
  const before = seen.calls;
  change();
  const limit = AbortSignal.timeout(5_000);
  // Holds the process: watches alone do not.
  const hold = setInterval(() => {}, 1_000);
  try {
    while (seen.calls === before) {
      limit.throwIfAborted();
      await new Promise<void>((resolve) => {
        seen.wake = resolve;
        limit.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  } finally {
    clearInterval(hold);
  }
}

test('edits in place, new and removed files of a directory', async () => {
  writeFileSync(at('a.yaml'), '1');
  begin(dir);
  await told(() => writeFileSync(at('a.yaml'), '2'));
  await told(() => writeFileSync(at('b.yaml'), '1'));
  await told(() => writeFileSync(at('b.yaml'), '2'));
  await told(() => rmSync(at('b.yaml')));
});

test('a file replaced by a rename, again and again', async () => {
  writeFileSync(at('a.yaml'), '1');
  begin(at('a.yaml'));
  for (const content of ['2', '3', '4']) {
    await told(() => {
      writeFileSync(at('a.tmp'), content);
      renameSync(at('a.tmp'), at('a.yaml'));
    });
  }
});

test('a file that is removed and comes back', async () => {
  writeFileSync(at('a.yaml'), '1');
  begin(at('a.yaml'));
  await told(() => rmSync(at('a.yaml')));
  await told(() => writeFileSync(at('a.yaml'), '2'));
});

function swap(version: string): void {
  mkdirSync(at(`..${version}`));
  writeFileSync(at(`..${version}/a.yaml`), version);
  symlinkSync(`..${version}`, at('..tmp'));
  renameSync(at('..tmp'), at('..data'));
}

test('the link swap of a mounted ConfigMap, by directory and by file', async () => {
  swap('v1');
  symlinkSync('..data/a.yaml', at('a.yaml'));
  for (const path of [dir, at('a.yaml')]) {
    watching?.close();
    begin(path);
    const version = `v2-${path.length}`;
    await told(() => swap(version));
    await told(() => swap(`${version}-again`));
  }
});

test('a link to a file elsewhere is watched where it leads', async () => {
  mkdirSync(at('store'));
  mkdirSync(at('conf'));
  writeFileSync(at('store/real.txt'), '1');
  symlinkSync('../store/real.txt', at('conf/a.yaml'));
  begin(at('conf'));
  await told(() => writeFileSync(at('store/real.txt'), '2'));
});

test('a directory replaced as a whole is watched anew', async () => {
  mkdirSync(at('conf'));
  writeFileSync(at('conf/a.yaml'), '1');
  begin(at('conf'));
  await told(() => {
    mkdirSync(at('next'));
    writeFileSync(at('next/a.yaml'), '2');
    renameSync(at('conf'), at('old'));
    renameSync(at('next'), at('conf'));
  });
  await told(() => writeFileSync(at('conf/a.yaml'), '3'));
});

test('a path whose directory is not there yet', async () => {
  begin(at('later/a.yaml'));
  await told(() => {
    mkdirSync(at('later'));
    writeFileSync(at('later/a.yaml'), '1');
  });
  await told(() => writeFileSync(at('later/a.yaml'), '2'));
});

test('many writes are few calls, and the last one is never missed', async () => {
  begin(dir);
  await told(() => {
    for (let index = 0; index < 200; index++) writeFileSync(at('a.yaml'), String(index));
  });
  assert.ok(seen.calls <= 2, `${seen.calls} calls`);
});

test('writes without a pause are told before they end', async () => {
  begin(dir);
  const writer = setInterval(() => writeFileSync(at('a.yaml'), 'x'), 5);
  await told(() => {});
  clearInterval(writer);
});

test('neighbours of a watched file, and other names of a directory, are of no interest', async () => {
  mkdirSync(at('conf'));
  writeFileSync(at('a.yaml'), '1');
  begin(at('a.yaml'), at('conf'));
  await told(() => {
    writeFileSync(at('access.log'), 'x');
    writeFileSync(at('b.yaml'), 'x');
    writeFileSync(at('conf/notes.txt'), 'x');
    writeFileSync(at('conf/.a.yaml.swp'), 'x');
    writeFileSync(at('a.yaml'), '2');
  });
  const before = seen.calls;
  writeFileSync(at('access.log'), 'y');
  writeFileSync(at('conf/notes.txt'), 'y');
  await delay(100);
  assert.equal(seen.calls, before);
});

test('no call comes after close', async () => {
  writeFileSync(at('a.yaml'), '1');
  begin(dir);
  await told(() => writeFileSync(at('a.yaml'), '2'));
  writeFileSync(at('a.yaml'), '3');
  watching?.close();
  watching?.close();
  const before = seen.calls;
  writeFileSync(at('a.yaml'), '4');
  await delay(100);
  assert.equal(seen.calls, before);
});
