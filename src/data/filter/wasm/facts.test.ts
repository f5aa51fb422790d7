/**
 * What most hosts of proxy-wasm get wrong, one test a fact, with a guest made by the Rust SDK. Each
 * has tests of its details elsewhere; here they stand together so that none gets lost.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProbeFilter, probe, sendBody } from './testing/probe.ts';

describe('facts about proxy-wasm hosts (2: vm.test.ts, allocators)', () => {
  it('1: no host call gives the Rust SDK a status that ends its guest', () => {
    const filter = probe();
    // Of headers that have gone, of nothing, with nothing: all of it is unwrapped by the guest.
    filter.exchange(
      'response=add-req:late=1; response=set-rest:x=1; log=add-res:late=1; request=prop:x',
    );
    assert.equal(filter.factory.problem, null);
    // abi-fuzz.test.ts asks for all of them with anything.
  });

  it('3: starts and configures each plugin by itself, the root context first', () => {
    const lines = new ProbeFilter({ configuration: 'x' }).lines();
    const order = lines.filter((line) => /vm start|configure/.test(line));
    assert.deepEqual(
      order.map((line) => line.replace(/ (?:None|\d+)?(?: x)?$/, '')),
      ['info vm start', 'info configure'],
    );
  });

  it('4: a stream is deleted whatever its on_done gives', () => {
    const filter = probe();
    const { lines } = filter.exchange('done=log:asked');
    assert.ok(lines.includes('asked'));
    // The guest's on_done gives false; its context is gone all the same.
    // The first stream is 2, the root 1.
    const [id] = filter.exchange('request=effective:2').lines;
    assert.equal(id, 'effective Err(BadArgument)');
  });

  it('5: an HTTP context is logged before it is done', () => {
    const { lines } = probe().exchange('log=log:first; done=log:second');
    assert.deepEqual(lines, ['first', 'second']);
  });

  it('6: a held head holds its body callbacks', () => {
    const filter = probe();
    const outlet = filter.open('request=pause; body=log:seen');
    outlet.chain.requestHead(false);
    sendBody(outlet, ['x']);
    assert.deepEqual(filter.results(), []);
  });

  it('7: with trailers no body callback sees the end', () => {
    const filter = probe();
    const outlet = filter.open('');
    outlet.chain.requestHead(false);
    outlet.chain.requestData(Buffer.from('x'), false);
    outlet.chain.requestTrailers(['t', '1']);
    const phases = filter.phases().filter((phase) => /request (?:body|trailers)/.test(phase));
    assert.deepEqual(phases, ['request body 1 false', 'request trailers 1']);
  });

  it('8: what is asked for happens once the guest has returned', () => {
    const filter = probe();
    const outlet = filter.open('request=continue-request; request=pause; request=log:after');
    outlet.chain.requestHead(true);
    assert.deepEqual(filter.results(), ['after']);
    assert.deepEqual(outlet.events, ['head end']);
  });

  it('9: a guest sees its own answer pass', () => {
    const filter = probe();
    const { outlet } = filter.exchange(
      'request=reply:403; request=pause; response=add-res:x-own=1',
    );
    assert.equal(outlet.answer?.status, 403);
    assert.equal(outlet.answer?.fields.at(-2), 'x-own');
  });

  it('10: maps that have gone can still be read', () => {
    const { lines } = probe().exchange('response=get-req:x-kept; log=prop:request.path', [
      'x-kept',
      '1',
    ]);
    assert.equal(lines[0], 'x-kept = Some("1")');
    assert.match(lines[1] ?? '', /^prop request\.path Some/);
  });
});
