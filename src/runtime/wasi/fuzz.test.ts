/** Whatever a guest passes, a host call answers with an errno or ends the run: nothing else. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { WASI_SIGNATURES } from './signatures.ts';
import { GuestStop } from './stop.ts';
import { type Argument, Rig } from './testing/rig.ts';
import { makeTree } from './testing/tree.ts';

const tree = makeTree();
after(() => tree.remove());

const END = 65_536;

const pointer = fc.oneof(
  fc.integer({ min: 0, max: 256 }),
  fc.integer({ min: END - 80, max: END + 80 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);
const small = fc.integer({ min: -2, max: 40 });
const i32 = fc.oneof({ weight: 3, arbitrary: small }, { weight: 2, arbitrary: pointer });
const i64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 64n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

const signatures = Object.entries(WASI_SIGNATURES['wasi_snapshot_preview1'] ?? {});

const call = fc.constantFrom(...signatures).chain(([name, signature]) => {
  const types = signature.slice(1, signature.indexOf(')')).split(',').filter(Boolean);
  const args = fc.tuple(
    ...types.map((type) => (type === 'i64' ? i64 : i32) as fc.Arbitrary<Argument>),
  );
  return args.map((values) => ({ name, args: values }));
});

test('every host call with any arguments returns an errno or stops the run', () => {
  fc.assert(
    fc.property(
      fc.array(call, { minLength: 1, maxLength: 30 }),
      fc.uint8Array({ minLength: 64, maxLength: 512 }),
      fc.boolean(),
      (calls, noise, readonly) => {
        const rig = new Rig({
          args: ['prog'],
          env: ['A=1'],
          stdin: 'some input',
          dirs: [{ guest: '/', host: tree.inside, readonly }],
          wallMs: 60_000,
        });
        new Uint8Array(rig.memory.buffer).set(noise);
        rig.put(16, 'dir/nested');
        for (const { name, args } of calls) {
          const table = name.length % 2 === 0 ? rig.calls : rig.unstable;
          const found = table[name] ?? rig.calls[name];
          assert.ok(found !== undefined, name);
          try {
            const errno = found(...args);
            assert.ok(Number.isInteger(errno) && errno >= 0 && errno <= 76, `${name}: ${errno}`);
          } catch (error) {
            assert.ok(error instanceof GuestStop, `${name}(${args.join()}): ${String(error)}`);
          }
        }
        rig.guest.dispose();
      },
    ),
    { numRuns: 1500 },
  );
});

test('every function of the table is bound, and no other', () => {
  const rig = new Rig();
  assert.deepEqual(Object.keys(rig.calls).toSorted(), signatures.map(([name]) => name).toSorted());
  const unstable = Object.keys(WASI_SIGNATURES['wasi_unstable'] ?? {});
  for (const name of unstable) assert.ok(rig.unstable[name] !== undefined, name);
});

test('path calls with real paths and random descriptors never throw', () => {
  const names = ['file', 'dir', 'dir/', 'made', '../outside', '.', 'dir/nested/deep', 'x/y', '\0'];
  const flags = fc.integer({ min: 0, max: 31 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names), small, flags), {
        maxLength: 20,
      }),
      (steps) => {
        const rig = new Rig({ dirs: [{ guest: '/', host: tree.inside }], wallMs: 60_000 });
        for (const [from, to, fd, bits] of steps) {
          rig.open(3, from, { oflags: bits & 15, fdflags: bits, follow: (bits & 16) !== 0 });
          const one = rig.path(from);
          const two = rig.path(to);
          rig.call('path_rename', 3, ...one, 3, ...two);
          rig.call('path_link', 3, 0, ...one, fd, ...two);
          rig.call('path_symlink', ...one, 3, ...two);
          rig.call('path_create_directory', 3, ...one);
          rig.call('path_remove_directory', fd, ...two);
          rig.call('path_unlink_file', 3, ...two);
          rig.write(fd, 'x');
          rig.call('fd_readdir', fd, 0x2000, 100, 0n, 80);
          rig.call('fd_close', fd);
        }
        rig.guest.dispose();
      },
    ),
    { numRuns: 150 },
  );
});
