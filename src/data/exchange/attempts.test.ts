import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../base/clock.ts';
import { DeadlineWheel } from '../../base/deadline.ts';
import { LIMITS } from '../../base/limits.ts';
import { ManualScheduler } from '../../base/scheduler.ts';
import type { Retry, Rule, Timeouts } from '../../config/route.ts';
import { Attempts, isIdempotent } from './attempts.ts';

const NO_TIMEOUTS: Timeouts = { requestMs: 0, backendRequestMs: 0 };
const RETRY: Retry = { codes: [503], attempts: 2, backoffMs: 100 };

function ruleOf(retry: Retry | null, timeouts: Timeouts = NO_TIMEOUTS): Rule {
  return {
    name: 'default/test/0',
    matches: [],
    filters: [],
    wasmFilters: [],
    backends: [],
    timeouts,
    retry,
    invalid: null,
  };
}

function bench(random = 0) {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler(clock);
  const wheel = new DeadlineWheel(clock, 1, scheduler);
  return { scheduler, wheel, deps: { clock, wheel, random: () => random } };
}

function attemptsOf(rule: Rule, method = 'GET', end = true, random = 0) {
  const { scheduler, wheel, deps } = bench(random);
  const attempts = Attempts.of(rule, method, end, deps);
  if (attempts === null) throw new Error('nothing to keep');
  return { attempts, scheduler, wheel };
}

describe('attempts', () => {
  it('are kept only where they can be needed', () => {
    const { deps } = bench();
    const needed = (rule: Rule, method: string, end: boolean) =>
      Attempts.of(rule, method, end, deps) !== null;
    const plain = ruleOf(null);
    assert.equal(needed(plain, 'GET', true), false);
    assert.equal(needed(plain, 'POST', false), false);
    assert.equal(needed(plain, 'PUT', false), true);
    assert.equal(needed(ruleOf(RETRY), 'POST', true), true);
    assert.equal(needed(ruleOf(null, { requestMs: 1, backendRequestMs: 0 }), 'GET', true), true);
    assert.equal(needed(ruleOf(null, { requestMs: 0, backendRequestMs: 1 }), 'GET', true), true);
  });

  it('know the methods that may be sent twice', () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
      assert.equal(isIdempotent(method), true, method);
    }
    for (const method of ['POST', 'PATCH', 'get', 'PROPFIND', '']) {
      assert.equal(isIdempotent(method), false, method);
    }
  });
});

