import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FilterState } from './filter-state.ts';
import { compileTemplate } from './template.ts';
import { streamInfo } from './testing/stream-info.ts';

describe('filter state', () => {
  it('keeps the last value of each key, within a bound', () => {
    const state = new FilterState();
    assert.equal(state.get('a'), undefined);
    state.set('a', Uint8Array.of(1));
    state.set('a', Uint8Array.of(2));
    assert.deepEqual(state.get('a'), Uint8Array.of(2));
    for (let i = 1; i < 256; i++) assert.equal(state.set(`k${i}`, Uint8Array.of(i & 255)), true);
    assert.equal(state.set('one more', Uint8Array.of(1)), false);
    assert.equal(state.set('a', Uint8Array.of(3)), true);
    assert.equal(state.get('one more'), undefined);
  });

  it('is what the access log operator shows', () => {
    const line = compileTemplate(
      '%FILTER_STATE(wasm.user)% %FILTER_STATE(wasm.user:PLAIN)% %FILTER_STATE(no)%',
    );
    assert.ok(typeof line === 'function');
    const filterState = new FilterState();
    filterState.set('wasm.user', Buffer.from('ann"\n'));
    assert.equal(line(streamInfo({ filterState })), 'ann\\x22\\x0A ann\\x22\\x0A -');
    assert.equal(line(streamInfo()), '- - -');
    assert.ok('error' in compileTemplate('%FILTER_STATE%'));
    assert.ok('error' in compileTemplate('%FILTER_STATE()%'));
  });
});
