/**
 * What every policy owes its cluster, checked on each of them; below, what is special to one. Picks
 * go through a cluster where health and panic are concerned, because it decides what may be used.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { EndpointState } from '../endpoint.ts';
import { seeded } from '../testing/seeded.ts';
import { createPolicy, POLICY_NAMES } from './policies.ts';
import type { Policy } from './policy.ts';

type Endpoints = EndpointState<null>[];

const NONE: readonly string[] = [];
const SEED = 20_260_101;

/** Endpoints `10.0.0.0:80`, `10.0.0.1:80`... */
function endpointsOf(weights: readonly number[]): Endpoints {
  return weights.map((weight, i) => new EndpointState(`10.0.0.${i}`, 80, weight, () => {}));
}

function pickMany(policy: Policy<null>, picks: number, avoid = NONE): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < picks; i++) {
    const key = policy.pick(avoid)?.key ?? 'none';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Each endpoint's count within 5 % of all picks of its share: 6 sigma at 4,000 picks. */
function assertShares(counts: Map<string, number>, endpoints: Endpoints, what: string): void {
  const picks = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const weights = endpoints.reduce((sum, endpoint) => sum + endpoint.weight, 0);
  for (const { key, weight } of endpoints) {
    const expected = (picks * weight) / weights;
    const count = counts.get(key) ?? 0;
    const off = Math.abs(count - expected) / picks;
    assert.ok(off < 0.05, `${what}: ${key} got ${count}, not about ${expected}`);
  }
  const known = new Set(endpoints.map((endpoint) => endpoint.key));
  for (const key of counts.keys()) assert.ok(known.has(key), `${what}: picked ${key}`);
}

for (const name of POLICY_NAMES) {
  const policyFor = (endpoints: Endpoints, seed = SEED): Policy<null> => {
    const policy = createPolicy<null>(name, seeded(seed));
    policy.use(endpoints);
    return policy;
  };

  describe(name, () => {
    test('no endpoint: null, before and after it had some', () => {
      const policy = createPolicy<null>(name, seeded(SEED));
      assert.equal(policy.pick(NONE), null);
      assert.equal(policy.pick(['10.0.0.0:80']), null);
      policy.use(endpointsOf([1, 2]));
      assert.notEqual(policy.pick(NONE), null);
      policy.use([]);
      assert.equal(policy.pick(NONE), null);
      policy.use(endpointsOf([1, 1]));
      assert.notEqual(policy.pick(NONE), null);
    });

    test('one endpoint gets everything, avoided or not', () => {
      const [only] = endpointsOf([7]);
      const policy = policyFor([only as EndpointState<null>]);
      for (let i = 0; i < 10; i++) {
        assert.equal(policy.pick(NONE), only);
        assert.equal(policy.pick(['10.0.0.0:80', 'other:1']), only);
      }
    });

    for (const weights of [
      [1, 1],
      [1, 1, 1, 1, 1],
      [3, 1],
      [1, 5, 2, 2],
      [100, 1, 100],
      [4, 4, 4],
    ]) {
      test(`weights ${weights.join()} get their shares`, () => {
        const endpoints = endpointsOf(weights);
        assertShares(pickMany(policyFor(endpoints), 4_000), endpoints, name);
      });

      test(`weights ${weights.join()}: the rest shares what an avoided one would get`, () => {
        const endpoints = endpointsOf(weights);
        const counts = pickMany(policyFor(endpoints), 4_000, ['10.0.0.0:80']);
        assertShares(counts, endpoints.slice(1), name);
      });

      test(`weights ${weights.join()}: all avoided is as if none were`, () => {
        const endpoints = endpointsOf(weights);
        const all = endpoints.map((endpoint) => endpoint.key);
        assertShares(pickMany(policyFor(endpoints), 4_000, all), endpoints, name);
      });

      test(`weights ${weights.join()}: workers start at different endpoints, by weight`, () => {
        const endpoints = endpointsOf(weights);
        const counts = new Map<string, number>();
        for (let worker = 0; worker < 4_000; worker++) {
          const key = policyFor(endpoints, worker * 7_919).pick(NONE)?.key ?? 'none';
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        assertShares(counts, endpoints, name);
      });
    }

    test('the endpoints change between picks: only those in use are picked, by their shares', () => {
      const endpoints = endpointsOf([1, 1, 1, 1]);
      const policy = policyFor(endpoints);
      pickMany(policy, 3);
      const fewer = endpoints.slice(2);
      policy.use(fewer);
      assertShares(pickMany(policy, 4_000), fewer, 'fewer');
      const more = [...endpoints, ...endpointsOf([1, 1, 1, 1, 3, 2]).slice(4)];
      policy.use(more);
      assertShares(pickMany(policy, 4_000), more, 'more');
      const others = endpointsOf([1, 1, 1, 1, 1, 1, 1]).slice(5);
      policy.use(others);
      assertShares(pickMany(policy, 4_000), others, 'others');
    });

    test('weights change on the same endpoints', () => {
      const endpoints = endpointsOf([1, 1_000, 1]);
      const policy = policyFor(endpoints);
      pickMany(policy, 10);
      for (const [i, weight] of [2, 1, 1].entries()) {
        (endpoints[i] as EndpointState<null>).weight = weight;
      }
      policy.use(endpoints);
      assertShares(pickMany(policy, 4_000), endpoints, name);
    });

    test('property: a pick is one of those in use, and avoided only when all are', () => {
      const setup = fc.record({
        weights: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 6 }),
        avoided: fc.array(fc.nat(7), { maxLength: 8 }),
        active: fc.array(fc.nat(20), { minLength: 6, maxLength: 6 }),
      });
      fc.assert(
        fc.property(fc.nat(), fc.array(setup, { minLength: 1 }), (seed, setups) => {
          const policy = createPolicy<null>(name, seeded(seed));
          for (const { weights, avoided, active } of setups) {
            const endpoints = endpointsOf(weights);
            for (const [i, endpoint] of endpoints.entries()) {
              endpoint.activeRequests = active[i] ?? 0;
            }
            policy.use(endpoints);
            const avoid = avoided.map((i) => `10.0.0.${i}:80`);
            const beside = endpoints.filter((endpoint) => !avoid.includes(endpoint.key));
            const allowed = beside.length > 0 ? beside : endpoints;
            for (let i = 0; i < 8; i++) {
              const pick = policy.pick(avoid);
              if (pick === null) assert.equal(endpoints.length, 0);
              else assert.ok(allowed.includes(pick), pick.key);
              policy.pick(NONE);
            }
          }
        }),
      );
    });

    test('random numbers at the ends of their range pick an endpoint', () => {
      for (const number of [0, 1 - 2 ** -53]) {
        for (const weights of [[1], [1, 1, 1], [1, 2, 3], [3, 7]]) {
          const endpoints = endpointsOf(weights);
          const policy = createPolicy<null>(name, () => number);
          policy.use(endpoints);
          for (const avoid of [NONE, ['10.0.0.0:80'], endpoints.map((endpoint) => endpoint.key)]) {
            const pick = policy.pick(avoid);
            assert.ok(pick !== null && endpoints.includes(pick));
            if (avoid.length === 1 && endpoints.length > 1) assert.notEqual(pick, endpoints[0]);
          }
        }
      }
    });
  });
}

