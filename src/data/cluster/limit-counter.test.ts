import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LimitCounter } from './limit-counter.ts';

test('it gives what there is, refuses beyond and counts refusals', () => {
  const counter = new LimitCounter('request', 2);
  assert.deepEqual(
    [counter.tryAcquire(), counter.tryAcquire(), counter.tryAcquire()],
    [true, true, false],
  );
  assert.equal(counter.used, 2);
  assert.equal(counter.refused, 1);
  counter.release();
  assert.equal(counter.tryAcquire(), true);
  assert.equal(counter.refused, 1);
});

test('a limit of 0 gives nothing', () => {
  assert.equal(new LimitCounter('request', 0).tryAcquire(), false);
});

test('a limit lowered below what is in use refuses until enough is back', () => {
  const counter = new LimitCounter('connection', 3);
  for (let i = 0; i < 3; i++) counter.tryAcquire();
  counter.max = 1;
  assert.equal(counter.tryAcquire(), false);
  counter.release();
  counter.release();
  assert.equal(counter.tryAcquire(), false);
  counter.release();
  assert.equal(counter.tryAcquire(), true);
});

test('giving back what is not held is an error, and changes nothing', () => {
  const counter = new LimitCounter('pending request', 1);
  assert.throws(() => counter.release(), /a pending request was released twice/);
  assert.equal(counter.used, 0);
  assert.equal(counter.tryAcquire(), true);
  assert.equal(counter.tryAcquire(), false);
});

test('property: never more in use than the limit that was in force when it was taken', () => {
  const step = fc.oneof(fc.constantFrom('take', 'give'), fc.nat(5));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const counter = new LimitCounter('request', 3);
      let held = 0;
      let refused = 0;
      for (const op of steps) {
        if (typeof op === 'number') counter.max = op;
        else if (op === 'give') {
          if (held === 0) continue;
          counter.release();
          held--;
        } else if (counter.tryAcquire()) {
          held++;
          assert.ok(held <= counter.max);
        } else {
          refused++;
          assert.ok(held >= counter.max);
        }
        assert.equal(counter.used, held);
        assert.equal(counter.refused, refused);
      }
    }),
  );
});
