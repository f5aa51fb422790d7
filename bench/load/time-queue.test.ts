import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { TimeQueue } from './time-queue.ts';

test('it behaves as a list with a bound', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.double({ noNaN: true }))), (steps) => {
      const queue = new TimeQueue(4);
      const model: number[] = [];
      for (const step of steps) {
        if (step === null) {
          assert.equal(queue.shift(), model.shift() ?? Number.NaN);
        } else {
          assert.equal(queue.push(step), model.length < 4);
          if (model.length < 4) model.push(step);
        }
        assert.equal(queue.length, model.length);
        assert.equal(queue.first, model[0] ?? Number.NaN);
      }
    }),
  );
});
