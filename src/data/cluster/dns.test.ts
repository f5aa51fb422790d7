import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { ManualClock } from '../../base/clock.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Log } from '../../base/log.ts';
import { ManualScheduler } from '../../base/scheduler.ts';
import { DnsWatcher } from './dns.ts';
import { ScriptedResolver, settled } from './testing/scripted-resolver.ts';

class Bench {
  readonly scheduler = new ManualScheduler(new ManualClock());
  readonly resolver = new ScriptedResolver();
  readonly logged: string[] = [];
  readonly changes: (readonly string[])[] = [];
  readonly watcher: DnsWatcher;

  constructor(random = 0) {
    const log: Log = {
      level: 'info',
      write: (level, message, fields) => {
        this.logged.push(`${level} ${fields?.['cluster']} ${fields?.['hostname']} ${message}`);
      },
    };
    const { scheduler, resolver } = this;
    const deps = { scheduler, resolver, log, random: () => random };
    this.watcher = new DnsWatcher('shop.test', 'backend/default/shop', deps, (addresses) => {
      this.changes.push(addresses);
    });
  }

  /** ms until the next look-up. */
  get waitMs(): number {
    return this.scheduler.nextAtMs - this.nowMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  #nowMs = 0;

  advance(ms: number): void {
    this.#nowMs += ms;
    this.scheduler.advance(ms);
  }

  /** Lets the next look-up come. */
  async lookAgain(): Promise<void> {
    this.advance(this.waitMs);
    await settled();
  }
}

describe('addresses', () => {
  test('the name is looked up at once, and its addresses are told', async () => {
    const bench = new Bench();
    assert.deepEqual(bench.resolver.asked, ['shop.test']);
    assert.deepEqual(bench.watcher.addresses, []);
    await bench.resolver.answer(['10.0.0.2', '10.0.0.1', '2001:db8::1']);
    assert.deepEqual(bench.changes, [['10.0.0.1', '10.0.0.2', '2001:db8::1']]);
    assert.deepEqual(bench.watcher.addresses, bench.changes[0]);
    assert.deepEqual(bench.logged, []);
  });

  test('the same addresses in another order, or twice, are no change', async () => {
    const bench = new Bench();
    await bench.resolver.answer(['10.0.0.2', '10.0.0.1']);
    await bench.lookAgain();
    await bench.resolver.answer(['10.0.0.1', '10.0.0.2', '10.0.0.1']);
    assert.equal(bench.changes.length, 1);
  });

  test('other addresses are told', async () => {
    const bench = new Bench();
    await bench.resolver.answer(['10.0.0.1']);
    await bench.lookAgain();
    await bench.resolver.answer(['10.0.0.1', '10.0.0.2']);
    await bench.lookAgain();
    await bench.resolver.answer(['10.0.0.2']);
    assert.deepEqual(bench.changes, [['10.0.0.1'], ['10.0.0.1', '10.0.0.2'], ['10.0.0.2']]);
  });

  test('what is no address is left out', async () => {
    const bench = new Bench();
    await bench.resolver.answer(['nonsense', '10.0.0.1', '', '10.0.0.1:80']);
    assert.deepEqual(bench.changes, [['10.0.0.1']]);
  });

  test('property: told once for each different set, sorted, whatever comes', async () => {
    const answer = fc.array(fc.constantFrom('10.0.0.1', '10.0.0.2', '::1', 'x'), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(answer), { minLength: 1 }), async (answers) => {
        const bench = new Bench();
        const expected: string[][] = [];
        for (const addresses of answers) {
          if (addresses === null) await bench.resolver.fail('broken');
          else await bench.resolver.answer(addresses);
          const wanted = [...new Set(addresses)].filter((entry) => entry !== 'x').sort();
          if (wanted.length > 0 && wanted.join() !== expected.at(-1)?.join()) expected.push(wanted);
          assert.deepEqual(bench.changes, expected);
          assert.equal(bench.scheduler.armed, 1);
          await bench.lookAgain();
        }
        bench.watcher.close();
      }),
      { numRuns: 50 },
    );
  });
});

describe('time between look-ups', () => {
  const cases: readonly (readonly [number | null, number])[] = [
    [null, LIMITS.resolveMs],
    [0, 1_000],
    [999, 1_000],
    [7_000, 7_000],
    [86_400_000, 30_000],
    [Number.POSITIVE_INFINITY, 30_000],
    [Number.NaN, LIMITS.resolveMs],
    [-1, LIMITS.resolveMs],
  ];
  for (const [ttlMs, waitMs] of cases) {
    test(`a time to live of ${ttlMs} ms: ${waitMs} ms`, async () => {
      const bench = new Bench();
      await bench.resolver.answer(['10.0.0.1'], ttlMs);
      assert.equal(bench.waitMs, waitMs);
    });
  }

  test('a part of it is random', async () => {
    const bench = new Bench(0.5);
    await bench.resolver.answer(['10.0.0.1'], 10_000);
    assert.equal(bench.waitMs, 9_000);
  });

  test('one look-up at a time, however slow', async () => {
    const bench = new Bench();
    bench.advance(600_000);
    await settled();
    assert.equal(bench.resolver.asked.length, 1);
    assert.equal(bench.scheduler.armed, 0);
    await bench.resolver.answer(['10.0.0.1']);
    assert.equal(bench.scheduler.armed, 1);
  });
});

