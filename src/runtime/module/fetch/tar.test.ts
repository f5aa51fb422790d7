import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { FetchError } from './fetch-error.ts';
import { isHidden, TarScanner } from './tar.ts';
import { EMPTY_MODULE, moduleOf, openTar, pax, type TarEntry, tar } from './testing/archive.ts';

const BOUNDS = { moduleBytesMax: 10_000, entriesMax: 50 };

function scan(bytes: Uint8Array, chunkBytes = bytes.length || 1): TarScanner {
  const scanner = new TarScanner(BOUNDS);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    scanner.push(bytes.subarray(at, at + chunkBytes));
  }
  scanner.end();
  return scanner;
}

const file = (name: string, bytes: Uint8Array | string = EMPTY_MODULE): TarEntry => ({
  name,
  bytes,
});

test('plugin.wasm at the root, whatever else is there', () => {
  const module = moduleOf(1_500);
  const found = scan(
    tar(file('readme', 'x'.repeat(600)), file('plugin.wasm', module), file('z', '')),
  );
  assert.equal(found.path, 'plugin.wasm');
  assert.deepEqual(found.module, module);
});

const BEST: readonly (readonly [names: readonly string[], best: string])[] = [
  [['plugin.wasm'], 'plugin.wasm'],
  [['./plugin.wasm'], 'plugin.wasm'],
  [['/plugin.wasm'], 'plugin.wasm'],
  [['a/plugin.wasm'], 'a/plugin.wasm'],
  [['a.wasm'], 'a.wasm'],
  [['a.wasm', 'b/plugin.wasm'], 'b/plugin.wasm'],
  [['b/plugin.wasm', 'a.wasm'], 'b/plugin.wasm'],
  [['b/plugin.wasm', 'plugin.wasm'], 'plugin.wasm'],
  [['plugin.wasm', 'b/plugin.wasm', 'c.wasm', 'd.wasm'], 'plugin.wasm'],
  [['../../plugin.wasm'], '../../plugin.wasm'],
  [['plugin.wasm.txt', 'wasm'], ''],
  [['.wh.plugin.wasm'], ''],
];

