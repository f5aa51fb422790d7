import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
import { clusterMetrics } from '../../observe/data-metrics.ts';
import { MetricsRegistry } from '../../observe/metrics.ts';
import type { RequestHead } from '../codec/head.ts';
import type { ClientStreamEvents } from '../codec/stream.ts';
import type { AttemptOptions, UpstreamConnector } from '../upstream/connector.ts';
import { MirrorBudget, Mirrors } from './mirrors.ts';
import type { RuntimeMirror } from './tables.ts';
import { RecordedStream } from './testing/recorded-stream.ts';

const HEAD: RequestHead = {
  method: 'POST',
  scheme: 'http',
  authority: 'test',
  target: '/',
  version: 'HTTP/1.1',
  fields: ['a', 'b'],
};

const OPTIONS: AttemptOptions = {
  end: false,
  bodyLength: -1,
  more: true,
  expectContinue: true,
  idleMs: 0,
  avoid: ['1.2.3.4:5'],
};

interface Opened {
  readonly head: RequestHead;
  readonly options: AttemptOptions;
  readonly events: ClientStreamEvents;
  readonly stream: RecordedStream;
}

class RecordedConnector implements UpstreamConnector {
  readonly opened: Opened[] = [];
  refuses = false;

  open(head: RequestHead, options: AttemptOptions, events: ClientStreamEvents) {
    if (this.refuses) return { code: 'upstream_overflow' as const, detail: 'requests' };
    const stream = new RecordedStream();
    this.opened.push({ head, options, events, stream });
    return stream;
  }

  retire(): void {}
}

function bench(share = 1) {
  const connector = new RecordedConnector();
  const metrics = clusterMetrics(new MetricsRegistry(), 'mirror');
  const cluster = {
    name: 'mirror',
    connector,
    metrics,
    streamIdleMs: 77,
    endpoints: null,
    inProcess: false,
  };
  const mirror: RuntimeMirror = { cluster, share };
  return { connector, metrics, mirror, budget: new MirrorBudget() };
}

const never = (): number => assert.fail('no draw is needed');

function mirrored(
  mirrors: readonly RuntimeMirror[],
  budget: MirrorBudget,
  random = never,
): Mirrors {
  return new Mirrors(mirrors, HEAD, OPTIONS, random, budget);
}

describe('copies of a request', () => {
  it('are requests of their own: other fields, their own idle time, no waiting', () => {
    const { connector, mirror, budget } = bench();
    mirrored([mirror], budget);
    const [{ head, options }] = connector.opened as [Opened];
    assert.deepEqual(head, HEAD);
    assert.notEqual(head.fields, HEAD.fields);
    assert.deepEqual(options, {
      end: false,
      bodyLength: -1,
      more: false,
      expectContinue: false,
      idleMs: 77,
      avoid: [],
    });
  });

  it('get body and trailers', () => {
    const { connector, mirror, budget } = bench();
    const mirrors = mirrored([mirror, mirror], budget);
    mirrors.data(Buffer.from('ab'), false);
    mirrors.trailers(['x', 'y']);
    for (const { stream } of connector.opened) {
      assert.deepEqual(stream.calls, ['data ab', 'trailers x,y']);
    }
  });

  it('are made for their share of draws', () => {
    const { connector, mirror, budget } = bench(0.25);
    for (const draw of [0, 0.2499, 0.25, 0.9]) {
      mirrored([mirror], budget, () => draw);
    }
    assert.equal(connector.opened.length, 2);
  });

  it('are dropped when they fall behind, but not at their very end', () => {
    const { connector, metrics, mirror, budget } = bench();
    const mirrors = mirrored([mirror, mirror], budget);
    const [slow, fast] = connector.opened.map(({ stream }) => stream);
    if (slow === undefined || fast === undefined) assert.fail('two copies');
    slow.writable = false;
    mirrors.data(Buffer.from('a'), false);
    fast.writable = false;
    mirrors.data(Buffer.from('b'), true);
    assert.deepEqual(slow.calls, ['data a', 'cancel']);
    assert.deepEqual(fast.calls, ['data a', 'end b']);
    assert.equal(metrics.mirrorsDropped.value, 1);
  });

  it('are given up with a request that is not whole, and only then', () => {
    const { connector, mirror, budget } = bench();
    const cut = mirrored([mirror], budget);
    cut.data(Buffer.from('a'), false);
    cut.abort();
    const whole = mirrored([mirror], budget);
    whole.data(Buffer.from('a'), true);
    whole.abort();
    const empty = new Mirrors([mirror], HEAD, { ...OPTIONS, end: true }, never, budget);
    empty.abort();
    const calls = connector.opened.map(({ stream }) => stream.calls.includes('cancel'));
    assert.deepEqual(calls, [true, false, false]);
  });

  it('that the cluster refuses are counted and leave no trace', () => {
    const { connector, metrics, mirror, budget } = bench();
    connector.refuses = true;
    const mirrors = mirrored([mirror], budget);
    mirrors.data(Buffer.from('a'), true);
    mirrors.abort();
    assert.equal(metrics.mirrorsDropped.value, 1);
    assert.equal(metrics.mirrors.value, 0);
  });
});

describe('the budget of mirrors', () => {
  const ENDINGS: Readonly<Record<string, (events: ClientStreamEvents) => void>> = {
    head: (events) => events.responseHead({ status: 204, version: 'HTTP/1.1', fields: [] }, true),
    data: (events) => {
      events.responseHead({ status: 200, version: 'HTTP/1.1', fields: [] }, false);
      events.responseData(Buffer.from('x'), false);
      events.responseData(Buffer.from('x'), true);
    },
    trailers: (events) => events.responseTrailers(['a', 'b']),
    failure: (events) => events.responseFailed('upstream_reset', 'closed', false),
  };

  it('refuses a copy too many, and each way to end gives one place back, once', () => {
    const { connector, metrics, mirror, budget } = bench();
    for (let i = 0; i < LIMITS.mirrorsMax; i++) {
      mirrored([mirror], budget);
    }
    const full = (): boolean => {
      const before = connector.opened.length;
      mirrored([mirror], budget);
      return connector.opened.length === before;
    };
    assert.equal(full(), true);
    assert.equal(metrics.mirrorsDropped.value, 1);
    for (const [what, end] of Object.entries(ENDINGS)) {
      const { events } = connector.opened.shift() as Opened;
      end(events);
      events.responseFailed('upstream_reset', 'closed', false);
      assert.equal(full(), false, what);
      assert.equal(full(), true, `${what}, once`);
    }
  });
});
