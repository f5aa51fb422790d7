import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { protoField } from './proto.ts';

describe('proto', () => {
  it('finds fields of each wire type, the last of several', () => {
    const fields = ['089601', '12026162', '120163', '1d01020304', '210102030405060708'];
    const message = Uint8Array.from(Buffer.from(fields.join(''), 'hex'));
    assert.equal(protoField(message, 1), 150);
    assert.deepEqual(protoField(message, 2), Uint8Array.of(0x63));
    assert.deepEqual(protoField(message, 3), Uint8Array.of(1, 2, 3, 4));
    assert.equal((protoField(message, 4) as Uint8Array).length, 8);
    assert.equal(protoField(message, 5), undefined);
    assert.equal(protoField(new Uint8Array(0), 1), undefined);
  });

  it('finds nothing in what is malformed', () => {
    for (const bytes of [[0x0a, 5, 1], [0x08], [0x0b, 1], [0x00, 1], [0x08, 0xff, 0xff]]) {
      assert.equal(protoField(Uint8Array.from(bytes), 1), undefined);
    }
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(20), (bytes, field) => {
        protoField(bytes, field);
      }),
      { numRuns: 2_000 },
    );
  });
});
