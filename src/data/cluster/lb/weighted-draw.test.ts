/** Fed with numbers evenly spread over [0, 1), a draw must hit each index exactly by its weight. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { EndpointState } from '../endpoint.ts';
import { WeightedDraw } from './weighted-draw.ts';

const STEPS = 2_520;

/** How often of `STEPS` even numbers each index comes. */
function sweep(weights: readonly number[], draw: (of: WeightedDraw<null>) => number): number[] {
  let step = 0;
  const drawn = new WeightedDraw<null>(() => step / STEPS);
  drawn.use(weights.map((weight, i) => new EndpointState(`10.0.0.${i}`, 80, weight, () => {})));
  const counts = weights.map(() => 0);
  for (step = 0; step < STEPS; step++) {
    const index = draw(drawn);
    assert.ok(index >= 0 && index < weights.length, `index ${index}`);
    counts[index] = (counts[index] as number) + 1;
  }
  return counts;
}

/** The counts that weights ask for where only some indexes may come; off by rounding at most. */
function assertByWeight(counts: readonly number[], weights: readonly number[], barred: number[]) {
  const open = weights.map((weight, i) => (barred.includes(i) ? 0 : weight));
  const sum = open.reduce((total, weight) => total + weight, 0);
  for (const [i, count] of counts.entries()) {
    const expected = (STEPS * (open[i] as number)) / sum;
    assert.ok(Math.abs(count - expected) <= 1, `${i} came ${count} times, not ${expected}`);
    if (open[i] === 0) assert.equal(count, 0);
  }
}

test('draw: by weight, to the edge of each stretch', () => {
  assert.deepEqual(
    sweep([1, 3], (of) => of.draw()),
    [630, 1_890],
  );
  assert.deepEqual(
    sweep([2, 2, 2], (of) => of.draw()),
    [840, 840, 840],
  );
  assert.deepEqual(
    sweep([1, 2, 3, 4], (of) => of.draw()),
    [252, 504, 756, 1_008],
  );
  assert.deepEqual(
    sweep([9], (of) => of.draw()),
    [STEPS],
  );
});

test('draw of nothing is -1, and so is drawing beside everything', () => {
  const empty = new WeightedDraw<null>(() => 0.5);
  assert.equal(empty.draw(), -1);
  assert.equal(empty.drawBeside([], -1), -1);
  empty.use([new EndpointState('10.0.0.0', 80, 1, () => {})]);
  assert.equal(empty.drawBeside(['10.0.0.0:80'], -1), -1);
  assert.equal(empty.drawBeside([], 0), -1);
  assert.equal(empty.drawBeside([], -1), 0);
});

const weightsOf = fc.oneof(
  fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 6 }),
  fc
    .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 9 }))
    .map(([count, weight]) => {
      return Array.from({ length: count }, () => weight);
    }),
);

test('property: draw, drawOther and drawBeside are exact', () => {
  fc.assert(
    fc.property(weightsOf, fc.nat(5), fc.array(fc.nat(5)), (weights, n, avoided) => {
      const taken = n % weights.length;
      const avoid = avoided.map((i) => `10.0.0.${i}:80`);
      assertByWeight(
        sweep(weights, (of) => of.draw()),
        weights,
        [],
      );
      assertByWeight(
        sweep(weights, (of) => of.drawOther(taken)),
        weights,
        [taken],
      );
      for (const besides of [-1, taken]) {
        const barred = [...avoided, besides];
        if (weights.every((_, i) => barred.includes(i))) continue;
        assertByWeight(
          sweep(weights, (of) => of.drawBeside(avoid, besides)),
          weights,
          barred,
        );
      }
    }),
    { numRuns: 50 },
  );
});
