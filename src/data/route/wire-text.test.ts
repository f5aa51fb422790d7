import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { fromWire, toWire } from './wire-text.ts';

test('ASCII stays, other text becomes its UTF-8 bytes', () => {
  assert.equal(toWire('/a b?%20'), '/a b?%20');
  assert.equal(toWire('/caf\u00e9'), '/caf\u00c3\u00a9');
});

test('text comes back as it was, and every char of the wire is one byte', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const wire = toWire(text);
      for (const char of wire) assert.ok(char.charCodeAt(0) <= 0xff);
      assert.equal(fromWire(wire), text.toWellFormed());
    }),
  );
});