for (const [names, best] of BEST) {
  test(`of ${names.join(', ')}: ${best || 'none'}`, () => {
    const entries = names.map((name, index) => file(name, moduleOf(20 + index)));
    const found = scan(tar(...entries));
    assert.equal(found.path, best);
    const expected = entries.find(({ name }) => name.replace(/^\.?\//, '') === best)?.bytes;
    assert.deepEqual(found.module, expected ?? null);
  });
}

test('split at every byte it is the same', () => {
  const module = moduleOf(1_025);
  const bytes = tar(
    pax({ path: 'deep/plugin.wasm', mtime: '1' }),
    file('short', module),
    { name: 'l', type: 'L', bytes: `${'n'.repeat(700)}\0` },
    file('cut', 'text'),
  );
  for (const size of [1, 2, 3, 7, 511, 512, 513, 1_000]) {
    const found = scan(bytes, size);
    assert.equal(found.path, 'deep/plugin.wasm', `chunks of ${size}`);
    assert.deepEqual(found.module, module);
  }
  for (let at = 0; at <= bytes.length; at++) {
    const scanner = new TarScanner(BOUNDS);
    scanner.push(bytes.subarray(0, at));
    scanner.push(bytes.subarray(at));
    scanner.end();
    assert.equal(scanner.path, 'deep/plugin.wasm');
  }
});

test('long names: ustar prefix, GNU, pax; pax size', () => {
  assert.equal(scan(tar({ ...file('p.wasm'), prefix: 'dir' })).path, 'dir/p.wasm');
  const long = `${'d'.repeat(150)}/p.wasm`;
  assert.equal(scan(tar({ name: 'l', type: 'L', bytes: `${long}\0` }, file('x'))).path, long);
  assert.equal(scan(tar(pax({ path: long }), file('x'))).path, long);
  const sized = tar(pax({ size: '8' }), { ...file('p.wasm'), size: '00000000000\0' });
  assert.deepEqual(scan(sized).module, EMPTY_MODULE);
  assert.equal(scan(tar(pax({ path: 'a.wasm' }), file('x'), file('b', ''))).path, 'a.wasm');
});

test('a size in binary', () => {
  assert.deepEqual(scan(tar({ ...file('p.wasm'), size: 'binary 8' })).module, EMPTY_MODULE);
});

test('a global pax header and an empty archive', () => {
  assert.equal(
    scan(tar({ ...pax({ path: 'no.wasm' }), type: 'g' }, file('p.wasm'))).path,
    'p.wasm',
  );
  assert.equal(scan(tar()).module, null);
});

test('the later of two entries of one path', () => {
  const found = scan(tar(file('plugin.wasm', moduleOf(20)), file('./plugin.wasm', moduleOf(30))));
  assert.equal(found.module?.length, 30);
});

test('links, devices and directories named like a module are none', () => {
  const types = ['1', '2', '3', '4', '5', '6'];
  for (const type of types) {
    const found = scan(tar({ name: 'plugin.wasm', type, linkName: '/etc/passwd' }));
    assert.equal(found.module, null, type);
  }
});

test('several modules and no plugin.wasm: a few of their names', () => {
  const many = Array.from({ length: 9 }, (_, index) => file(`m${index}.wasm`));
  assert.throws(() => scan(tar(...many)), /m0\.wasm, m1\.wasm, m2\.wasm, m3\.wasm, m4\.wasm\)/);
});

test('whiteouts hide what is below', () => {
  const { hidden } = scan(
    tar(file('.wh.plugin.wasm', ''), file('a/.wh.b', ''), file('c/.wh..wh..opq', '')),
  );
  assert.ok(isHidden('plugin.wasm', hidden));
  assert.ok(isHidden('a/b', hidden));
  assert.ok(isHidden('a/b/x.wasm', hidden));
  assert.ok(isHidden('c/x.wasm', hidden));
  assert.ok(!isHidden('a/bc.wasm', hidden));
  assert.ok(!isHidden('x.wasm', hidden));
  const all = scan(tar(file('.wh..wh..opq', ''))).hidden;
  assert.ok(isHidden('any/x.wasm', all));
});

const REFUSED: readonly (readonly [what: string, bytes: Uint8Array, message: RegExp])[] = [
  ['text', Buffer.from('x'.repeat(600)), /no tar archive/],
  ['nothing', new Uint8Array(0), /cut short/],
  ['half a header', tar(file('a')).subarray(0, 300), /cut short/],
  ['half a file', openTar(file('plugin.wasm', moduleOf(2_000))).subarray(0, 900), /cut short/],
  ['a damaged header', damaged(), /is damaged/],
  ['a huge module', tar({ ...file('plugin.wasm'), size: '77777777777\0' }), /at most 10000/],
  ['a huge binary size', tar({ ...file('a'), size: 'binary 18446744073709551615' }), /has no size/],
  ['a size of letters', tar({ ...file('a'), size: 'many' }), /has no size/],
  ['a huge name', tar({ name: 'l', type: 'L', size: '00000300000\0' }), /name too long/],
  ['broken pax', tar({ name: 'p', type: 'x', bytes: '99 path=a\n' }), /broken pax/],
  ['pax of length 0', tar({ name: 'p', type: 'x', bytes: '0 path=a\n' }), /broken pax/],
  ['pax without length', tar({ name: 'p', type: 'x', bytes: 'path' }), /broken pax/],
  ['a pax size of letters', tar(pax({ size: 'x' }), file('a')), /broken pax/],
  ['too many entries', tar(...Array.from({ length: 51 }, () => file('a', ''))), /more than 50/],
];

function damaged(): Uint8Array {
  const bytes = tar(file('a', ''), file('b', ''));
  bytes[512] = 0x7a;
  return bytes;
}

for (const [what, bytes, message] of REFUSED) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => scan(bytes),
      (error) => {
        assert.ok(error instanceof FetchError);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('names are shown without what a terminal obeys', () => {
  const bytes = tar({ ...file('\u001b[31m.wasm'), size: '77777777777\0' });
  assert.throws(
    () => scan(bytes),
    (error) => !/\p{Cc}/u.test(String((error as Error).message)),
  );
});

test("what this machine's tar writes", () => {
  const directory = mkdtempSync(join(tmpdir(), 'tulle-tar-'));
  try {
    const deep = join(directory, `${'d'.repeat(70)}/${'e'.repeat(70)}`);
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(directory, 'readme'), 'x'.repeat(3_000));
    writeFileSync(join(deep, 'plugin.wasm'), moduleOf(5_000));
    symlinkSync('readme', join(directory, 'link.wasm'));
    for (const format of ['gnu', 'pax', 'ustar']) {
      const bytes = execFileSync('tar', ['-C', directory, `--format=${format}`, '-cf', '-', '.']);
      const found = scan(bytes, 1_000);
      assert.ok(found.path.endsWith('/plugin.wasm'), format);
      assert.deepEqual(found.module, moduleOf(5_000));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('any bytes are an archive or refused, and nothing grows past its bound', () => {
  const good = tar(pax({ path: 'a/plugin.wasm' }), file('x', moduleOf(700)), file('b.wasm'));
  const edit = fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(
      fc.array(edit, { maxLength: 6 }),
      fc.integer({ min: 1, max: 700 }),
      (edits, size) => {
        const bytes = Uint8Array.from(good);
        for (const [at, byte] of edits) bytes[at] = byte;
        try {
          const found = scan(bytes, size);
          assert.ok((found.module?.length ?? 0) <= BOUNDS.moduleBytesMax);
        } catch (error) {
          assert.ok(error instanceof FetchError, String(error));
        }
      },
    ),
    { numRuns: 500 },
  );
});
