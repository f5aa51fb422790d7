import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ManualClock } from '../../base/clock.ts';
import { ManualScheduler } from '../../base/scheduler.ts';
import type { SharedData } from './shared-state.ts';
import { attachSharedState, createSharedState, type ThreadSharedState } from './shared-state.ts';

const value = (text: string): Uint8Array => Buffer.from(text);
const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();
const SIZES = { dataBytes: 16 * 1024, queueBytes: 16 * 1024 };

interface Thread {
  readonly state: ThreadSharedState;
  readonly scheduler: ManualScheduler;
}

/** Views of one state as threads have them, each with a clock of its own. */
function threads(count: number): Thread[] {
  const made: Thread[] = [];
  for (let slot = 0; slot < count; slot++) {
    const scheduler = new ManualScheduler(new ManualClock());
    const shared = made[0]?.state.shared;
    const state =
      shared === undefined
        ? createSharedState(scheduler, slot, SIZES)
        : attachSharedState(shared, slot, scheduler);
    made.push({ state, scheduler });
  }
  return made;
}

const one = (): Thread => threads(1)[0] as Thread;

describe('shared data', () => {
  it('counts writes of the process in one rising number', () => {
    const { data } = one().state;
    assert.equal(data.set('a', 'k', value('1'), 0), 'ok');
    assert.equal(data.set('b', 'k', value('2'), 0), 'ok');
    assert.equal(data.get('a', 'k')?.cas, 1);
    assert.equal(data.get('b', 'k')?.cas, 2);
    assert.equal(data.get('c', 'k'), null);
  });

  it('takes any cas for a missing key, only the right one for another', () => {
    const { data } = one().state;
    assert.equal(data.set('', 'k', value('1'), 99), 'ok');
    assert.equal(data.set('', 'k', value('2'), 99), 'mismatch');
    assert.equal(data.set('', 'k', value('2'), 1), 'ok');
    assert.equal(data.set('', 'k', value('3'), 0), 'ok');
    assert.equal(text(data.get('', 'k')?.value), '3');
  });

  it('is seen by every thread', () => {
    const [first, second] = threads(2) as [Thread, Thread];
    first.state.data.set('', 'k', value('one'), 0);
    const seen = second.state.data.get('', 'k');
    assert.equal(text(seen?.value), 'one');
    assert.equal(second.state.data.set('', 'k', value('two'), seen?.cas ?? 0), 'ok');
    assert.equal(first.state.data.set('', 'k', value('three'), seen?.cas ?? 0), 'mismatch');
    assert.equal(text(first.state.data.get('', 'k')?.value), 'two');
  });

  it('is bounded, and frees what is replaced', () => {
    const { data } = one().state;
    const big = new Uint8Array(10_000);
    assert.equal(data.set('', 'k', big, 0), 'ok');
    assert.equal(data.set('', 'l', big, 0), 'full');
    for (let i = 0; i < 100; i++) assert.equal(data.set('', 'k', value('1'), 0), 'ok');
    assert.equal(data.set('', 'l', big, 0), 'ok');
    assert.equal(data.get('', 'l')?.value.length, 10_000);
    assert.equal(data.set('', 'm', new Uint8Array(10_000_000), 0), 'full');
  });

  it('does what a map does', () => {
    const key = fc.oneof(
      fc.constantFrom('', 'a', 'b', 'key'),
      fc.string({ maxLength: 300, unit: 'binary-ascii' }),
    );
    const set = fc.record({ key, size: fc.integer({ min: 0, max: 1_500 }), fill: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(set, { maxLength: 40 }), (writes) => {
        const { data } = one().state;
        const model = new Map<string, Uint8Array>();
        for (const { key: name, size, fill } of writes) {
          const bytes = new Uint8Array(size).fill(fill);
          const result = data.set('vm', name, bytes, 0);
          if (result === 'ok') model.set(name, bytes);
          else assert.equal(result, 'full');
        }
        for (const [name, bytes] of model) assert.deepEqual(data.get('vm', name)?.value, bytes);
        assert.equal(data.get('vm', 'never'), null);
      }),
      { numRuns: 50 },
    );
  });
});

