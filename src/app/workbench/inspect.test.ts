import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { inspectFilter } from './inspect.ts';
import { GUESTS } from './testing/bench.ts';

const dir = mkdtempSync(join(tmpdir(), 'tulle-inspect-'));
after(() => rmSync(dir, { recursive: true, force: true }));

describe('inspect', () => {
  it('reads what a filter is and wants', async () => {
    const found = await inspectFilter(join(GUESTS, 'header-filter.wasm'));
    assert.ok(typeof found !== 'string');
    assert.equal(found.abi, '0.2.1');
    assert.equal(found.language, 'Rust');
    assert.equal(found.names, true);
    assert.equal(found.allocator, 'proxy_on_memory_allocate');
    assert.deepEqual(found.problems, []);
    assert.ok(found.callbacks.includes('proxy_on_request_headers'));
    assert.ok(!found.callbacks.includes('proxy_on_memory_allocate'));
    const log = found.imports.find(({ name }) => name === 'proxy_log');
    assert.equal(log?.signature, '(i32,i32,i32)->i32');
    assert.equal(log.offered, log.signature);
    assert.equal(found.memory?.maxBytes, null);
  });

  it('says why a module that is no filter is refused', async () => {
    const found = await inspectFilter(join(GUESTS, 'cgi-hello.wasm'));
    assert.ok(typeof found !== 'string');
    assert.equal(found.abi, null);
    assert.match(found.problems[0] ?? '', /is no proxy-wasm filter/);
  });

  it('says why a file cannot be looked at', async () => {
    assert.match(String(await inspectFilter(join(dir, 'nowhere'))), /does not exist/);
    assert.match(String(await inspectFilter(dir)), /is not a file/);
    assert.match(String(await inspectFilter(import.meta.filename)), /not a WebAssembly module/);
  });

  it('never throws for a damaged module', async () => {
    const bytes = readFileSync(join(GUESTS, 'header-filter.wasm'));
    const path = join(dir, 'damaged.wasm');
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        writeFileSync(path, damaged);
        const found = await inspectFilter(path);
        assert.ok(typeof found === 'string' || found.sizeBytes === bytes.length);
      }),
      { numRuns: 60 },
    );
  });
});
