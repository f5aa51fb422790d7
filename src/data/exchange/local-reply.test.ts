import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS, type ErrorCode } from '../../base/errors.ts';
import { bodyOf, headOf, replyOf } from './local-reply.ts';

describe('answers made here', () => {
  it('for a failure have its status and code, and nothing of the inside', () => {
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      const reply = replyOf(code);
      assert.equal(reply.status, ERRORS[code].status);
      assert.deepEqual(reply.fields.slice(2), ['x-tulle-error', code]);
      assert.equal(reply.body, `${ERRORS[code].message} (${code})\n`);
    }
  });

  it('have the length of their bytes, whatever the filter said', () => {
    const reply = {
      status: 200,
      fields: ['content-length', '99', 'a', 'b'],
      body: 'grün',
      details: '',
    };
    const body = bodyOf(reply);
    assert.equal(body.length, 5);
    assert.deepEqual(headOf(reply, body.length).fields, ['content-length', '5', 'a', 'b']);
    assert.deepEqual(reply.fields, ['content-length', '99', 'a', 'b'], 'the reply is not touched');
  });

  it('carry no field that could change how they are read', () => {
    const fields = [
      'transfer-encoding',
      'chunked',
      'connection',
      'close',
      'a',
      'b\r\nc: d',
      'e',
      'f',
    ];
    const reply = { status: 200, fields, body: '', details: '' };
    assert.deepEqual(headOf(reply, 0).fields, ['e', 'f']);
  });

  it('may be bytes', () => {
    const body = new Uint8Array([1, 2, 3]);
    assert.equal(bodyOf({ status: 200, fields: [], body, details: '' }), body);
  });
});
