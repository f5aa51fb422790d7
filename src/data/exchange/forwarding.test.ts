import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setForwardingFields } from './forwarding.ts';

const NEW_ID = (): string => 'fresh';
const STRANGER = { remoteAddress: '10.0.0.1', trusted: false };
const PROXY = { remoteAddress: '10.0.0.2', trusted: true };

describe('forwarding fields', () => {
  it('are added where there are none, behind what is there', () => {
    for (const peer of [STRANGER, PROXY]) {
      const fields = ['x-other', '1', 'y', '2'];
      assert.equal(setForwardingFields(fields, peer, 'https', NEW_ID), 'fresh');
      assert.deepEqual(fields, [
        'x-other',
        '1',
        'y',
        '2',
        'x-forwarded-for',
        peer.remoteAddress,
        'x-forwarded-proto',
        'https',
        'x-request-id',
        'fresh',
      ]);
    }
  });

  it('of strangers are replaced, every line of them', () => {
    for (const claim of ['x-forwarded-for', 'x-forwarded-proto', 'x-request-id']) {
      const fields = [claim, 'evil', 'a', '1', claim, 'twice'];
      setForwardingFields(fields, STRANGER, 'http', NEW_ID);
      assert.deepEqual(fields, [
        'a',
        '1',
        'x-forwarded-for',
        '10.0.0.1',
        'x-forwarded-proto',
        'http',
        'x-request-id',
        'fresh',
      ]);
    }
  });

  it('of trusted proxies are kept, and the address is appended', () => {
    const fields = ['x-forwarded-for', 'a', 'x-request-id', 'theirs', 'x-forwarded-for', 'b, c'];
    fields.push('x-forwarded-proto', 'https');
    assert.equal(setForwardingFields(fields, PROXY, 'http', NEW_ID), 'theirs');
    assert.deepEqual(fields, [
      'x-forwarded-for',
      'a, b, c, 10.0.0.2',
      'x-request-id',
      'theirs',
      'x-forwarded-proto',
      'https',
    ]);
  });

  it('of trusted proxies are completed, an empty id replaced', () => {
    const fields = ['x-request-id', ''];
    assert.equal(setForwardingFields(fields, PROXY, 'http', NEW_ID), 'fresh');
    assert.deepEqual(fields, [
      'x-request-id',
      'fresh',
      'x-forwarded-for',
      '10.0.0.2',
      'x-forwarded-proto',
      'http',
    ]);
  });
});
