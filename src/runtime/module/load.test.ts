import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isRefusal, type LoadOptions, loadModule } from './load.ts';
import { assemble } from './testing/assemble.ts';
import { guestBytes, guestPath } from './testing/guests.ts';

let directory = '';

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tulle-load-'));
});

after(async () => {
  await rm(directory, { recursive: true });
});

async function reasonFor(
  content: Uint8Array | string,
  sha256 = '',
  options: LoadOptions = {},
): Promise<string> {
  const path = join(directory, 'filter.wasm');
  await writeFile(path, content);
  const loaded = await loadModule({ path, sha256 }, options);
  return isRefusal(loaded) ? loaded.reason.replace(`${directory}/`, '') : '';
}

const hash = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

describe('load', () => {
  it('gives a compiled module with its shape and checksum', async () => {
    const loaded = await loadModule({ path: guestPath('header-filter'), sha256: '' });
    if (isRefusal(loaded)) assert.fail(loaded.reason);
    assert.ok(loaded.module instanceof WebAssembly.Module);
    assert.ok(loaded.shape.exports.some((one) => one.name === 'proxy_on_request_headers'));
    assert.equal(loaded.sha256, hash(guestBytes('header-filter')));
    assert.equal(loaded.sizeBytes, guestBytes('header-filter').length);
  });

  it('accepts the right checksum and refuses another, naming both', async () => {
    const bytes = assemble({});
    assert.equal(await reasonFor(bytes, hash(bytes)), '');
    const other = '0'.repeat(64);
    assert.equal(
      await reasonFor(bytes, other),
      `filter.wasm has sha256 ${hash(bytes)}, expected ${other}`,
    );
  });

  it('says what a file is not', async () => {
    assert.equal(await reasonFor('hello'), 'filter.wasm: not a WebAssembly module');
    assert.equal(
      await reasonFor(Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)),
      'filter.wasm: is a component: not served by this version',
    );
    const cut = guestBytes('header-filter').subarray(0, 50);
    assert.match(await reasonFor(cut), /^filter\.wasm: .* \(at byte \d+\)$/);
  });

  it('says what V8 says of code that is not valid', async () => {
    const bytes = assemble({
      types: [{ params: [], results: ['i32'] }],
      functions: [{ type: 0, code: [] }],
    });
    assert.match(await reasonFor(bytes), /^filter\.wasm does not compile: /);
  });

  it('bounds the size before it reads', async () => {
    assert.equal(
      await reasonFor(new Uint8Array(101), '', { sizeBytesMax: 100 }),
      'filter.wasm has 101 bytes, at most 100 are accepted',
    );
  });

  it('names files that are not there or are none', async () => {
    const missing = await loadModule({ path: join(directory, 'none.wasm'), sha256: '' });
    assert.ok(isRefusal(missing));
    assert.match(missing.reason, /none\.wasm does not exist$/);
    const folder = await loadModule({ path: directory, sha256: '' });
    assert.ok(isRefusal(folder));
    assert.match(folder.reason, /is not a file$/);
  });

  it('lets the caller refuse or rewrite before it compiles', async () => {
    assert.equal(
      await reasonFor(assemble({}), '', { prepare: () => ({ reason: 'not today' }) }),
      'filter.wasm: not today',
    );
    const rewritten = assemble({
      memory: { min: 1 },
      exports: [{ name: 'm', kind: 'memory', index: 0 }],
    });
    const path = join(directory, 'rewritten.wasm');
    await writeFile(path, assemble({}));
    const loaded = await loadModule({ path, sha256: '' }, { prepare: () => rewritten });
    if (isRefusal(loaded)) assert.fail(loaded.reason);
    assert.deepEqual(WebAssembly.Module.exports(loaded.module), [{ name: 'm', kind: 'memory' }]);
  });
});
