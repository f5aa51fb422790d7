import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseModule } from '../module/binary.ts';
import { compileModule, isRefusal } from '../module/load.ts';
import { isProblem } from '../module/shape.ts';
import { type Assembly, assemble } from '../module/testing/assemble.ts';
import { guestBytes } from '../module/testing/guests.ts';
import { tinyAssembly } from './testing/tiny.ts';
import { prepareFilter, verifyFilter } from './verify.ts';

function problems(bytes: Uint8Array): string[] {
  const shape = parseModule(bytes);
  if (isProblem(shape)) assert.fail(shape.message);
  return verifyFilter(shape);
}

const tiny = (changes: Partial<Assembly>): string[] => problems(assemble(tinyAssembly(changes)));
const exported = (...names: [string, number][]): Partial<Assembly> => ({
  exports: [
    ...names.map(([name, index]) => ({ name, index })),
    { name: 'memory', kind: 'memory', index: 0 },
  ],
});

describe('verify', () => {
  it('accepts filters of the Rust SDK and the smallest one', () => {
    assert.deepEqual(problems(guestBytes('header-filter')), []);
    assert.deepEqual(problems(guestBytes('abi-probe')), []);
    assert.deepEqual(tiny({}), []);
  });

  it('names the version of the ABI that is missing or not served', () => {
    const [none] = problems(guestBytes('cgi-hello'));
    assert.match(
      none ?? '',
      /is no proxy-wasm filter: .* build it with an SDK for ABI 0\.1\.0, 0\.2\.0, 0\.2\.1/,
    );
    const [old] = tiny(exported(['proxy_abi_version_0_3_0', 0], ['malloc', 1]));
    assert.match(old ?? '', /speaks proxy-wasm ABI 0\.3\.0, which this version does not serve/);
  });

  it('names imports that the host does not have, or has otherwise', () => {
    const imports = [
      { module: 'env', name: 'proxy_logg', type: 1 },
      { module: 'env', name: 'proxy_log', type: 1 },
      { module: 'wasi_unstable', name: 'sched_yield', type: 1 },
    ];
    const found = tiny({ imports, ...exported(['proxy_abi_version_0_2_1', 3], ['malloc', 4]) });
    assert.deepEqual(found, [
      'import env.proxy_logg: not offered; did you mean proxy_log?',
      'import env.proxy_log: the module wants (i32)->i32, the host has (i32,i32,i32)->i32',
      'import wasi_unstable.sched_yield: the module wants (i32)->i32, the host has ()->i32',
    ]);
  });

  it('names callbacks of a wrong signature', () => {
    const names: [string, number][] = [
      ['proxy_abi_version_0_2_1', 0],
      ['malloc', 1],
      ['proxy_on_request_headers', 1],
      ['_initialize', 1],
    ];
    assert.deepEqual(tiny(exported(...names)), [
      'export proxy_on_request_headers: the module has (i32)->i32, the host calls (i32,i32,i32)->i32',
      'export _initialize: the module has (i32)->i32, the host calls ()->()',
    ]);
  });

  it('asks for an allocator and a memory', () => {
    assert.deepEqual(tiny({ exports: [{ name: 'proxy_abi_version_0_2_1', index: 0 }] }), [
      'it exports no memory named "memory"',
      'it exports neither malloc nor proxy_on_memory_allocate',
    ]);
    assert.deepEqual(tiny(exported(['proxy_abi_version_0_2_1', 0], ['malloc', 0])), [
      'export malloc: the module has ()->(), the host calls (i32)->i32',
    ]);
    const other = exported(['proxy_abi_version_0_2_1', 0], ['proxy_on_memory_allocate', 1]);
    assert.deepEqual(tiny(other), []);
  });

  it('refuses a module as it is loaded, all problems in one line', async () => {
    const bytes = assemble(
      tinyAssembly({ exports: [{ name: 'proxy_abi_version_0_2_1', index: 0 }] }),
    );
    const loaded = await compileModule(
      bytes,
      { path: 'x.wasm', sha256: '' },
      { prepare: prepareFilter },
    );
    assert.ok(isRefusal(loaded));
    assert.equal(
      loaded.reason,
      'x.wasm: it exports no memory named "memory"; it exports neither malloc nor proxy_on_memory_allocate',
    );
  });
});
