import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, matched } from '../testing/request.ts';
import { responseHeaderModifier } from './filter.ts';

test('sets, adds and removes on the answer only', () => {
  const filter = responseHeaderModifier({
    set: [['server', 'tulle']],
    add: [['set-cookie', 'b=2']],
    remove: ['x-powered-by'],
  });
  const head = answer('server', 'old', 'set-cookie', 'a=1', 'x-powered-by', 'php');
  filter.response?.(head, matched());
  assert.deepEqual(head.fields, ['server', 'tulle', 'set-cookie', 'a=1', 'set-cookie', 'b=2']);
  assert.equal(filter.request, undefined);
});

test('framing is left alone', () => {
  const filter = responseHeaderModifier({
    set: [['content-length', '1']],
    add: [],
    remove: ['transfer-encoding'],
  });
  const head = answer('content-length', '5', 'transfer-encoding', 'chunked');
  filter.response?.(head, matched());
  assert.deepEqual(head.fields, ['content-length', '5', 'transfer-encoding', 'chunked']);
});
