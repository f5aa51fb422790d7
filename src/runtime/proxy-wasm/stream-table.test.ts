import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { GuestStream } from './stream.ts';
import { StreamTable } from './stream-table.ts';

const stream = (): GuestStream => ({ id: 0 }) as GuestStream;

describe('stream table', () => {
  it('gives no id below its first, and finds by id', () => {
    const table = new StreamTable(2);
    const one = stream();
    assert.ok(table.add(one));
    assert.equal(one.id, 2);
    assert.equal(table.get(2), one);
    assert.equal(table.get(0), undefined);
    assert.equal(table.get(1), undefined);
  });

  it('does not give an id again as soon as its slot is free', () => {
    const table = new StreamTable(2);
    const seen = new Set<number>();
    for (let i = 0; i < 1_000; i++) {
      const one = stream();
      table.add(one);
      assert.ok(!seen.has(one.id));
      seen.add(one.id);
      table.remove(one);
      assert.equal(table.get(one.id), undefined);
    }
  });

  it('keeps ids below 2^32 and ends when it is full', () => {
    const table = new StreamTable(2);
    let count = 0;
    while (table.add(stream())) count++;
    assert.equal(count, 65_534);
    for (const one of table) assert.ok(one.id < 2 ** 32);
  });

  it('agrees with a Map', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20))), (steps) => {
        const table = new StreamTable(2);
        const model: GuestStream[] = [];
        for (const [isAdd, at] of steps) {
          if (isAdd) {
            const one = stream();
            table.add(one);
            model.push(one);
          } else {
            const [gone] = model.splice(at, 1);
            if (gone !== undefined) table.remove(gone);
          }
          assert.deepEqual(new Set(table), new Set(model));
          for (const one of model) assert.equal(table.get(one.id), one);
        }
      }),
    );
  });
});
