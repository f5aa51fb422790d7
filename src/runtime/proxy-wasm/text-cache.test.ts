import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { fieldName, TextCache } from './text-cache.ts';

describe('text cache', () => {
  it('sees that the bytes at an address have changed', () => {
    const cache = new TextCache();
    const bytes = Buffer.from('x-one');
    assert.equal(cache.text(bytes, 0, 5), 'x-one');
    bytes[4] = 0x58;
    assert.equal(cache.text(bytes, 0, 5), 'x-onX');
    assert.equal(cache.name(bytes, 0, 5), 'x-onx');
    assert.equal(cache.text(bytes, 0, 2), 'x-');
  });

  it('agrees with plain decoding for any bytes, again and again', () => {
    const cache = new TextCache();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), fc.nat(20), (noise, at) => {
        const bytes = Buffer.from(noise);
        const start = Math.min(at, bytes.length);
        const length = bytes.length - start;
        const plain = bytes.toString('latin1', start);
        assert.equal(cache.text(bytes, start, length), plain);
        assert.equal(cache.name(bytes, start, length), fieldName(plain));
      }),
      { numRuns: 2_000 },
    );
  });

  it('knows names of fields', () => {
    assert.equal(fieldName('X-Upper'), 'x-upper');
    assert.equal(fieldName(':path'), ':path');
    for (const bad of ['', ':', 'a b', 'a:b', 'a\r', '\u00e9', 'a\0'])
      assert.equal(fieldName(bad), null);
  });
});
