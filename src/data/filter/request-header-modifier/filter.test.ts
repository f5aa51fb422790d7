import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderModifier } from '../../../config/route.ts';
import { matched } from '../testing/request.ts';
import { requestHeaderModifier, requestHeaderModifierProblem } from './filter.ts';

const NONE: HeaderModifier = { set: [], add: [], remove: [] };

test('sets, adds and removes, and lets the request go on', () => {
  const request = matched({ fields: ['a', '1', 'b', '2', 'c', '3'] });
  const filter = requestHeaderModifier({ set: [['a', 'x']], add: [['b', 'y']], remove: ['c'] });
  assert.equal(filter.request?.(request), null);
  assert.deepEqual(request.head.fields, ['a', 'x', 'b', '2,y']);
  assert.equal(filter.response, undefined);
});

test('one filter serves many requests', () => {
  const filter = requestHeaderModifier({ ...NONE, add: [['a', '1']] });
  for (let i = 0; i < 3; i++) {
    const request = matched();
    filter.request?.(request);
    assert.deepEqual(request.head.fields, ['a', '1']);
  }
});

test('host is the authority', () => {
  const request = matched({ authority: 'old.com:8080' });
  requestHeaderModifier({ ...NONE, set: [['host', 'New.com:81']] }).request?.(request);
  assert.equal(request.head.authority, 'new.com:81');
  assert.deepEqual(request.head.fields, []);
});

test('host can be neither added nor removed nor be anything', () => {
  assert.match(requestHeaderModifierProblem({ ...NONE, add: [['host', 'a']] }) ?? '', /one host/);
  assert.match(requestHeaderModifierProblem({ ...NONE, remove: ['host'] }) ?? '', /one host/);
  for (const host of ['a b', 'a/b', '', 'a\r\nx: y', 'user@a']) {
    const modifier: HeaderModifier = { ...NONE, set: [['host', host]] };
    assert.match(requestHeaderModifierProblem(modifier) ?? '', /not a host|control/);
    const request = matched();
    requestHeaderModifier(modifier).request?.(request);
    assert.equal(request.head.authority, 'example.com');
  }
  assert.equal(requestHeaderModifierProblem({ ...NONE, set: [['host', '[::1]:80']] }), null);
});

test('framing is refused, and left alone all the same', () => {
  const modifier: HeaderModifier = { ...NONE, set: [['transfer-encoding', 'chunked']] };
  assert.match(requestHeaderModifierProblem(modifier) ?? '', /framing/);
  const request = matched();
  requestHeaderModifier(modifier).request?.(request);
  assert.deepEqual(request.head.fields, []);
});
