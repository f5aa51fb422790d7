import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
import { Replay } from './replay.ts';
import { RecordedStream } from './testing/recorded-stream.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('a body kept for another attempt', () => {
  it('is sent as far as it has come, the end with it', () => {
    const replay = new Replay();
    replay.data(bytes('ab'), false);
    replay.data(bytes('cd'), false);
    const open = new RecordedStream();
    assert.equal(replay.writeTo(open), true);
    assert.deepEqual(open.calls, ['data ab', 'data cd']);
    replay.data(bytes('e'), true);
    const ended = new RecordedStream();
    replay.writeTo(ended);
    assert.deepEqual(ended.calls, ['data ab', 'data cd', 'data e', 'end ']);
  });

  it('ends with its trailers where it has some', () => {
    const replay = new Replay();
    replay.data(bytes('ab'), false);
    replay.trailers(['x-sum', '1']);
    const stream = new RecordedStream();
    replay.writeTo(stream);
    assert.deepEqual(stream.calls, ['data ab', 'trailers x-sum,1']);
  });

  it('is a copy: borrowed bytes may change behind it', () => {
    const replay = new Replay();
    const borrowed = bytes('good');
    replay.data(borrowed, true);
    borrowed.fill('!');
    const stream = new RecordedStream();
    replay.writeTo(stream);
    assert.equal(stream.calls[0], 'data good');
  });

  it('is given up, and let go of, above its bound', () => {
    const replay = new Replay();
    replay.data(Buffer.alloc(LIMITS.replayBytesMax), false);
    assert.equal(replay.overflown, false);
    replay.data(bytes('x'), false);
    assert.equal(replay.overflown, true);
    replay.data(bytes('y'), true);
    const stream = new RecordedStream();
    replay.writeTo(stream);
    assert.deepEqual(stream.calls, ['end ']);
  });

  it('tells when the stream takes no more', () => {
    const replay = new Replay();
    replay.data(bytes('ab'), false);
    const stream = new RecordedStream();
    stream.writable = false;
    assert.equal(replay.writeTo(stream), false);
  });
});
