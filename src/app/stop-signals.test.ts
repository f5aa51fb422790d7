import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import { StopSignals } from './stop-signals.ts';

async function hasCome(promise: Promise<void>): Promise<boolean> {
  const nothing = Symbol('nothing');
  return (await Promise.race([promise, Promise.resolve(nothing)])) !== nothing;
}

test('the first signal, and the second, whichever they are', async () => {
  const [clock, source] = [new ManualClock(), new EventEmitter()];
  const signals = new StopSignals(clock, source);
  assert.equal(await hasCome(signals.first), false);
  source.emit('SIGTERM');
  assert.equal(await hasCome(signals.first), true);
  assert.equal(await hasCome(signals.second), false);
  clock.advance(5_000);
  source.emit('SIGINT');
  assert.equal(await hasCome(signals.second), true);
});

test('a signal that comes twice at once is one', async () => {
  const [clock, source] = [new ManualClock(), new EventEmitter()];
  const signals = new StopSignals(clock, source);
  source.emit('SIGINT');
  clock.advance(99);
  source.emit('SIGINT');
  assert.equal(await hasCome(signals.second), false);
  clock.advance(1);
  source.emit('SIGINT');
  assert.equal(await hasCome(signals.second), true);
});

test('closed, it leaves signals to others', () => {
  const source = new EventEmitter();
  new StopSignals(new ManualClock(), source).close();
  assert.deepEqual(source.eventNames(), []);
});
