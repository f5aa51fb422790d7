import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { guestBytes, leb, list, section, wasm } from '../service/testing/wasm.ts';
import { parseModule } from './binary.ts';
import { limitMemory } from './memory-limit.ts';
import { isProblem } from './shape.ts';

const KIB64 = 65_536;

function limited(bytes: Uint8Array, memoryBytesMax: number): Uint8Array {
  const result = limitMemory(bytes, memoryBytesMax);
  assert.ok(result instanceof Uint8Array, JSON.stringify(result));
  return result;
}

function reason(bytes: Uint8Array, memoryBytesMax: number): string {
  const result = limitMemory(bytes, memoryBytesMax);
  assert.ok(!(result instanceof Uint8Array));
  return result.reason;
}

const memory = (...limits: number[]): Uint8Array => wasm(section(5, list(limits)));

function maxPages(bytes: Uint8Array): number | undefined {
  const shape = parseModule(bytes);
  assert.ok(!isProblem(shape));
  return shape.memories[0]?.maxPages;
}

test('a maximum is set or lowered, never raised', () => {
  assert.equal(maxPages(limited(memory(0, 1), 10 * KIB64)), 10);
  assert.equal(maxPages(limited(memory(1, 1, ...leb(50)), 10 * KIB64)), 10);
  assert.equal(maxPages(limited(memory(1, 1, 3), 10 * KIB64)), 3);
  assert.equal(maxPages(limited(memory(0, 1), 10 * KIB64 + 100)), 10, 'whole pages only');
});

test('the engine holds the guest to it', () => {
  const module = wasm(section(5, list([0, 1])), section(7, list([3, 0x6d, 0x65, 0x6d, 2, 0])));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(limited(module, 4 * KIB64)));
  const { mem } = instance.exports as unknown as { mem: WebAssembly.Memory };
  assert.equal(mem.grow(3), 1);
  assert.throws(() => mem.grow(1), RangeError);
});

test('what cannot live within the bound is refused with both numbers', () => {
  assert.match(reason(memory(0, 11), 10 * KIB64), /needs 720896 bytes.*allows 655360/);
  assert.match(reason(memory(0, 1), 100), /needs 65536 bytes/);
});

test('memories that cannot be bounded here are refused', () => {
  assert.match(reason(memory(3, 1, 1), KIB64), /shared, 64-bit/);
  assert.match(reason(memory(4, 1), KIB64), /shared, 64-bit/);
  assert.match(reason(wasm(section(5, list([0, 1], [0, 1]))), KIB64), /several memories/);
});

test('tables are bounded too, by what their entries cost', () => {
  const table = (...limits: number[]): Uint8Array => wasm(section(4, list([0x70, ...limits])));
  const cut = limited(table(0, 1), 64 * 1000);
  assert.deepEqual([...cut.subarray(8)], [...section(4, list([0x70, 1, 1, ...leb(1000)]))]);
  assert.match(reason(table(0, ...leb(1001)), 64 * 1000), /table of 1001 entries.*1000/);
  const typed = wasm(section(4, list([0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b])));
  assert.match(reason(typed, KIB64), /typed references/);
});

test('everything else is copied byte for byte', () => {
  for (const guest of ['cgi-hello', 'js-hello']) {
    const bytes = guestBytes(guest);
    const once = limited(bytes, 32 * 1024 * 1024);
    assert.equal(maxPages(once), 512);
    assert.ok(WebAssembly.validate(once));
    assert.deepEqual(Buffer.from(limited(once, 32 * 1024 * 1024)), Buffer.from(once), 'settled');
    const before = parseModule(bytes);
    const after = parseModule(once);
    assert.ok(!isProblem(before) && !isProblem(after));
    assert.deepEqual(after.exports, before.exports);
    assert.deepEqual(after.imports, before.imports);
  }
});

test('a module without memory or tables is unchanged', () => {
  const bytes = wasm(section(1, list([0x60, 0, 0])), section(0, [1, 0x78, 1, 2, 3]));
  assert.deepEqual(Buffer.from(limited(bytes, KIB64)), Buffer.from(bytes));
});

test('damaged modules give a reason with the place', () => {
  assert.match(reason(Uint8Array.of(0, 0x61), KIB64), /at byte/);
  assert.match(reason(wasm([5, 3, 1, 0]), KIB64), /at byte/);
  assert.match(reason(wasm([5, 4, 1, 0, 1, 9]), KIB64), /too many/);
  assert.match(reason(wasm([5, 0x80]), KIB64), /at byte/);
  assert.match(reason(wasm([5, 7, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f]), KIB64), /at byte/);
});

test('fuzz: mutated modules never throw, and what still validates is bounded', () => {
  const seed = Buffer.from(guestBytes('cgi-hello').subarray(0, 4096));
  const edit = fc.tuple(
    fc.integer({ min: 8, max: seed.length - 1 }),
    fc.integer({ min: 0, max: 255 }),
  );
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 8 }), fc.nat({ max: seed.length }), (edits, cut) => {
      const bytes = Buffer.from(seed.subarray(0, seed.length - (cut % 2 === 0 ? cut : 0)));
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      const result = limitMemory(bytes, 16 * KIB64);
      if (!(result instanceof Uint8Array) || !WebAssembly.validate(result)) return;
      const pages = maxPages(result);
      assert.ok(pages === undefined || (pages >= 0 && pages <= 16));
    }),
    { numRuns: 1000 },
  );
});
