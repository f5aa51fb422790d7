import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LocalReply } from '../contract.ts';
import { bytes, RecordingOutlet, responseHead } from '../testing/outlet.ts';
import { Scripted } from '../testing/scripted.ts';
import { probe, sendBody } from './testing/probe.ts';

const DENIED: LocalReply = { status: 403, fields: [], body: 'no', details: 'denied' };

describe('wasm filter: order of callbacks', () => {
  it('runs log, done and delete of an HTTP stream, and minds no result of done', () => {
    const filter = probe();
    const outlet = filter.open('');
    outlet.chain.requestHead(false);
    sendBody(outlet, ['x']);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseData(bytes('y'), false);
    outlet.chain.responseTrailers(['t', '1']);
    outlet.chain.complete();
    assert.deepEqual(filter.deps.log.take(), [
      'debug request headers 5 false',
      'debug request body 1 true',
      'debug response headers 1 false',
      'debug response body 1 false',
      'debug response trailers 1',
      'info log',
      'info done',
    ]);
    // Deleted: the guest would trap on a second call about the same context.
    outlet.chain.complete();
    assert.equal(filter.factory.problem, null);
  });

  it('keeps many streams of one guest apart', () => {
    const filter = probe();
    const outlets = ['a', 'b', 'c'].map((name) => filter.open(`response=add-res:x-name=${name}`));
    for (const outlet of outlets) outlet.chain.requestHead(true);
    for (const outlet of outlets.toReversed()) {
      outlet.chain.responseHead(responseHead(), true);
      outlet.chain.complete();
    }
    assert.deepEqual(
      outlets.map((outlet) => outlet.answer?.fields.at(-1)),
      ['a', 'b', 'c'],
    );
  });
});

describe('wasm filter: pausing', () => {
  it('holds the request until a tick goes on with it', () => {
    const filter = probe();
    const outlet = filter.open('request=pause; request=call:known; call=continue-request');
    outlet.chain.requestHead(true);
    assert.deepEqual(outlet.events, []);
    filter.deps.callouts.answers[0]?.(null);
    assert.deepEqual(outlet.events, ['head end']);
  });

  it('goes on where the guest continued before it paused, both ways and with bodies', () => {
    const outlet = probe().open(
      'request=continue-request; request=pause; response=continue-response; response=pause',
    );
    outlet.chain.requestHead(false);
    sendBody(outlet, ['x']);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseData(bytes('y'), true);
    assert.deepEqual(outlet.events, ['head', 'data x end', 'HEAD 200', 'DATA y end']);
  });

  it('pauses and resumes an answer', () => {
    const filter = probe();
    const outlet = filter.open(
      'response=pause; response=call:known; call=add-res:x-late=1; call=continue-response',
    );
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseData(bytes('y'), true);
    assert.deepEqual(outlet.events, ['head end']);
    filter.deps.callouts.answers[0]?.(null);
    assert.deepEqual(outlet.events, ['head end', 'HEAD 200', 'DATA y end']);
    assert.deepEqual(outlet.answer?.fields, ['x-late', '1']);
  });

  it('pauses in each later phase again', () => {
    const filter = probe();
    const outlet = filter.open(
      'request=pause; request=call:known; body=pause; body=call:known; trailers=pause; trailers=call:known; call=continue-request',
    );
    const { answers } = filter.deps.callouts;
    outlet.chain.requestHead(false);
    answers.shift()?.(null);
    outlet.chain.requestData(bytes('x'), false);
    assert.deepEqual(outlet.events, ['head']);
    answers.shift()?.(null);
    assert.deepEqual(outlet.events, ['head', 'data x']);
    outlet.chain.requestTrailers(['t', '1']);
    assert.deepEqual(outlet.events, ['head', 'data x']);
    answers.shift()?.(null);
    assert.deepEqual(outlet.events, ['head', 'data x', 'trailers t,1']);
  });

  it('ignores a continue of what is not held and of what has ended', () => {
    const filter = probe();
    const outlet = filter.open(
      'request=continue-response; request=call:known; call=continue-request',
    );
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(), true);
    outlet.chain.complete();
    filter.deps.callouts.answers[0]?.(null);
    assert.deepEqual(outlet.events, ['head end', 'HEAD 200 end']);
    assert.equal(filter.factory.problem, null);
  });
});

