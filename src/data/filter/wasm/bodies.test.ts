import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../../base/limits.ts';
import { responseHead } from '../testing/outlet.ts';
import { answerBody, probe, sendBody } from './testing/probe.ts';

/** A request body through a script; what came out. */
function request(script: string, chunks: readonly string[]): { sent: string; lines: string[] } {
  const filter = probe();
  const outlet = filter.open(script);
  outlet.chain.requestHead(false);
  sendBody(outlet, chunks);
  return { sent: outlet.sent, lines: filter.results() };
}

function answer(script: string, chunks: readonly string[]): string {
  const outlet = probe().open(script);
  outlet.chain.requestHead(true);
  outlet.chain.responseHead(responseHead(), false);
  answerBody(outlet, chunks);
  return outlet.received;
}

describe('wasm filter: bodies', () => {
  it('shows each chunk and its size', () => {
    const filter = probe();
    const outlet = filter.open('body=body-get');
    outlet.chain.requestHead(false);
    sendBody(outlet, ['abc', 'de']);
    const lines = filter.deps.log.take();
    assert.ok(lines.includes('debug request body 3 false'));
    assert.ok(lines.includes('debug request body 2 true'));
    assert.ok(lines.includes('info body Some("abc")'));
    assert.equal(outlet.sent, 'abcde');
  });

  it('reads parts, and past the end nothing', () => {
    const { lines } = request('body=body-part; body=body-past', ['abcdefg']);
    assert.deepEqual(lines, ['part Some("cde")', 'past None']);
  });

  it('edits chunk by chunk', () => {
    assert.equal(request('body=body-upper', ['ab', 'cd']).sent, 'ABCD');
    assert.equal(request('body=body-prepend:<; body=body-append:>', ['ab', 'cd']).sent, '<ab><cd>');
    assert.equal(request('body=body-replace:x', ['ab', 'cd']).sent, 'xx');
    assert.equal(request('body=body-replace', ['ab']).sent, '');
  });

  it('edits a body that it held to the end', () => {
    const held = 'body=pause; body-end=body-get; body-end=body-upper; body-end=body-append:!';
    const { sent, lines } = request(held, ['ab', 'cd', 'ef']);
    assert.equal(sent, 'ABCDEF!');
    assert.deepEqual(lines, ['body Some("abcdef")']);
    assert.equal(answer('answer=pause; answer-end=body-upper', ['ab', 'cd']), 'ABCD');
    assert.equal(answer('answer=body-prepend:<', ['ab', 'cd']), '<ab<cd');
  });

  it('sees all that is held each time', () => {
    const filter = probe();
    const outlet = filter.open('body=pause; body-end=body-get');
    outlet.chain.requestHead(false);
    sendBody(outlet, ['a', 'b', 'c']);
    assert.deepEqual(
      filter.phases().filter((phase) => phase.startsWith('request body')),
      ['request body 1 false', 'request body 2 false', 'request body 3 true'],
    );
    assert.deepEqual(outlet.events, ['head', 'data abc end']);
  });

  it('never tells the end of a body that has trailers', () => {
    const filter = probe();
    const outlet = filter.open('body=pause; trailers=body-get');
    outlet.chain.requestHead(false);
    outlet.chain.requestData(Buffer.from('ab'), false);
    outlet.chain.requestTrailers(['t', '1']);
    const lines = filter.deps.log.take();
    assert.ok(!lines.some((line) => /body \d+ true/.test(line)));
    assert.ok(lines.includes('info body Some("ab")'));
    assert.deepEqual(outlet.events, ['head', 'data ab', 'trailers t,1']);
  });

  it('shows nothing of the body while the head is paused, then all of it', () => {
    const filter = probe();
    const outlet = filter.open(
      'request=pause; call=continue-request; request=call:known; body=body-get',
    );
    outlet.chain.requestHead(false);
    sendBody(outlet, ['ab', 'cd']);
    assert.deepEqual(outlet.events, []);
    filter.results();
    filter.deps.callouts.answers[0]?.({
      fields: [':status', '200'],
      body: Buffer.from('ok'),
      trailers: [],
    });
    assert.deepEqual(outlet.events, ['head', 'data abcd end']);
    assert.deepEqual(filter.results(), ['call 4 1 2 0', 'body Some("abcd")']);
  });

  it('edits a held body from the answer to a call', () => {
    const filter = probe();
    const outlet = filter.open('body=pause; body=call:known');
    outlet.chain.requestHead(false);
    outlet.chain.requestData(Buffer.from('abc'), true);
    assert.deepEqual(outlet.events, ['head']);
    assert.equal(outlet.sent, '');
  });

  it('fails a request whose held body is above the limit, without the guest', () => {
    const filter = probe();
    const outlet = filter.open('body=pause');
    outlet.chain.requestHead(false);
    outlet.chain.requestData(new Uint8Array(LIMITS.filterBufferBytesMax), false);
    outlet.chain.requestData(new Uint8Array(1), false);
    assert.equal(outlet.answer?.status, 413);
    assert.equal(filter.factory.problem, null);
    outlet.chain.complete();
  });

  it('lives through an edit of a body that is not there', () => {
    const { lines, outlet } = probe().exchange(
      'request=body-get; request=body-replace:x; response=body-get',
    );
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('warn')),
      ['body None', 'body None'],
    );
    assert.deepEqual(outlet.events, ['head end', 'HEAD 200 end']);
  });

  it('survives the growth of the guest memory between host calls', () => {
    const { sent, lines } = request('body=grow:9000000; body=body-get; body=body-append:!', [
      'abc',
    ]);
    assert.deepEqual(lines, ['grown 9000000', 'body Some("abc")']);
    assert.equal(sent, 'abc!');
  });
});