describe('retries', () => {
  it('are as many as the rule says, by status and by failure together', () => {
    const { attempts } = attemptsOf(ruleOf(RETRY));
    assert.equal(attempts.retriesStatus(500), false);
    assert.equal(attempts.retriesStatus(503), true);
    assert.equal(attempts.retriesFailure('upstream_connect', false), true);
    assert.equal(attempts.retriesStatus(503), false);
    assert.equal(attempts.retriesFailure('upstream_connect', false), false);
  });

  it('are never more than the bound of the process', () => {
    const { attempts } = attemptsOf(ruleOf({ ...RETRY, attempts: 1_000 }));
    let count = 0;
    while (attempts.retriesStatus(503)) count++;
    assert.equal(count, LIMITS.retriesMax);
  });

  it('follow failures of the connection, not answers that break HTTP or limits', () => {
    const retried = (
      code: Parameters<Attempts['retriesFailure']>[0],
      rule: Rule = ruleOf(RETRY),
    ): boolean => attemptsOf(rule).attempts.retriesFailure(code, false);
    for (const code of [
      'upstream_connect',
      'upstream_connect_timeout',
      'upstream_reset',
      'upstream_timeout',
    ] as const) {
      assert.equal(retried(code), true, code);
      assert.equal(retried(code, ruleOf(null, { requestMs: 1, backendRequestMs: 0 })), false, code);
    }
    for (const code of [
      'upstream_malformed',
      'upstream_idle',
      'upstream_overflow',
      'upstream_pending_timeout',
      'no_endpoint',
      'filter_body_length',
    ] as const) {
      assert.equal(retried(code), false, code);
    }
  });

  it('after a dead kept connection do not count, and are bounded too', () => {
    const { attempts } = attemptsOf(ruleOf(RETRY));
    for (let i = 0; i < LIMITS.retriesMax; i++) {
      assert.equal(attempts.retriesFailure('upstream_reset', true), true);
    }
    assert.equal(attempts.retriesFailure('upstream_reset', true), false);
    assert.equal(attempts.retriesStatus(503), true);
  });

  it('after a dead kept connection need the method or the rule', () => {
    const timed = ruleOf(null, { requestMs: 1, backendRequestMs: 0 });
    assert.equal(attemptsOf(timed, 'POST').attempts.retriesFailure('upstream_reset', true), false);
    assert.equal(attemptsOf(timed, 'GET').attempts.retriesFailure('upstream_reset', true), true);
    const { attempts } = attemptsOf(ruleOf(RETRY), 'POST');
    assert.equal(attempts.retriesFailure('upstream_reset', true), true);
    assert.equal(attempts.retriesFailure('upstream_reset', true), true);
    assert.equal(attempts.retriesFailure('upstream_reset', true), false);
  });

  it('end once the body is more than is kept', () => {
    const { attempts } = attemptsOf(ruleOf(RETRY), 'PUT', false);
    attempts.data(Buffer.alloc(LIMITS.replayBytesMax + 1), true);
    assert.equal(attempts.retriesStatus(503), false);
    assert.equal(attempts.retriesFailure('upstream_connect', false), false);
    assert.equal(attempts.retriesFailure('upstream_reset', true), false);
  });
});

describe('times', () => {
  it('of backoff double, with up to a quarter more', () => {
    for (const [random, factor] of [
      [0, 1],
      [1, 1.25],
    ] as const) {
      const { attempts, scheduler } = attemptsOf(ruleOf(RETRY), 'GET', true, random);
      for (const waitMs of [100, 200]) {
        attempts.retriesStatus(503);
        let retried = false;
        attempts.schedule(() => {
          retried = true;
        });
        scheduler.advance(waitMs * factor - 2);
        assert.equal(retried, false);
        scheduler.advance(4);
        assert.equal(retried, true);
      }
    }
  });

  it('bound the request from its start and each attempt from its own', () => {
    const rule = ruleOf(null, { requestMs: 100, backendRequestMs: 60 });
    const { attempts, scheduler } = attemptsOf(rule);
    const expired: string[] = [];
    attempts.limitRequest(0, () => expired.push('request'));
    scheduler.advance(30);
    attempts.limitAttempt(() => expired.push('attempt'));
    scheduler.advance(50);
    attempts.attemptEnded();
    attempts.limitAttempt(() => expired.push('again'));
    scheduler.advance(19);
    assert.deepEqual(expired, []);
    scheduler.advance(5);
    assert.deepEqual(expired, ['request']);
    scheduler.advance(100);
    assert.deepEqual(expired, ['request', 'attempt']);
  });

  it('that are not set bound nothing', () => {
    const { attempts, scheduler, wheel } = attemptsOf(ruleOf(RETRY));
    const never = (): void => assert.fail('expired');
    attempts.limitRequest(0, never);
    attempts.limitAttempt(never);
    assert.equal(wheel.size, 0);
    scheduler.advance(1_000_000);
  });

  it('are let go of when the request is over', () => {
    const { attempts, wheel } = attemptsOf(ruleOf(RETRY, { requestMs: 9, backendRequestMs: 9 }));
    const never = (): void => assert.fail('expired');
    attempts.limitRequest(0, never);
    attempts.limitAttempt(never);
    attempts.retriesStatus(503);
    attempts.schedule(never);
    assert.equal(wheel.size, 3);
    attempts.release();
    assert.equal(wheel.size, 0);
  });
});
