import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../base/clock.ts';
import { ManualScheduler } from '../../base/scheduler.ts';
import { LocalSharedData, LocalSharedQueues } from './shared-state.ts';

const value = (text: string): Uint8Array => Buffer.from(text);

describe('shared data', () => {
  it('counts writes of the process in one rising number', () => {
    const data = new LocalSharedData();
    assert.equal(data.set('a', 'k', value('1'), 0), 'ok');
    assert.equal(data.set('b', 'k', value('2'), 0), 'ok');
    assert.equal(data.get('a', 'k')?.cas, 1);
    assert.equal(data.get('b', 'k')?.cas, 2);
    assert.equal(data.get('c', 'k'), null);
  });

  it('takes any cas for a missing key, only the right one for another', () => {
    const data = new LocalSharedData();
    assert.equal(data.set('', 'k', value('1'), 99), 'ok');
    assert.equal(data.set('', 'k', value('2'), 99), 'mismatch');
    assert.equal(data.set('', 'k', value('2'), 1), 'ok');
    assert.equal(data.set('', 'k', value('3'), 0), 'ok');
    assert.equal(Buffer.from(data.get('', 'k')?.value ?? []).toString(), '3');
  });

  it('is bounded, and frees what is replaced', () => {
    const data = new LocalSharedData(10);
    assert.equal(data.set('', 'k', value('123456789'), 0), 'ok');
    assert.equal(data.set('', 'l', value('1'), 0), 'full');
    assert.equal(data.set('', 'k', value('1'), 0), 'ok');
    assert.equal(data.set('', 'l', value('1'), 0), 'ok');
  });
});

describe('shared queues', () => {
  function make(): { queues: LocalSharedQueues; scheduler: ManualScheduler } {
    const scheduler = new ManualScheduler(new ManualClock());
    return { queues: new LocalSharedQueues(scheduler), scheduler };
  }

  it('keeps order, tells the consumer once an item, off the stack', () => {
    const { queues, scheduler } = make();
    const told: number[] = [];
    const token = queues.register('', 'q', (ready) => told.push(ready));
    queues.enqueue(token, value('a'));
    queues.enqueue(token, value('b'));
    assert.deepEqual(told, []);
    scheduler.advance(0);
    assert.deepEqual(told, [token, token]);
    const take = (): string => Buffer.from(queues.dequeue(token) ?? []).toString();
    assert.deepEqual([take(), take()], ['a', 'b']);
    assert.equal(queues.dequeue(token), null);
  });

  it('gives one token a name and moves the consumer to whoever registers last', () => {
    const { queues, scheduler } = make();
    const told: string[] = [];
    const token = queues.register('', 'q', () => told.push('first'));
    assert.equal(
      queues.register('', 'q', () => told.push('second')),
      token,
    );
    assert.notEqual(
      queues.register('other', 'q', () => {}),
      token,
    );
    queues.enqueue(token, value('a'));
    scheduler.advance(0);
    assert.deepEqual(told, ['second']);
  });

  it('resolves names, and knows no tokens it did not give', () => {
    const { queues } = make();
    const token = queues.register('vm', 'q', () => {});
    assert.equal(queues.resolve('vm', 'q'), token);
    assert.equal(queues.resolve('', 'q'), 0);
    assert.equal(queues.enqueue(9, value('a')), 'unknown');
    assert.equal(queues.enqueue(0, value('a')), 'unknown');
    assert.equal(queues.dequeue(9), undefined);
  });

  it('loses events of a consumer that left, not the items', () => {
    const { queues, scheduler } = make();
    const consumer = (): void => assert.fail('it left');
    const token = queues.register('', 'q', consumer);
    queues.enqueue(token, value('a'));
    queues.leave(consumer);
    scheduler.advance(0);
    assert.notEqual(queues.dequeue(token), null);
  });

  it('is bounded in bytes', () => {
    const { queues } = make();
    const token = queues.register('', 'q', () => {});
    const big = new Uint8Array(9 * 1024 * 1024);
    assert.equal(queues.enqueue(token, big), 'ok');
    assert.equal(queues.enqueue(token, big), 'full');
    queues.dequeue(token);
    assert.equal(queues.enqueue(token, big), 'ok');
  });
});
