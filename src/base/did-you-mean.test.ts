import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { didYouMean, editDistance, suggestion } from './did-you-mean.ts';

test('the nearest word wins, far ones are not offered', () => {
  const words = ['routes', 'clusters', 'filters'];
  assert.equal(didYouMean('rotues', words), 'routes');
  assert.equal(didYouMean('Filter', words), 'filters');
  assert.equal(didYouMean('xyz', words), undefined);
  assert.equal(didYouMean('', words), undefined);
});

test('the sentence is empty when there is nothing to offer', () => {
  assert.equal(suggestion('jsn', ['json', 'text']), ', did you mean "json"?');
  assert.equal(suggestion('protobuf', ['json', 'text']), '');
});

test('a swap of neighbours is one step', () => {
  assert.equal(editDistance('abcd', 'abdc'), 1);
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('same', 'same'), 0);
});

test('the distance is symmetric, and the bound only cuts it', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 6 }), (a, b, bound) => {
      const distance = editDistance(a, b);
      assert.equal(editDistance(b, a), distance);
      assert.ok(distance <= Math.max(a.length, b.length));
      assert.equal(distance === 0, a === b);
      assert.equal(editDistance(a, b, bound), Math.min(distance, bound));
    }),
  );
});
