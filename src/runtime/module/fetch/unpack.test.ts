import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { FetchError, NotAnArchiveError, UnusableError } from './fetch-error.ts';
import { EMPTY_MODULE, moduleOf, tar } from './testing/archive.ts';
import { unpack } from './unpack.ts';

const BOUNDS = { moduleBytesMax: 100_000, archiveBytesMax: 300_000, entriesMax: 100 };
const MODULE = moduleOf(50_000);
const ARCHIVE = tar({ name: 'plugin.wasm', bytes: MODULE });

const FORMS: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ['a module', MODULE],
  ['a module by gzip', gzipSync(MODULE)],
  ['a module by zstd', zstdCompressSync(MODULE)],
  ['an archive', ARCHIVE],
  ['an archive by gzip', gzipSync(ARCHIVE)],
  ['an archive by zstd', zstdCompressSync(ARCHIVE)],
  [
    'an archive in two members of gzip',
    Buffer.concat([gzipSync(ARCHIVE.subarray(0, 700)), gzipSync(ARCHIVE.subarray(700))]),
  ],
];

for (const [what, bytes] of FORMS) {
  test(`${what} is unpacked`, async () => {
    assert.deepEqual((await unpack(bytes, BOUNDS)).module, MODULE);
  });
}

test('an archive without a module', async () => {
  const bytes = gzipSync(tar({ name: 'a', bytes: 'x' }, { name: '.wh.plugin.wasm' }));
  assert.deepEqual(await unpack(bytes, BOUNDS), {
    module: null,
    path: '',
    hidden: ['plugin.wasm', 'plugin.wasm/'],
  });
});

test('an empty module is one', async () => {
  assert.deepEqual((await unpack(EMPTY_MODULE, BOUNDS)).module, EMPTY_MODULE);
});

const REFUSED: readonly (readonly [what: string, bytes: Uint8Array, message: RegExp])[] = [
  ['text', Buffer.from('a readme '.repeat(100)), /no tar archive/],
  ['half of gzip', gzipSync(ARCHIVE).subarray(0, 40), /do not decompress/],
  ['half of zstd', zstdCompressSync(ARCHIVE).subarray(0, 40), /do not decompress|cut short/],
  [
    'gzip and then noise',
    Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.from('noise')]),
    /do not decompress/,
  ],
  ['an archive cut short in gzip', gzipSync(ARCHIVE.subarray(0, 20_000)), /cut short/],
  [
    'a bomb of one file',
    gzipSync(tar({ name: 'a', bytes: new Uint8Array(400_000) })),
    /more than 300000/,
  ],
  [
    'a bomb behind the module',
    gzipSync(Buffer.concat([ARCHIVE, Buffer.alloc(400_000)])),
    /more than 300000/,
  ],
  ['a bomb of zstd', zstdCompressSync(Buffer.alloc(400_000)), /more than 300000/],
  ['a module too large by gzip', gzipSync(moduleOf(100_001)), /more than 100000/],
];

for (const [what, bytes, message] of REFUSED) {
  test(`refused: ${what}`, async () => {
    await assert.rejects(unpack(bytes, BOUNDS), (error) => {
      assert.ok(error instanceof UnusableError, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}

test('only what is no archive at all may be passed over', async () => {
  await assert.rejects(unpack(Buffer.from('a readme '.repeat(100)), BOUNDS), NotAnArchiveError);
  await assert.rejects(
    unpack(gzipSync(ARCHIVE.subarray(0, 20_000)), BOUNDS),
    (error) => !(error instanceof NotAnArchiveError),
  );
});

test('any damage is refused or makes no difference', async () => {
  const packed = [gzipSync(ARCHIVE), zstdCompressSync(ARCHIVE)];
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 1 }),
      fc.nat(),
      fc.nat({ max: 255 }),
      async (which, at, byte) => {
        const bytes = Uint8Array.from(packed[which] ?? []);
        bytes[at % bytes.length] = byte;
        try {
          const { module } = await unpack(bytes, BOUNDS);
          assert.ok((module?.length ?? 0) <= BOUNDS.moduleBytesMax);
        } catch (error) {
          assert.ok(error instanceof FetchError, String(error));
        }
      },
    ),
    { numRuns: 150 },
  );
});
