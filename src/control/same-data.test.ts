import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { assert as check, jsonValue, property } from 'fast-check';
import { sameData } from './same-data.ts';

const DIFFERENT: readonly (readonly [a: unknown, b: unknown])[] = [
  [1, '1'],
  [null, {}],
  [null, undefined],
  [[], {}],
  [{}, []],
  [[1], [1, 2]],
  [{ a: 1 }, {}],
  [{}, { a: 1 }],
  [{ a: undefined }, { b: undefined }],
  [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
  [{ toString: 1 }, { a: 1 }],
];

for (const [a, b] of DIFFERENT) {
  test(`${JSON.stringify(a)} and ${JSON.stringify(b)} differ`, () => {
    assert.equal(sameData(a, b), false);
    assert.equal(sameData(b, a), false);
  });
}

test('the order of fields means nothing', () => {
  assert.equal(sameData({ a: 1, b: [2] }, { b: [2], a: 1 }), true);
});

test('a copy is the same', () => {
  check(
    property(jsonValue(), (value) => {
      assert.equal(sameData(value, structuredClone(value)), true);
    }),
  );
});

test('agrees with the general comparison', () => {
  check(
    property(jsonValue({ maxDepth: 2 }), jsonValue({ maxDepth: 2 }), (a, b) => {
      assert.equal(sameData(a, b), isDeepStrictEqual(a, b));
    }),
    { numRuns: 1_000 },
  );
});