describe('shared queues', () => {
  it('keep order, tell the consumer once an item, off the stack', () => {
    const { state, scheduler } = one();
    const told: number[] = [];
    const token = state.queues.register('', 'q', (ready) => told.push(ready));
    assert.equal(token, 1);
    state.queues.enqueue(token, value('a'));
    state.queues.enqueue(token, value('b'));
    assert.deepEqual(told, []);
    scheduler.advance(0);
    assert.deepEqual(told, [token, token]);
    assert.equal(text(state.queues.dequeue(token)), 'a');
    assert.equal(text(state.queues.dequeue(token)), 'b');
    assert.equal(state.queues.dequeue(token), null);
  });

  it('give one token a name and move the consumer to whoever registers last', () => {
    const [first, second] = threads(2) as [Thread, Thread];
    const told: string[] = [];
    const token = first.state.queues.register('', 'q', () => told.push('first'));
    const same = second.state.queues.register('', 'q', () => told.push('second'));
    assert.equal(same, token);
    assert.equal(
      first.state.queues.register('other', 'q', () => {}),
      token + 1,
    );
    second.state.queues.enqueue(token, value('a'));
    first.scheduler.advance(0);
    second.scheduler.advance(0);
    assert.deepEqual(told, ['second']);
  });

  it('resolve names, and know no tokens they did not give', () => {
    const { queues } = one().state;
    const token = queues.register('vm', 'q', () => {});
    assert.equal(queues.resolve('vm', 'q'), token);
    assert.equal(queues.resolve('', 'q'), 0);
    for (const wrong of [0, 9, 0xffff_ffff]) {
      assert.equal(queues.enqueue(wrong, value('a')), 'unknown');
      assert.equal(queues.dequeue(wrong), undefined);
    }
  });

  it('keep events while there is no consumer', () => {
    const { state, scheduler } = one();
    const left = (): void => assert.fail('it left');
    const token = state.queues.register('', 'q', left);
    state.queues.leave(left);
    state.queues.enqueue(token, value('a'));
    scheduler.advance(0);
    let told = 0;
    state.queues.register('', 'q', () => told++);
    scheduler.advance(0);
    assert.equal(told, 1);
  });

  it('fall to another guest of the thread, then to another thread, when the consumer leaves', () => {
    const [first, second] = threads(2) as [Thread, Thread];
    const told: string[] = [];
    const old = (): number => told.push('old');
    const fresh = (): number => told.push('fresh');
    second.state.queues.register('', 'q', () => told.push('second'));
    const token = first.state.queues.register('', 'q', old);
    first.state.queues.register('', 'q', fresh);
    const put = (): void => {
      first.state.queues.enqueue(token, value('x'));
      first.scheduler.advance(0);
      second.scheduler.advance(0);
    };
    put();
    first.state.queues.leave(fresh);
    put();
    first.state.queues.leave(old);
    second.state.queues.enqueue(token, value('x'));
    second.scheduler.advance(0);
    assert.deepEqual(told, ['fresh', 'old', 'second']);
  });

  it('fall to another thread when the thread of the consumer is gone, with what it was at', () => {
    const [main, gone, heir] = threads(3) as [Thread, Thread, Thread];
    const told: string[] = [];
    heir.state.queues.register('', 'q', () => told.push('heir'));
    const token = gone.state.queues.register('', 'q', () => {
      told.push('gone');
      // The thread ends at this place: nothing after it happens.
      main.state.reclaim(1);
    });
    gone.state.queues.enqueue(token, value('a'));
    gone.state.queues.enqueue(token, value('b'));
    gone.scheduler.advance(0);
    heir.scheduler.advance(0);
    heir.state.queues.enqueue(token, value('c'));
    heir.scheduler.advance(0);
    assert.deepEqual(told, ['gone', 'heir', 'heir', 'heir']);
  });

  it('are bounded in bytes, items and number', () => {
    const { queues } = one().state;
    const token = queues.register('', 'q', () => {});
    const big = new Uint8Array(9_000);
    assert.equal(queues.enqueue(token, big), 'ok');
    assert.equal(queues.enqueue(token, big), 'full');
    queues.dequeue(token);
    assert.equal(queues.enqueue(token, big), 'ok');
    let made = 1;
    while (queues.register('', `q${made}`, () => {}) !== 0) made++;
    assert.ok(made < 64);
  });

  it('do not touch shared data when they are full', () => {
    const { data, queues } = one().state;
    const token = queues.register('', 'q', () => {});
    while (queues.enqueue(token, new Uint8Array(100)) === 'ok');
    assert.equal(data.set('', 'k', value('v'), 0), 'ok');
    assert.equal(text((data satisfies SharedData).get('', 'k')?.value), 'v');
  });
});
