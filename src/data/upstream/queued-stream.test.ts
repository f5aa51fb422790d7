import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../base/clock.ts';
import { DeadlineWheel } from '../../base/deadline.ts';
import { LIMITS } from '../../base/limits.ts';
import { ManualScheduler } from '../../base/scheduler.ts';
import type { Fields, RequestHead } from '../codec/head.ts';
import type { ClientStreamEvents } from '../codec/stream.ts';
import type { AttemptOptions } from './connector.ts';
import type { UpstreamConnection } from './h1-connection.ts';
import { QueuedStream } from './queued-stream.ts';

const HEAD: RequestHead = {
  method: 'POST',
  scheme: 'http',
  authority: 'test',
  target: '/',
  version: 'HTTP/1.1',
  fields: [],
};
const OPTIONS: AttemptOptions = {
  end: false,
  bodyLength: -1,
  more: false,
  expectContinue: false,
  idleMs: 0,
  avoid: [],
};

/** What a connection is asked to do. */
class Line {
  readonly calls: string[] = [];
  readonly endpointKey = '127.0.0.1:80';

  start(): void {
    this.calls.push('start');
  }

  writeData(chunk: Uint8Array, end: boolean): boolean {
    this.calls.push(`${end ? 'end' : 'data'} ${Buffer.from(chunk).toString()}`);
    return true;
  }

  writeTrailers(fields: Fields): void {
    this.calls.push(`trailers ${fields.join()}`);
  }

  pauseResponse(): void {
    this.calls.push('pause');
  }

  resumeResponse(): void {
    this.calls.push('resume');
  }

  cancel(): void {
    this.calls.push('cancel');
  }
}

function bench() {
  const clock = new ManualClock();
  const timers = new ManualScheduler(clock);
  const wheel = new DeadlineWheel(clock, 1, timers);
  const told: string[] = [];
  const events: ClientStreamEvents = {
    informational: () => assert.fail('no answer'),
    responseHead: () => assert.fail('no answer'),
    responseData: () => assert.fail('no answer'),
    responseTrailers: () => assert.fail('no answer'),
    responseFailed: (code) => void told.push(code),
    upstreamWritable: () => void told.push('writable'),
  };
  const target = { upstreamAddress: '' };
  const queued = new QueuedStream({
    head: HEAD,
    options: OPTIONS,
    events,
    target,
    wheel,
    untilMs: 100,
    left: (_stream, atHead) => void told.push(atHead ? 'left' : 'gave up'),
  });
  const line = new Line();
  const assign = (): void => queued.assign(line as unknown as UpstreamConnection);
  return { queued, timers, wheel, told, target, line, assign };
}

describe('an attempt in line', () => {
  it('hands on what was written meanwhile, in order, then writes through', () => {
    const { queued, told, target, line, assign, wheel } = bench();
    assert.equal(queued.writeData(Buffer.from('ab'), false), true);
    assert.equal(queued.writeData(Buffer.from('cd'), false), true);
    assign();
    assert.equal(target.upstreamAddress, '127.0.0.1:80');
    queued.writeData(Buffer.from('e'), true);
    queued.pauseResponse();
    queued.resumeResponse();
    queued.cancel();
    assert.deepEqual(line.calls, [
      'start',
      'data ab',
      'data cd',
      'end e',
      'pause',
      'resume',
      'cancel',
    ]);
    assert.deepEqual(told, ['left']);
    assert.equal(wheel.size, 0);
  });

  it('keeps end, trailers and a pause', () => {
    const ended = bench();
    ended.queued.writeData(Buffer.from('ab'), false);
    ended.queued.writeData(new Uint8Array(0), true);
    ended.assign();
    assert.deepEqual(ended.line.calls, ['start', 'data ab', 'end ']);
    const trailed = bench();
    trailed.queued.writeData(Buffer.from('ab'), false);
    trailed.queued.writeTrailers(['x', 'y']);
    trailed.queued.pauseResponse();
    trailed.assign();
    assert.deepEqual(trailed.line.calls, ['start', 'pause', 'data ab', 'trailers x,y']);
  });

  it('copies what it keeps', () => {
    const { queued, line, assign } = bench();
    const borrowed = Buffer.from('good');
    queued.writeData(borrowed, true);
    borrowed.fill('!');
    assign();
    assert.equal(line.calls[1], 'end good');
  });

  it('takes no more than the watermark, and tells when it is through', () => {
    const { queued, told, assign } = bench();
    assert.equal(queued.writeData(Buffer.alloc(LIMITS.highWatermarkBytes - 1), false), true);
    assert.equal(queued.writeData(Buffer.alloc(1), false), false);
    assign();
    assert.deepEqual(told, ['left', 'writable']);
  });

  it('fails when its time is over, once', () => {
    const { queued, timers, told } = bench();
    queued.writeData(Buffer.from('ab'), false);
    timers.advance(99);
    assert.deepEqual(told, []);
    timers.advance(3);
    assert.deepEqual(told, ['gave up', 'upstream_pending_timeout']);
    queued.cancel();
    assert.equal(queued.writeData(Buffer.from('cd'), false), true);
    assert.equal(told.length, 2);
  });

  it('can be failed by its owner, and given up by the exchange without a word', () => {
    const failed = bench();
    failed.queued.fail('no_endpoint', 'no_endpoint');
    assert.deepEqual(failed.told, ['left', 'no_endpoint']);
    const cancelled = bench();
    cancelled.queued.cancel();
    cancelled.timers.advance(1_000);
    assert.deepEqual(cancelled.told, ['gave up']);
  });
});
