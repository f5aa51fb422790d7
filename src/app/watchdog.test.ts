import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import { LIMITS } from '../base/limits.ts';
import { BEAT_MS } from './messages.ts';
import { type Beating, Watchdog } from './watchdog.ts';

const SILENT_TURNS = LIMITS.workerBeatMs / BEAT_MS;

class Rig {
  readonly clock = new ManualClock(1_000);
  readonly beats = new Int32Array(new SharedArrayBuffer(8));
  readonly watchdog = new Watchdog(this.clock, this.beats);
  workers: Beating[] = [
    { index: 0, source: 1 },
    { index: 1, source: 2 },
  ];

  /** Lets time pass in beats; only these workers beat. */
  turns(count: number, beating: readonly number[]): number[] {
    const silent: number[] = [];
    for (let turn = 0; turn < count; turn++) {
      this.clock.advance(BEAT_MS);
      for (const index of beating) Atomics.add(this.beats, index, 1);
      silent.push(...this.watchdog.check(this.workers).map(({ worker }) => worker.source));
    }
    return silent;
  }
}

test('workers that beat are left alone, one that stops is found, once its time is over', () => {
  const rig = new Rig();
  assert.deepEqual(rig.turns(100, [0, 1]), []);
  assert.deepEqual(rig.turns(SILENT_TURNS - 1, [0]), []);
  assert.deepEqual(rig.turns(1, [0]), [2]);
});

test('one that has not beaten yet has longer', () => {
  const rig = new Rig();
  rig.turns(1, [1]);
  assert.deepEqual(rig.turns(SILENT_TURNS + 1, [1]), []);
  assert.ok(rig.turns(60, [1]).includes(1));
});

test('a replacement starts anew, whatever its predecessor left in the cell', () => {
  const rig = new Rig();
  rig.turns(4, [0, 1]);
  rig.workers = [rig.workers[0] as Beating, { index: 1, source: 3 }];
  assert.deepEqual(rig.turns(SILENT_TURNS + 1, [0]), []);
});

test('time in which the watchdog itself stood still counts for nobody', () => {
  const rig = new Rig();
  rig.turns(4, [0, 1]);
  rig.clock.advance(60_000);
  assert.deepEqual(rig.turns(1, []), []);
  assert.deepEqual(rig.turns(2, [0]), []);
  assert.ok(rig.turns(SILENT_TURNS, [0]).includes(2));
});
