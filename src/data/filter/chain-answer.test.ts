import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DATA_STOP_NO_BUFFER, HEAD_STOP_ALL, type LocalReply } from './contract.ts';
import { bytes, RecordingOutlet, responseHead } from './testing/outlet.ts';
import { Scripted } from './testing/scripted.ts';
import { three } from './testing/three.ts';

const reply = (status = 403, body = 'no'): LocalReply => ({
  status,
  fields: ['x-reply', 'yes'],
  body,
  details: 'denied',
});

describe('chain: answers made by filters', () => {
  it('passes the filter that answered and those before it', () => {
    const [a, b, c, outlet] = three({
      requestHead: (host) => (host.reply(reply()), HEAD_STOP_ALL),
    });
    outlet.chain.requestHead(false);
    assert.deepEqual(outlet.events, ['reply 403 denied', 'HEAD 403', 'DATA no end']);
    assert.deepEqual(a.seen, ['head', 'HEAD 403', 'DATA no end']);
    assert.deepEqual(b.seen, ['head', 'HEAD 403', 'DATA no end']);
    assert.deepEqual(c.seen, []);
  });

  it('never lets the request reach the upstream, whatever the verdict is', () => {
    const [, b, , outlet] = three({ requestHead: (host) => (host.reply(reply()), 0) });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), true);
    b.host.continueRequest();
    assert.ok(!outlet.events.some((event) => /^(head|data)/.test(event)));
  });

  it('counts the first answer only', () => {
    const [, b, , outlet] = three({
      requestHead: (host) => {
        host.reply(reply(401));
        host.reply(reply(500));
        host.fail('filter_failed', 'second');
        return HEAD_STOP_ALL;
      },
    });
    outlet.chain.requestHead(true);
    b.host.reply(reply(502));
    assert.deepEqual(outlet.events, ['reply 401 denied', 'HEAD 401', 'DATA no end']);
  });

  it('answers between hooks, while the request is held', () => {
    const [a, b, , outlet] = three({ requestHead: () => HEAD_STOP_ALL });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), true);
    b.host.reply(reply(429, ''));
    assert.deepEqual(outlet.events, ['reply 429 denied', 'HEAD 429 end']);
    assert.deepEqual(a.seen, ['head', 'data x end', 'HEAD 429 end']);
  });

  it('replaces an answer whose head has not gone, past all filters', () => {
    const [a, , , outlet] = three({
      responseHead: (host) => (host.reply(reply(502)), HEAD_STOP_ALL),
    });
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(200), false);
    assert.deepEqual(outlet.events, ['head end', 'reply 502 denied', 'HEAD 502', 'DATA no end']);
    assert.deepEqual(a.seen, ['head end']);
  });

  it('lets a filter answer its own answer, once more', () => {
    const [a, b, , outlet] = three({
      requestHead: (host) => (host.reply(reply(401, 'first')), HEAD_STOP_ALL),
      responseHead: (host) => (host.reply(reply(500, 'second')), HEAD_STOP_ALL),
    });
    outlet.chain.requestHead(true);
    assert.deepEqual(outlet.events, [
      'reply 401 denied',
      'reply 500 denied',
      'HEAD 500',
      'DATA second end',
    ]);
    assert.deepEqual([a.seen, b.seen], [['head end'], ['head end', 'HEAD 401']]);
  });

  it('drops the rest of an answer that a filter has closed', () => {
    const [, , , outlet] = three({
      requestHead: (host) => (host.reply(reply()), HEAD_STOP_ALL),
      responseHead: (host) => (host.fail('filter_closed', 'closed'), HEAD_STOP_ALL),
    });
    outlet.chain.requestHead(true);
    assert.deepEqual(outlet.events, ['reply 403 denied', 'fail filter_closed closed', 'reset']);
  });

  it('cuts an answer whose head has gone', () => {
    const [, , , outlet] = three({
      responseData: (host) => (host.reply(reply(502)), DATA_STOP_NO_BUFFER),
    });
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(200), false);
    outlet.chain.responseData(bytes('x'), false);
    assert.equal(outlet.events[2], 'fail filter_failed denied: answered after the head had gone');
    assert.equal(outlet.events.at(-1), 'reset');
    outlet.chain.responseData(bytes('y'), true);
  });

  it('fails with a code, and the answer passes the filters before', () => {
    const [a, b, , outlet] = three({
      requestHead: (host) => (host.fail('filter_failed', 'trap'), HEAD_STOP_ALL),
    });
    outlet.chain.requestHead(true);
    assert.deepEqual(outlet.events, ['fail filter_failed trap', 'HEAD 503 end']);
    assert.deepEqual(a.seen, ['head end', 'HEAD 503 end']);
    assert.deepEqual(b.seen, ['head end', 'HEAD 503 end']);
  });

  it('fails in open, before any hook has run', () => {
    const outlet = new RecordingOutlet([
      {
        name: 'missing',
        open: (host) => {
          host.fail('filter_unavailable', 'gone');
          return { complete: () => {} };
        },
        retire: () => {},
      },
      new Scripted('never'),
    ]);
    outlet.chain.requestHead(true);
    assert.deepEqual(outlet.events, ['fail filter_unavailable gone', 'HEAD 503 end']);
  });

  it('passes an answer of the exchange through the filters opened so far', () => {
    const [a, b, c, outlet] = three({ requestHead: () => HEAD_STOP_ALL });
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(504), true);
    assert.deepEqual(a.seen, ['head end', 'HEAD 504 end']);
    assert.deepEqual(b.seen, ['head end', 'HEAD 504 end']);
    assert.deepEqual(c.seen, []);
  });

  it('takes a second head from the exchange in place of one that is held', () => {
    const [, , , outlet] = three({ responseHead: () => HEAD_STOP_ALL });
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(200), false);
    outlet.chain.responseData(bytes('half'), false);
    outlet.chain.responseHead(responseHead(502), true);
    assert.deepEqual(outlet.events, ['head end', 'HEAD 502 end']);
  });

  it('copes with an exchange that answers from inside the forwarding of the head', () => {
    const [a, , , outlet] = three({});
    outlet.forwardRequestHead = () => {
      outlet.events.push('head');
      outlet.chain.responseHead(responseHead(404), true);
    };
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('late'), true);
    assert.deepEqual(outlet.events, ['head', 'HEAD 404 end', 'data late end']);
    assert.deepEqual(a.seen, ['head', 'HEAD 404 end', 'data late end']);
  });

  it('hands the route cache wish on at once', () => {
    const [, , , outlet] = three({ requestHead: (host) => (host.clearRouteCache(), 0) });
    outlet.chain.requestHead(true);
    assert.deepEqual(outlet.events, ['route cleared', 'head end']);
  });

  it('offers heads and trailers to read', () => {
    const [, b, , outlet] = three({});
    outlet.chain.requestHead(false);
    assert.deepEqual([b.host.response, b.host.requestTrailers], [null, null]);
    outlet.chain.requestTrailers(['t', '1']);
    outlet.chain.responseHead(responseHead(201), false);
    outlet.chain.responseTrailers(['u', '2']);
    assert.deepEqual(b.host.requestTrailers, ['t', '1']);
    assert.deepEqual(b.host.responseTrailers, ['u', '2']);
    assert.equal(b.host.response?.status, 201);
    assert.equal(b.host.request, outlet.request);
    assert.equal(b.host.info, outlet.info);
  });
});
