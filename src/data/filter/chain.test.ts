import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
import {
  DATA_CONTINUE,
  DATA_STOP_BUFFER,
  DATA_STOP_NO_BUFFER,
  DATA_STOP_WATERMARK,
  HEAD_STOP,
  HEAD_STOP_ALL,
  TRAILERS_STOP,
} from './contract.ts';
import { bytes, RecordingOutlet, responseHead } from './testing/outlet.ts';
import { type Script, Scripted } from './testing/scripted.ts';
import { three } from './testing/three.ts';

describe('chain: order', () => {
  it('passes requests first to last and answers last to first', () => {
    const order: string[] = [];
    const note = (name: string): Script => ({
      requestHead: () => (order.push(`${name} head`), 0),
      responseHead: () => (order.push(`${name} HEAD`), 0),
    });
    const outlet = new RecordingOutlet([
      new Scripted('a', note('a')),
      new Scripted('b', note('b')),
    ]);
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(), true);
    assert.deepEqual(order, ['a head', 'b head', 'b HEAD', 'a HEAD']);
    assert.deepEqual(outlet.events, ['head end', 'HEAD 200 end']);
  });

  it('passes all through with no filter', () => {
    const { chain, events } = new RecordingOutlet([]);
    chain.requestHead(false);
    chain.requestData(bytes('ab'), false);
    chain.requestTrailers(['t', '1']);
    chain.responseHead(responseHead(), false);
    chain.responseData(bytes('cd'), true);
    chain.complete();
    assert.deepEqual(events, ['head', 'data ab', 'trailers t,1', 'HEAD 200', 'DATA cd end']);
  });

  it('skips hooks a filter does not have', () => {
    const outlet = new RecordingOutlet([new Scripted('bare', { bare: true })]);
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), true);
    outlet.chain.responseHead(responseHead(204), true);
    assert.deepEqual(outlet.events, ['head', 'data x end', 'HEAD 204 end']);
  });

  it('passes a chunk nobody keeps as the very same bytes', () => {
    const chunk = bytes('untouched');
    const outlet = new RecordingOutlet([new Scripted('a')]);
    let out: Uint8Array | null = null;
    outlet.forwardRequestData = (passed) => {
      out = passed;
    };
    outlet.chain.requestHead(false);
    outlet.chain.requestData(chunk, true);
    assert.equal(out, chunk);
  });

  it('completes every opened filter once, and none that was not', () => {
    const [a, b, c, outlet] = three({ requestHead: () => HEAD_STOP_ALL });
    outlet.chain.requestHead(true);
    outlet.chain.complete();
    outlet.chain.complete();
    assert.deepEqual([a.completed, b.completed, c.completed, c.opened], [1, 1, 0, 0]);
  });

  it('lets nothing out after it is complete', () => {
    const [, b, , outlet] = three({ requestHead: () => HEAD_STOP_ALL });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), true);
    outlet.chain.complete();
    b.host.continueRequest();
    b.host.reply({ status: 403, fields: [], body: '', details: 'late' });
    b.host.fail('filter_failed', 'late');
    outlet.chain.responseHead(responseHead(), true);
    outlet.chain.responseData(bytes('x'), true);
    assert.deepEqual(outlet.events, []);
  });
});

