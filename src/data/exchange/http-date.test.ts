import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../base/clock.ts';
import { HttpDate } from './http-date.ts';

describe('the Date field', () => {
  it('has the form of RFC 9110 and changes with the second', () => {
    const clock = new ManualClock(0, Date.UTC(1994, 10, 6, 8, 49, 37));
    const date = new HttpDate(clock);
    assert.equal(date.now(), 'Sun, 06 Nov 1994 08:49:37 GMT');
    clock.advance(999);
    assert.equal(date.now(), 'Sun, 06 Nov 1994 08:49:37 GMT');
    clock.advance(1);
    assert.equal(date.now(), 'Sun, 06 Nov 1994 08:49:38 GMT');
  });
});
