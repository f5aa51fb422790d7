import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GuestReply } from '../../../runtime/proxy-wasm/stream.ts';
import { requestHead } from '../testing/outlet.ts';
import { grpcStatusOf, localReplyOf } from './local-reply.ts';

const reply = (over: Partial<GuestReply> = {}): GuestReply => ({
  status: 403,
  details: 'denied',
  fields: ['x-why', 'policy'],
  body: Buffer.from('no'),
  grpcStatus: -1,
  ...over,
});

const rpc = requestHead();
rpc.fields = ['content-type', 'application/grpc+proto'];

describe('wasm filter: local replies as the chain takes them', () => {
  it('calls a body plain text unless the guest says what it is', () => {
    const fields = (over: Partial<GuestReply>) => localReplyOf(reply(over), requestHead()).fields;
    assert.deepEqual(fields({}), ['x-why', 'policy', 'content-type', 'text/plain']);
    assert.deepEqual(fields({ body: Buffer.alloc(0) }), ['x-why', 'policy']);
    const json = ['content-type', 'application/json'];
    assert.deepEqual(fields({ fields: json }), json);
  });

  it('names itself where the guest gives no details', () => {
    const { details } = localReplyOf(reply({ details: '' }), requestHead());
    assert.equal(details, 'wasm_local_response');
  });

  it('answers gRPC with a status of gRPC and no body', () => {
    const { status, fields, body } = localReplyOf(reply(), rpc);
    assert.equal(status, 200);
    assert.equal(body.length, 0);
    assert.deepEqual(fields, [
      'content-type',
      'application/grpc',
      'grpc-status',
      '7',
      'x-why',
      'policy',
      'grpc-message',
      'no',
    ]);
    const own = localReplyOf(reply({ grpcStatus: 0, fields: [], body: Buffer.alloc(0) }), rpc);
    assert.deepEqual(own.fields, ['content-type', 'application/grpc', 'grpc-status', '0']);
  });

  it('escapes what a message of gRPC cannot hold', () => {
    const { fields } = localReplyOf(reply({ fields: [], body: Buffer.from('50%\r\nmü') }), rpc);
    assert.equal(fields.at(-1), '50%25%0D%0Am%C3%BC');
  });

  it('takes no other type for gRPC', () => {
    for (const type of ['application/grpc-web', 'application/json', '']) {
      const head = requestHead();
      head.fields = ['content-type', type];
      assert.equal(localReplyOf(reply(), head).status, 403);
    }
  });

  it('maps statuses of HTTP', () => {
    const statuses = [200, 400, 401, 403, 404, 429, 500, 503].map(grpcStatusOf);
    assert.deepEqual(statuses, [2, 13, 16, 7, 12, 14, 2, 14]);
  });
});
