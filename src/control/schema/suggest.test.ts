import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { editDistance } from '../../base/did-you-mean.ts';
import { didYouMean, nearest } from './suggest.ts';

test('a slip of the pen finds the word that was meant', () => {
  const words = ['matches', 'filters', 'backendRefs', 'timeouts', 'name'];
  for (const [slip, meant] of [
    ['match', 'matches'],
    ['filtres', 'filters'],
    ['backendrefs', 'backendRefs'],
    ['backendRef', 'backendRefs'],
    ['timeout', 'timeouts'],
    ['nmae', 'name'],
  ] as const) {
    assert.equal(nearest(slip, words), meant);
  }
});

test('what is far from every word gets no suggestion', () => {
  assert.equal(nearest('replicas', ['matches', 'filters']), null);
  assert.equal(didYouMean('x', ['name', 'port']), '');
  assert.equal(didYouMean('a'.repeat(1000), ['a']), '');
});

test('a swap of neighbours costs one, as do the three others', () => {
  assert.equal(editDistance('typ', 'type'), 1);
  assert.equal(editDistance('tpye', 'type'), 1);
  assert.equal(editDistance('tape', 'type'), 1);
  assert.equal(editDistance('', 'abc'), 3);
});

test('the distance is symmetric and zero for equal words only', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      assert.equal(distance, editDistance(b, a));
      assert.equal(distance === 0, a === b);
      assert.ok(distance <= Math.max(a.length, b.length));
    }),
    { numRuns: 300 },
  );
});