describe('chain: holding a head', () => {
  it('holds the head alone and lets data bring it on', () => {
    const [a, , c, outlet] = three({ requestHead: () => HEAD_STOP });
    outlet.chain.requestHead(false);
    assert.deepEqual(outlet.events, []);
    assert.deepEqual(a.seen, ['head']);
    outlet.chain.requestData(bytes('x'), true);
    assert.deepEqual(outlet.events, ['head', 'data x end']);
    assert.deepEqual(c.seen, ['head', 'data x end']);
  });

  it('keeps data behind a held head until the filter has seen enough', () => {
    const [, , , outlet] = three({
      requestHead: () => HEAD_STOP,
      requestData: (_host, _body, end) => (end ? DATA_CONTINUE : DATA_STOP_BUFFER),
    });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('ab'), false);
    outlet.chain.requestData(bytes('cd'), false);
    assert.deepEqual(outlet.events, []);
    outlet.chain.requestData(bytes('e'), true);
    assert.deepEqual(outlet.events, ['head', 'data abcde end']);
  });

  it('shows nothing of the body before a wholly held head goes on', () => {
    const [, b, , outlet] = three({ requestHead: () => HEAD_STOP_ALL });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('ab'), false);
    outlet.chain.requestData(bytes('cd'), false);
    outlet.chain.requestTrailers(['t', '1']);
    assert.deepEqual(b.seen, ['head']);
    b.host.continueRequest();
    assert.deepEqual(b.seen, ['head', 'data abcd', 'trailers t,1']);
    assert.deepEqual(outlet.events, ['head', 'data abcd', 'trailers t,1']);
  });

  it('holds a head that is the whole request', () => {
    const [, b, c, outlet] = three({ requestHead: () => HEAD_STOP_ALL });
    outlet.chain.requestHead(true);
    assert.deepEqual(c.seen, []);
    b.host.continueRequest();
    assert.deepEqual(c.seen, ['head end']);
    assert.deepEqual(outlet.events, ['head end']);
    b.host.continueRequest();
    assert.deepEqual(outlet.events, ['head end']);
  });

  it('goes on at once where the filter continued before it paused', () => {
    const [, , , outlet] = three({
      requestHead: (host) => (host.continueRequest(), HEAD_STOP_ALL),
      responseHead: (host) => (host.continueResponse(), HEAD_STOP_ALL),
    });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), true);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseData(bytes('y'), true);
    assert.deepEqual(outlet.events, ['head', 'data x end', 'HEAD 200', 'DATA y end']);
  });

  it('forgets a continue that had nothing to continue', () => {
    const [, b, , outlet] = three({
      requestHead: (host) => (host.continueRequest(), 0),
      requestData: () => DATA_STOP_BUFFER,
    });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), true);
    assert.deepEqual(outlet.events, ['head']);
    b.host.continueRequest();
    assert.deepEqual(outlet.events, ['head', 'data x end']);
  });

  it('lets one direction be resumed from a hook of the other', () => {
    const [, , , outlet] = three({
      requestData: () => DATA_STOP_BUFFER,
      responseHead: (host) => (host.continueRequest(), 0),
    });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), true);
    outlet.chain.responseHead(responseHead(), true);
    assert.deepEqual(outlet.events, ['head', 'HEAD 200 end', 'data x end']);
  });

  it('holds at several filters in turn', () => {
    const hold: Script = { requestHead: () => HEAD_STOP_ALL };
    const filters = [new Scripted('a', hold), new Scripted('b', hold)] as const;
    const outlet = new RecordingOutlet(filters);
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), true);
    filters[0].host.continueRequest();
    assert.deepEqual(outlet.events, []);
    assert.deepEqual(filters[1].seen, ['head']);
    filters[1].host.continueRequest();
    assert.deepEqual(outlet.events, ['head', 'data x end']);
  });
});

