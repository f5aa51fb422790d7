import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { StageBody } from './stage-body.ts';
import { bytes, text } from './testing/outlet.ts';

describe('stage body', () => {
  it('passes a chunk it was only lent', () => {
    const body = new StageBody();
    const chunk = bytes('abc');
    body.append(chunk);
    assert.equal(body.bytes(), chunk);
    assert.equal(body.take(), chunk);
    assert.equal(body.length, 0);
  });

  it('makes lent bytes its own when they are kept', () => {
    const body = new StageBody();
    const chunk = bytes('abc');
    body.append(chunk);
    body.keep();
    chunk.fill(0);
    assert.equal(text(body.bytes()), 'abc');
  });

  it('makes lent bytes its own when more come', () => {
    const body = new StageBody();
    const chunk = bytes('abc');
    body.append(chunk);
    body.append(bytes('d'));
    chunk.fill(0);
    assert.equal(text(body.take()), 'abcd');
  });

  it('never writes into bytes that replaced its own', () => {
    const body = new StageBody();
    const given = new Uint8Array(8).subarray(0, 3);
    body.append(bytes('x'));
    body.keep();
    body.replace(given);
    body.append(bytes('yz'));
    assert.deepEqual([...body.bytes()], [0, 0, 0, 0x79, 0x7a]);
    assert.deepEqual([...new Uint8Array(given.buffer)], [0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('does not touch what it has handed on', () => {
    const body = new StageBody();
    body.append(bytes('ab'));
    body.append(bytes('cd'));
    const taken = body.take();
    body.append(bytes('ef'));
    body.append(bytes('gh'));
    assert.equal(text(taken), 'abcd');
    assert.equal(text(body.take()), 'efgh');
  });

  it('holds what a plain list of bytes would, for any operations', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('append' as const), bytes: fc.uint8Array({ maxLength: 3_000 }) }),
      fc.record({ do: fc.constant('replace' as const), bytes: fc.uint8Array({ maxLength: 50 }) }),
      fc.record({ do: fc.constantFrom('keep' as const, 'take' as const, 'clear' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const body = new StageBody();
        let model: number[] = [];
        for (const one of steps) {
          if (one.do === 'append') {
            body.append(one.bytes);
            model.push(...one.bytes);
          } else if (one.do === 'replace') {
            body.replace(one.bytes);
            model = [...one.bytes];
          } else if (one.do === 'keep') body.keep();
          else {
            if (one.do === 'take') assert.deepEqual([...body.take()], model);
            else body.clear();
            model = [];
          }
          assert.deepEqual([...body.bytes()], model);
          assert.equal(body.length, model.length);
        }
      }),
    );
  });
});
