import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { latin1 } from './latin1.ts';

describe('latin1', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const text = String.fromCharCode(...bytes);

  it('makes one char of each byte', () => {
    assert.equal(latin1(Buffer.from(bytes), 0, 256), text);
    assert.equal(latin1(Buffer.from(bytes), 3, 5), '\u0003\u0004');
    assert.equal(latin1(Buffer.from(bytes), 7, 7), '');
  });

  it('takes bytes that are no Buffer, such as a view of guest memory', () => {
    assert.equal(latin1(bytes, 0, 256), text);
    assert.equal(latin1(new Uint8Array(bytes.buffer, 100, 20), 1, 3), 'ef');
  });
});