describe('failures', () => {
  test('are tried again after 1 s, then after twice as long, up to 30 s; success resets', async () => {
    const bench = new Bench();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      await bench.resolver.fail('ENOTFOUND');
      waits.push(bench.waitMs);
      await bench.lookAgain();
    }
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    await bench.resolver.answer(['10.0.0.1']);
    await bench.lookAgain();
    await bench.resolver.fail('ENOTFOUND');
    assert.equal(bench.waitMs, 1_000);
  });

  test('thousands in a row still wait 30 s', async () => {
    const bench = new Bench();
    for (let i = 0; i < 1_100; i++) {
      await bench.resolver.fail('ENOTFOUND');
      await bench.lookAgain();
    }
    await bench.resolver.fail('ENOTFOUND');
    assert.equal(bench.waitMs, 30_000);
    assert.equal(bench.logged.length, 1);
  });

  test('keep the last addresses, and so does an answer without any', async () => {
    const bench = new Bench();
    await bench.resolver.answer(['10.0.0.1']);
    await bench.lookAgain();
    await bench.resolver.fail('ESERVFAIL');
    await bench.lookAgain();
    await bench.resolver.answer([]);
    assert.deepEqual(bench.changes, [['10.0.0.1']]);
    assert.deepEqual(bench.watcher.addresses, ['10.0.0.1']);
    assert.equal(bench.waitMs, 2_000);
  });

  test('are logged when they begin and when they end, not in between', async () => {
    const bench = new Bench();
    await bench.resolver.fail('ENOTFOUND');
    await bench.lookAgain();
    await bench.resolver.fail('ESERVFAIL');
    await bench.lookAgain();
    await bench.resolver.answer(['10.0.0.1']);
    await bench.lookAgain();
    await bench.resolver.answer(['10.0.0.1']);
    await bench.lookAgain();
    await bench.resolver.answer([]);
    const name = 'backend/default/shop shop.test';
    assert.deepEqual(bench.logged, [
      `warn ${name} hostname does not resolve, the backend has no endpoint: ENOTFOUND`,
      `info ${name} hostname resolves again`,
      `warn ${name} hostname does not resolve, its last addresses stay in use: the answer has no addresses`,
    ]);
  });

  test('a resolver that throws, or rejects with no Error, is a failure like others', async () => {
    for (const resolve of [
      () => {
        throw new Error('thrown');
      },
      () => Promise.reject('a string' as unknown as Error),
    ]) {
      const scheduler = new ManualScheduler(new ManualClock());
      const logged: string[] = [];
      const log: Log = { level: 'info', write: (_level, message) => void logged.push(message) };
      const deps = { scheduler, resolver: { resolve }, log, random: () => 0 };
      const watcher = new DnsWatcher('shop.test', 'c', deps, () => assert.fail('no answer'));
      await watcher.whenReady();
      await settled();
      assert.equal(scheduler.nextAtMs, 1_000);
      assert.match(logged.join(), /: (thrown|a string)$/);
    }
  });
});

describe('whenReady', () => {
  test('settles with the first answer, once its addresses are told', async () => {
    const bench = new Bench();
    let toldBefore = -1;
    const ready = bench.watcher.whenReady()?.then(() => {
      toldBefore = bench.changes.length;
    });
    assert.notEqual(ready, undefined);
    await bench.resolver.answer(['10.0.0.1']);
    await ready;
    assert.equal(toldBefore, 1);
    assert.equal(bench.watcher.whenReady(), null);
  });

  test('settles when the first look-up fails', async () => {
    const bench = new Bench();
    const ready = bench.watcher.whenReady();
    await bench.resolver.fail('ENOTFOUND');
    await ready;
    assert.equal(bench.watcher.whenReady(), null);
  });

  test('settles on close', async () => {
    const bench = new Bench();
    const ready = bench.watcher.whenReady();
    bench.watcher.close();
    await ready;
    assert.equal(bench.watcher.whenReady(), null);
  });
});

describe('close', () => {
  test('stops the timer', async () => {
    const bench = new Bench();
    await bench.resolver.answer(['10.0.0.1']);
    bench.watcher.close();
    bench.watcher.close();
    assert.equal(bench.scheduler.armed, 0);
    bench.advance(600_000);
    assert.equal(bench.resolver.asked.length, 1);
  });

  for (const outcome of ['answer', 'fail'] as const) {
    test(`an ${outcome} on its way changes and starts nothing`, async () => {
      const bench = new Bench();
      bench.watcher.close();
      if (outcome === 'answer') await bench.resolver.answer(['10.0.0.1']);
      else await bench.resolver.fail('ENOTFOUND');
      assert.deepEqual(bench.changes, []);
      assert.deepEqual(bench.logged, []);
      assert.equal(bench.scheduler.armed, 0);
    });
  }

  test('from within the telling of a change starts nothing either', async () => {
    const scheduler = new ManualScheduler(new ManualClock());
    const resolver = new ScriptedResolver();
    const log: Log = { level: 'off', write: () => {} };
    const deps = { scheduler, resolver, log, random: () => 0 };
    const watcher: DnsWatcher = new DnsWatcher('shop.test', 'c', deps, () => watcher.close());
    await resolver.answer(['10.0.0.1']);
    assert.equal(scheduler.armed, 0);
  });
});
