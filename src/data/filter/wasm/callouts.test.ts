import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { probe } from './testing/probe.ts';

const ok = {
  fields: [':status', '200', 'a', '1'],
  body: Buffer.from('hello'),
  trailers: ['t', '2'],
};

describe('wasm filter: HTTP calls', () => {
  it('makes a call and takes its answer on the stream that asked', () => {
    const filter = probe();
    const outlet = filter.open(
      'request=call:known; request=pause; call=get-call:a; call=get-callt:t; call=body-get; call=add-req:x-auth=ok; call=continue-request',
    );
    outlet.chain.requestHead(true);
    const { callouts } = filter.deps;
    assert.deepEqual(callouts.requests, [
      {
        caller: 'default/probe',
        target: 'known',
        fields: [':method', 'GET', ':path', '/asked', ':authority', 'other'],
        body: new Uint8Array(Buffer.from('question')),
        trailers: [],
        timeoutMs: 1000,
      },
    ]);
    callouts.answers[0]?.(ok);
    assert.deepEqual(filter.results(), [
      'called Ok(4)',
      'call 4 2 5 1',
      'a = Some("1")',
      't = Some("2")',
      'body Some("hello")',
    ]);
    assert.deepEqual(outlet.request.fields.slice(2), ['x-auth', 'ok']);
    assert.deepEqual(outlet.events, ['route cleared', 'head end']);
  });

  it('makes several at once, answered in any order', () => {
    const filter = probe();
    filter.open('request=call:known; request=call:known; request=pause').chain.requestHead(true);
    const [first, second] = filter.deps.callouts.answers;
    second?.(null);
    first?.(ok);
    assert.deepEqual(filter.results(), [
      'called Ok(4)',
      'called Ok(8)',
      'call 8 0 0 0',
      'call 4 2 5 1',
    ]);
  });

  it('refuses unknown targets and calls that are incomplete', () => {
    const { lines } = probe().exchange(
      'request=call:nobody; request=badcall:known; request=call:busy',
    );
    assert.deepEqual(lines, [
      'called Err(BadArgument)',
      'called Err(BadArgument)',
      'called Err(InternalFailure)',
    ]);
  });

  it('tells a guest once, and not when it is gone', () => {
    const filter = probe();
    filter.open('request=call:known; request=pause').chain.requestHead(true);
    const [answer] = filter.deps.callouts.answers;
    answer?.(ok);
    answer?.(ok);
    assert.equal(filter.results().filter((line) => line.startsWith('call 4')).length, 1);
    assert.equal(filter.factory.problem, null);
  });

  it('delivers an answer whose stream has ended to nobody, without harm', () => {
    const filter = probe();
    filter.exchange('request=call:known');
    filter.deps.callouts.answers[0]?.(ok);
    assert.equal(filter.factory.problem, null);
  });
});

describe('wasm filter: gRPC', () => {
  it('makes a call that ends with its message or with a status', () => {
    const filter = probe();
    filter.open('request=rpc:known; request=rpc:known; request=pause').chain.requestHead(true);
    const { callouts } = filter.deps;
    assert.equal(callouts.grpcRequests[0]?.service, 'svc');
    assert.equal(callouts.grpcRequests[0]?.method, 'Do');
    callouts.events[0]?.message(Buffer.from('abc'));
    callouts.events[0]?.close(0, '');
    callouts.events[1]?.close(14, 'unavailable');
    assert.deepEqual(filter.results(), [
      'grpc Ok(5)',
      'grpc Ok(9)',
      'grpc 5 0 3 (0, None)',
      'grpc 9 14 0 (14, Some("unavailable"))',
    ]);
  });

  it('runs a stream from its metadata to its close', () => {
    const filter = probe();
    filter.open('request=rpcstream:known; request=pause').chain.requestHead(true);
    const { callouts } = filter.deps;
    const [events] = callouts.events;
    assert.equal(callouts.grpcRequests[0]?.message, null);
    events?.initialMetadata(['a', '1']);
    events?.message(Buffer.from('x'));
    events?.message(Buffer.from('y'));
    events?.trailingMetadata([]);
    events?.close(0, '');
    events?.message(Buffer.from('late'));
    assert.deepEqual(callouts.sent, ['hello']);
    assert.deepEqual(filter.results(), [
      'grpc Ok(6)',
      'grpc initial 6 1',
      'grpc message 6 Some([120])',
      'grpc message 6 Some([121])',
      'grpc trailing 6 0',
      'grpc close 6 0',
    ]);
  });

  it('cancels, and refuses what is unknown', () => {
    const filter = probe();
    const { lines } = filter.exchange(
      'request=rpc:known; request=rpccancel:5; request=rpccancel:5; request=rpc:nobody; request=rpc:busy',
    );
    assert.deepEqual(lines, [
      'grpc Ok(5)',
      'cancel Ok(())',
      'cancel Err(NotFound)',
      'grpc Err(ParseFailure)',
      'grpc Err(InternalFailure)',
    ]);
    filter.deps.callouts.events[0]?.message(Buffer.from('late'));
    assert.equal(filter.factory.problem, null);
  });
});