describe('wasm filter: log', () => {
  it('is told of a request that a filter before it has answered', () => {
    const filter = probe();
    const first = new Scripted('first', { requestHead: (host) => (host.reply(DENIED), 2) });
    const outlet = new RecordingOutlet([first, filter.factory]);
    outlet.chain.requestHead(true);
    assert.deepEqual(filter.deps.log.take(), []);
    outlet.chain.complete();
    assert.deepEqual(filter.deps.log.take(), ['info log', 'info done']);
  });

  it('comes to all filters before the first of them is done', () => {
    const filter = probe();
    const outlet = new RecordingOutlet([filter.factory, filter.factory]);
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(), true);
    filter.deps.log.take();
    outlet.chain.complete();
    assert.deepEqual(filter.deps.log.take(), ['info log', 'info log', 'info done', 'info done']);
  });
});

describe('wasm filter: local replies', () => {
  it('answers instead of the upstream, whatever the callback gives back', () => {
    for (const script of ['request=reply:418', 'request=reply:418; request=pause']) {
      const { outlet } = probe().exchange(script);
      assert.deepEqual(outlet.events, [
        'reply 418 wasm_local_response',
        'HEAD 418',
        'DATA reply end',
      ]);
      assert.deepEqual(outlet.answer?.fields, ['x-reply', 'yes', 'content-type', 'text/plain']);
    }
  });

  it('runs the response callbacks for its own answer', () => {
    const filter = probe();
    filter.exchange('request=reply:403');
    const { outlet } = filter.exchange('request=reply:403; response=add-res:x-seen=1');
    assert.deepEqual(outlet.answer?.fields.slice(-2), ['x-seen', '1']);
  });

  it('counts the first of two, and one more to its own answer', () => {
    const twice = probe().exchange('request=reply:401; request=reply:500').outlet;
    assert.equal(twice.answer?.status, 401);
    const again = probe().exchange('request=reply:401; response=reply:502').outlet;
    assert.deepEqual(again.events.slice(0, 2), [
      'reply 401 wasm_local_response',
      'reply 502 wasm_local_response',
    ]);
    assert.equal(again.answer?.status, 502);
    assert.equal(again.received, 'reply');
  });

  it('answers from a body callback and from the answer to a call', () => {
    const filter = probe();
    const first = filter.open('body=reply:422');
    first.chain.requestHead(false);
    sendBody(first, ['x']);
    assert.equal(first.answer?.status, 422);
    const second = filter.open('request=pause; request=call:known; call=reply:429');
    second.chain.requestHead(true);
    filter.deps.callouts.answers[0]?.(null);
    assert.equal(second.answer?.status, 429);
  });

  it('replaces an answer of the upstream whose head is still here', () => {
    const { outlet } = probe().exchange('response=reply:502');
    assert.deepEqual(outlet.events, [
      'head end',
      'reply 502 wasm_local_response',
      'HEAD 502',
      'DATA reply end',
    ]);
  });

  it('cuts an answer whose head has gone', () => {
    const outlet = probe().open('answer=reply:502');
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseData(bytes('x'), false);
    assert.equal(outlet.events.at(-1), 'reset');
  });

  it('leaves out fields that would break the answer', () => {
    const { outlet, lines } = probe().exchange('request=reply-fields:x-good=1');
    assert.deepEqual(outlet.answer?.fields, ['x-good', '1', 'x-ok', '1']);
    assert.equal(lines.filter((line) => line.startsWith('warn')).length, 2);
  });

  it('sends a status that is none as 500', () => {
    assert.equal(probe().exchange('request=reply:42').outlet.answer?.status, 500);
    assert.equal(probe().exchange('request=reply:100').outlet.answer?.status, 500);
  });

  it('closes a stream', () => {
    const { outlet } = probe().exchange('request=close');
    assert.deepEqual(outlet.events, ['fail filter_closed wasm_close_stream', 'reset']);
  });
});
