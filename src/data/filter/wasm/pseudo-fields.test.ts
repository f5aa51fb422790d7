import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../../base/limits.ts';
import { requestHead, responseHead } from '../testing/outlet.ts';
import {
  requestPseudoField,
  requestPseudoFields,
  responsePseudoFields,
  setRequestPseudoField,
  setResponsePseudoField,
} from './pseudo-fields.ts';

describe('pseudo-fields', () => {
  it('show the start line', () => {
    assert.deepEqual(requestPseudoFields(requestHead('/a?b')), [
      ':authority',
      'shop.test',
      ':path',
      '/a?b',
      ':method',
      'GET',
      ':scheme',
      'http',
    ]);
    assert.deepEqual(responsePseudoFields(responseHead(204)), [':status', '204']);
    assert.equal(requestPseudoField(requestHead(), ':nothing'), undefined);
  });

  it('take what a request line can carry and refuse the rest', () => {
    const accepted: [string, string][] = [
      [':path', '/'],
      [':path', '/a%20b?c=d&e'],
      [':method', 'PATCH'],
      [':authority', 'Example.com:8080'],
      [':authority', '[::1]:80'],
      ['host', 'example.com'],
      [':scheme', 'https'],
    ];
    for (const [name, value] of accepted) {
      assert.equal(setRequestPseudoField(requestHead(), name, value), true, `${name} ${value}`);
    }
    const refused: [string, string][] = [
      [':path', ''],
      [':path', 'a'],
      [':path', '*'],
      [':path', '/a b'],
      [':path', '/a\r\nx: y'],
      [':path', '/a#b'],
      [':path', '/\u00e9'],
      [':path', `/${'a'.repeat(LIMITS.targetBytesMax)}`],
      [':method', ''],
      [':method', 'CONNECT'],
      [':method', 'G T'],
      [':authority', ''],
      [':authority', 'user@host'],
      [':authority', 'a b'],
      [':authority', 'a:99999'],
      ['host', 'a\r\nx: y'],
      [':scheme', 'ftp'],
      [':status', '200'],
    ];
    for (const [name, value] of refused) {
      const head = requestHead('/kept');
      assert.equal(setRequestPseudoField(head, name, value), false, `${name} ${value}`);
      assert.deepEqual(head, requestHead('/kept'));
    }
  });

  it('take final statuses only', () => {
    for (const status of ['100', '101', '199', '600', '20', '2000', 'abc', '']) {
      assert.equal(setResponsePseudoField(responseHead(), ':status', status), false, status);
    }
    const head = responseHead();
    assert.equal(setResponsePseudoField(head, ':status', '503'), true);
    assert.equal(head.status, 503);
  });
});
