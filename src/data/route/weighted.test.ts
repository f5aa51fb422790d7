import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { pickBackend } from './weighted.ts';

const weights = (...values: number[]): { weight: number }[] => values.map((weight) => ({ weight }));
const never = (): number => assert.fail('a single backend needs no chance');

test('a single backend is taken without asking for chance', () => {
  assert.equal(pickBackend(weights(1), never), 0);
  assert.equal(pickBackend(weights(1_000_000), never), 0);
});

test('no backend, or only weights of 0, gives -1', () => {
  assert.equal(pickBackend([], never), -1);
  assert.equal(pickBackend(weights(0), never), -1);
  assert.equal(
    pickBackend(weights(0, 0, 0), () => 0.5),
    -1,
  );
});

test('each backend takes its share of the range, the borders included', () => {
  const backends = weights(1, 0, 2, 1);
  const taken = [0, 0.24, 0.25, 0.5, 0.74, 0.75, 0.999].map((chance) =>
    pickBackend(backends, () => chance),
  );
  assert.deepEqual(taken, [0, 0, 2, 2, 2, 3, 3]);
});

test('shares over an even spread are exact', () => {
  const backends = weights(8, 1, 0, 1);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 1_000; i++) {
    const index = pickBackend(backends, () => i / 1_000);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  assert.deepEqual(counts, [800, 100, 0, 100]);
});

test('a backend of weight 0 is never taken', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })), {
        minLength: 2,
      }),
      fc.oneof(
        fc.constant(1 - Number.EPSILON / 2),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      ),
      (values, chance) => {
        const index = pickBackend(weights(...values), () => chance);
        if (values.some((value) => value > 0)) assert.ok((values[index] as number) > 0);
        else assert.equal(index, -1);
      },
    ),
  );
});
