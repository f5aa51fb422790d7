import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { encodePairs, pairsSize, readPairs, writePairs } from './pairs.ts';

const read = (bytes: Uint8Array): string[] | null => readPairs(Buffer.from(bytes), 0, bytes.length);
const latin1 = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 20 })
  .map((codes) => String.fromCharCode(...codes));

describe('pairs', () => {
  it('has the form guests know', () => {
    assert.deepEqual(
      [...encodePairs(['a', 'bc'])],
      [1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0x61, 0, 0x62, 0x63, 0],
    );
    assert.deepEqual([...encodePairs([])], [0, 0, 0, 0]);
  });

  it('writes two lists as one map', () => {
    const bytes = Buffer.alloc(pairsSize(['a', '1'], ['b', '2']) + 2);
    writePairs(bytes, 1, ['a', '1'], ['b', '2']);
    assert.deepEqual(readPairs(bytes, 1, bytes.length - 2), ['a', '1', 'b', '2']);
  });

  it('reads back whatever it wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(latin1, latin1), { maxLength: 20 }), (list) => {
        const pairs = list.flat();
        const encoded = encodePairs(pairs);
        assert.equal(encoded.length, pairsSize(pairs, []));
        assert.deepEqual(read(encoded), pairs);
      }),
    );
  });

  it('takes nothing, or a few zeros, for the empty map', () => {
    for (const length of [0, 1, 4]) assert.deepEqual(read(new Uint8Array(length)), []);
    assert.equal(read(Uint8Array.of(1)), null);
  });

  it('refuses what does not end where it should, and missing NULs', () => {
    const good = encodePairs(['key', 'value']);
    assert.equal(read(good.subarray(0, good.length - 1)), null);
    assert.equal(read(Buffer.concat([good, Buffer.from([0])])), null);
    const last = Uint8Array.from(good);
    last[last.length - 1] = 1;
    assert.equal(read(last), null);
    const inner = Uint8Array.from(good);
    inner[15] = 0x21;
    assert.equal(read(inner), null);
  });

  it('refuses too many and too much', () => {
    const many = (count: number): string[] => Array.from({ length: count * 2 }, () => 'x');
    assert.notEqual(read(encodePairs(many(1024))), null);
    assert.equal(read(encodePairs(many(1025))), null);
    assert.equal(read(encodePairs(['k', 'v'.repeat(1024 * 1024)])), null);
  });

  it('never throws and never reads outside', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(40), (noise, pairs) => {
        if (noise.length > 3) noise.set([pairs, 0, 0, 0]);
        const result = read(noise);
        assert.ok(result === null || result.length % 2 === 0);
      }),
      { numRuns: 3_000 },
    );
  });
});