describe('chain: bodies', () => {
  it('shows all that is kept each time, then single chunks again', () => {
    let keep = true;
    const [, b, , outlet] = three({ requestData: () => (keep ? DATA_STOP_BUFFER : DATA_CONTINUE) });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('a'), false);
    outlet.chain.requestData(bytes('b'), false);
    keep = false;
    outlet.chain.requestData(bytes('c'), false);
    outlet.chain.requestData(bytes('d'), true);
    assert.deepEqual(b.seen, ['head', 'data a', 'data ab', 'data abc', 'data d end']);
    assert.deepEqual(outlet.events, ['head', 'data abc', 'data d end']);
  });

  it('copies what it keeps: the bytes it was lent may change', () => {
    const [, b, , outlet] = three({ requestData: () => DATA_STOP_BUFFER });
    const lent = bytes('abc');
    outlet.chain.requestHead(false);
    outlet.chain.requestData(lent, false);
    lent.fill(0x21);
    outlet.chain.requestData(lent, true);
    b.host.continueRequest();
    assert.deepEqual(outlet.events, ['head', 'data abc!!! end']);
  });

  it('sends edits on, also of a body that is held', () => {
    let held: { replace(bytes: Uint8Array): void } | null = null;
    const [, b, c, outlet] = three({
      requestData: (_host, body) => ((held = body), DATA_STOP_BUFFER),
      responseData: (_host, body) => (body.replace(bytes('other')), DATA_CONTINUE),
    });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('abc'), true);
    (held as { replace(bytes: Uint8Array): void } | null)?.replace(bytes('edited'));
    b.host.continueRequest();
    assert.deepEqual(c.seen, ['head', 'data edited end']);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseData(bytes('answer'), true);
    assert.deepEqual(outlet.events.slice(2), ['HEAD 200', 'DATA other end']);
  });

  it('appends to a body that was replaced', () => {
    const [, b, , outlet] = three({
      requestData: (_host, body) => (body.replace(bytes(`<${body.length}>`)), DATA_STOP_BUFFER),
    });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('ab'), false);
    outlet.chain.requestData(bytes('c'), true);
    b.host.continueRequest();
    assert.deepEqual(b.seen, ['head', 'data ab', 'data <2>c end']);
    assert.deepEqual(outlet.events, ['head', 'data <4> end']);
  });

  it('keeps nothing where the filter took the bytes, but still ends the body', () => {
    const [, b, , outlet] = three({ requestData: () => DATA_STOP_NO_BUFFER });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('a'), false);
    outlet.chain.requestData(bytes('b'), true);
    assert.deepEqual(b.seen, ['head', 'data a', 'data b end']);
    b.host.continueRequest();
    assert.deepEqual(outlet.events, ['head', 'data  end']);
  });

  it('shows the end of a body that comes without bytes', () => {
    const [, b, , outlet] = three({});
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes(''), true);
    assert.deepEqual(b.seen, ['head', 'data  end']);
    assert.deepEqual(outlet.events, ['head', 'data  end']);
  });

  it('keeps everything of a body whose chunks grow past the first store', () => {
    const [, b, , outlet] = three({ requestData: () => DATA_STOP_BUFFER });
    outlet.chain.requestHead(false);
    let whole = '';
    for (let i = 0; i < 50; i++) {
      const part = String(i).repeat(200);
      whole += part;
      outlet.chain.requestData(bytes(part), i === 49);
    }
    b.host.continueRequest();
    assert.equal(outlet.sent, whole);
  });
});

describe('chain: limits', () => {
  const big = new Uint8Array(LIMITS.filterBufferBytesMax);

  it('fails a request whose held body is too large with 413', () => {
    const [, b, , outlet] = three({ requestData: () => DATA_STOP_BUFFER });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(big, false);
    outlet.chain.requestData(bytes('x'), false);
    assert.match(outlet.events[1] ?? '', /^fail request_body_too_large /);
    assert.equal(outlet.answer?.status, 413);
    b.host.continueRequest();
    outlet.chain.requestData(bytes('y'), true);
    assert.equal(outlet.events.length, 3);
  });

  it('fails an answer whose held body is too large with 500', () => {
    const [, , , outlet] = three({ responseData: () => DATA_STOP_BUFFER });
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseData(big, false);
    outlet.chain.responseData(bytes('x'), false);
    // The head had gone, so the exchange can only cut the answer.
    assert.deepEqual(outlet.events.slice(2, 3), [
      'fail response_body_too_large a filter holds the body and it is above the buffer limit',
    ]);
    assert.equal(outlet.events.at(-1), 'reset');
  });

  it('answers 500 where the head is still held', () => {
    const [, , , outlet] = three({
      responseHead: () => HEAD_STOP,
      responseData: () => DATA_STOP_BUFFER,
    });
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseData(big, false);
    outlet.chain.responseData(bytes('x'), false);
    assert.equal(outlet.answer?.status, 500);
  });

  it('slows the sender behind a wholly held head and behind a watermark', () => {
    const [, b, , outlet] = three({ requestHead: () => HEAD_STOP_ALL });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(big, false);
    assert.equal(outlet.events.length, 0);
    outlet.chain.requestData(bytes('x'), false);
    outlet.chain.requestData(bytes('y'), false);
    assert.deepEqual(outlet.events, ['pause']);
    b.host.continueRequest();
    assert.equal(outlet.events[1], 'head');
    assert.ok(outlet.events.includes('resume'));
    assert.equal(outlet.sent.length, big.length + 2);
  });

  it('slows and lets go in the other direction too', () => {
    const [, b, , outlet] = three({ responseData: () => DATA_STOP_WATERMARK });
    outlet.chain.requestHead(true);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseData(big, false);
    outlet.chain.responseData(bytes('x'), false);
    assert.deepEqual(outlet.events.slice(2), ['PAUSE']);
    b.host.continueResponse();
    assert.equal(outlet.events[3], 'RESUME');
    assert.equal(outlet.received.length, big.length + 1);
  });

  it('pauses once for two filters that are full and resumes with the last', () => {
    const hold: Script = { requestData: () => DATA_STOP_WATERMARK };
    const filters = [new Scripted('a', hold), new Scripted('b', hold)] as const;
    const outlet = new RecordingOutlet(filters);
    outlet.chain.requestHead(false);
    outlet.chain.requestData(big, false);
    outlet.chain.requestData(bytes('x'), false);
    filters[0].host.continueRequest();
    assert.deepEqual(outlet.events, ['head', 'pause', 'resume', 'pause']);
    outlet.chain.complete();
    assert.equal(outlet.events.at(-1), 'resume');
  });
});