/** The last digits of the addresses picked. */
function keysOf(policy: Policy<null>, picks: number, avoid = NONE): string {
  const keys: string[] = [];
  for (let i = 0; i < picks; i++) keys.push(policy.pick(avoid)?.address.at(-1) ?? '-');
  return keys.join('');
}

function roundRobin(endpoints: Endpoints, number = 0): Policy<null> {
  const policy = createPolicy<null>('RoundRobin', () => number);
  policy.use(endpoints);
  return policy;
}

describe('RoundRobin alone', () => {
  test('equal weights go round exactly, from a random start', () => {
    assert.equal(keysOf(roundRobin(endpointsOf([2, 2, 2])), 7), '0120120');
    assert.equal(keysOf(roundRobin(endpointsOf([1, 1, 1]), 0.5), 7), '1201201');
  });

  test('an avoided one is passed over, and the round goes on after the one taken', () => {
    const policy = roundRobin(endpointsOf([1, 1, 1]));
    assert.equal(keysOf(policy, 1, ['10.0.0.0:80']), '1');
    assert.equal(keysOf(policy, 3), '201');
  });

  test('weights are spread through the round, from any start', () => {
    assert.equal(keysOf(roundRobin(endpointsOf([5, 1, 1])), 14), '00102000010200');
    assert.equal(keysOf(roundRobin(endpointsOf([5, 1, 1]), 0.5), 7), '0200001');
  });

  test('weights far apart and sums far above a round cost no long start', () => {
    const policy = roundRobin(endpointsOf([1_000_000, 999_999, 1]), 0.999);
    assert.match(keysOf(policy, 6), /^(01){3}$|^(10){3}$/);
  });

  test('a change of the set goes on with the endpoint whose turn it was', () => {
    const endpoints = endpointsOf([1, 1, 1, 1]);
    const policy = roundRobin(endpoints);
    assert.equal(keysOf(policy, 2), '01');
    policy.use(endpoints.slice(1));
    assert.equal(keysOf(policy, 4), '2312');
    policy.use(endpoints);
    assert.equal(keysOf(policy, 3), '301');
  });
});

describe('LeastRequest alone', () => {
  test('of two, the one with fewer requests in flight is taken', () => {
    const endpoints = endpointsOf([1, 1]);
    const policy = createPolicy<null>('LeastRequest', seeded(SEED));
    policy.use(endpoints);
    (endpoints[0] as EndpointState<null>).activeRequests = 3;
    (endpoints[1] as EndpointState<null>).activeRequests = 2;
    assert.deepEqual([...pickMany(policy, 50).keys()], ['10.0.0.1:80']);
  });

  test('load is judged for the weight', () => {
    const endpoints = endpointsOf([4, 1]);
    const policy = createPolicy<null>('LeastRequest', seeded(SEED));
    policy.use(endpoints);
    (endpoints[0] as EndpointState<null>).activeRequests = 7;
    (endpoints[1] as EndpointState<null>).activeRequests = 2;
    assert.deepEqual([...pickMany(policy, 50).keys()], ['10.0.0.0:80']);
  });

  test('the busiest of many is never taken', () => {
    const endpoints = endpointsOf([1, 2, 3, 2, 1]);
    const policy = createPolicy<null>('LeastRequest', seeded(SEED));
    policy.use(endpoints);
    (endpoints[2] as EndpointState<null>).activeRequests = 100;
    assert.equal(pickMany(policy, 2_000).has('10.0.0.2:80'), false);
    assert.equal(pickMany(policy, 2_000, ['10.0.0.0:80']).has('10.0.0.2:80'), false);
  });

  test('requests that stay end up spread by weight', () => {
    const endpoints = endpointsOf([1, 2, 4, 1]);
    const policy = createPolicy<null>('LeastRequest', seeded(SEED));
    policy.use(endpoints);
    for (let i = 0; i < 800; i++) {
      const pick = policy.pick(NONE);
      if (pick !== null) pick.activeRequests++;
    }
    for (const { key, weight, activeRequests } of endpoints) {
      assert.ok(Math.abs(activeRequests - weight * 100) < 10, `${key}: ${activeRequests}`);
    }
  });
});