describe('chain: trailers', () => {
  it('never shows the end of the body where trailers follow', () => {
    const [, b, , outlet] = three({});
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), false);
    outlet.chain.requestTrailers(['t', '1']);
    assert.deepEqual(b.seen, ['head', 'data x', 'trailers t,1']);
  });

  it('brings on what is held when the trailers pass', () => {
    const [, , , outlet] = three({
      requestHead: () => HEAD_STOP,
      requestData: () => DATA_STOP_BUFFER,
    });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), false);
    outlet.chain.requestTrailers(['t', '1']);
    assert.deepEqual(outlet.events, ['head', 'data x', 'trailers t,1']);
  });

  it('holds trailers and all before them', () => {
    const [, b, , outlet] = three({
      requestData: () => DATA_STOP_BUFFER,
      requestTrailers: () => TRAILERS_STOP,
    });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), false);
    outlet.chain.requestTrailers(['t', '1']);
    assert.deepEqual(outlet.events, ['head']);
    b.host.continueRequest();
    assert.deepEqual(outlet.events, ['head', 'data x', 'trailers t,1']);
  });

  it('does not let trailers release what a filter without a trailers hook holds', () => {
    let host: { continueRequest(): void } | null = null;
    const outlet = new RecordingOutlet([
      {
        name: 'holds',
        open: (opened) => {
          host = opened;
          return { requestData: () => DATA_STOP_BUFFER, complete: () => {} };
        },
        retire: () => {},
      },
    ]);
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), false);
    outlet.chain.requestTrailers(['t', '1']);
    assert.deepEqual(outlet.events, ['head']);
    (host as { continueRequest(): void } | null)?.continueRequest();
    assert.deepEqual(outlet.events, ['head', 'data x', 'trailers t,1']);
  });

  it('sends trailers a filter makes at the end of the body, once', () => {
    const [, b, c, outlet] = three({
      requestData: (host, _body, end) => {
        if (end) host.makeRequestTrailers().push('made', '1');
        return DATA_STOP_BUFFER;
      },
      responseData: (host) => (host.makeResponseTrailers().push('m', '2'), DATA_CONTINUE),
    });
    outlet.chain.requestHead(false);
    outlet.chain.requestData(bytes('x'), true);
    b.host.continueRequest();
    assert.deepEqual(c.seen, ['head', 'data x', 'trailers made,1']);
    outlet.chain.responseHead(responseHead(), false);
    outlet.chain.responseData(bytes('y'), true);
    assert.deepEqual(outlet.events, [
      'head',
      'data x',
      'trailers made,1',
      'HEAD 200',
      'DATA y',
      'TRAILERS m,2',
    ]);
  });
});
