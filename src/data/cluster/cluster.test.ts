import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { ManualClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { ManualScheduler } from '../../base/scheduler.ts';
import type { Cluster, Discovery, Endpoint } from '../../config/cluster.ts';
import { ClusterState } from './cluster.ts';
import type { EndpointState } from './endpoint.ts';
import { POLICY_NAMES } from './lb/policies.ts';
import { ScriptedResolver } from './testing/scripted-resolver.ts';
import { seeded } from './testing/seeded.ts';

interface Pool {
  readonly id: number;
}

const NONE: readonly string[] = [];

function clusterOf(discovery: Discovery, changes: Partial<Cluster> = {}): Cluster {
  return {
    name: 'backend/default/shop',
    discovery,
    loadBalancer: 'RoundRobin',
    connectMs: 1_000,
    idleMs: 1_000,
    streamIdleMs: 1_000,
    limits: { connectionsMax: 2, pendingMax: 3, requestsMax: 4 },
    ...changes,
  };
}

/** `10.0.0.N:80` for each N, all of weight 1. */
function staticOf(...last: readonly number[]): Discovery {
  return {
    type: 'static',
    endpoints: last.map((n) => ({ address: `10.0.0.${n}`, port: 80, weight: 1 })),
  };
}

function dnsOf(hostname: string, port = 80): Discovery {
  return { type: 'dns', hostname, port };
}

class Bench {
  readonly scheduler = new ManualScheduler(new ManualClock());
  readonly resolver = new ScriptedResolver();
  readonly removed: EndpointState<Pool>[] = [];
  readonly cluster: ClusterState<Pool>;

  constructor(config: Cluster) {
    const { scheduler, resolver } = this;
    const deps = { scheduler, resolver, log: silentLog, random: seeded(7) };
    this.cluster = new ClusterState<Pool>(config, deps, (endpoint) => this.removed.push(endpoint));
  }

  get keys(): string[] {
    return this.cluster.endpoints.map((endpoint) => endpoint.key);
  }

  get removedKeys(): string[] {
    return this.removed.map((endpoint) => endpoint.key);
  }

  endpoint(key: string): EndpointState<Pool> {
    const found = this.cluster.endpoints.find((endpoint) => endpoint.key === key);
    assert.ok(found !== undefined, `${key} is listed`);
    return found;
  }

  /** Different keys of many picks, sorted. */
  picked(avoid = NONE): string[] {
    const keys = new Set<string>();
    for (let i = 0; i < 100; i++) {
      const pick = this.cluster.choose(avoid);
      if (pick !== null) keys.add(pick.key);
    }
    return [...keys].sort();
  }
}

describe('a static list', () => {
  test('is what is chosen from', () => {
    const bench = new Bench(clusterOf(staticOf(1, 2)));
    assert.deepEqual(bench.picked(), ['10.0.0.1:80', '10.0.0.2:80']);
    assert.deepEqual(bench.picked(['10.0.0.1:80']), ['10.0.0.2:80']);
    assert.equal(bench.cluster.whenReady(), null);
    assert.equal(bench.resolver.asked.length, 0);
  });

  test('may be empty', () => {
    const bench = new Bench(clusterOf(staticOf()));
    assert.equal(bench.cluster.choose(NONE), null);
    assert.equal(bench.cluster.whenReady(), null);
  });

  test('an endpoint listed twice is one, with both weights', () => {
    const endpoint: Endpoint = { address: '10.0.0.1', port: 80, weight: 2 };
    const endpoints = [endpoint, { ...endpoint, port: 81 }, { ...endpoint, weight: 3 }];
    const bench = new Bench(clusterOf({ type: 'static', endpoints }));
    assert.deepEqual(bench.keys, ['10.0.0.1:80', '10.0.0.1:81']);
    assert.equal(bench.endpoint('10.0.0.1:80').weight, 5);
    bench.cluster.update(clusterOf({ type: 'static', endpoints }));
    assert.equal(bench.endpoint('10.0.0.1:80').weight, 5);
  });

  test('a Wasm service has no endpoints', () => {
    const bench = new Bench(clusterOf({ type: 'wasm', service: 'wasm/default/hello' }));
    assert.equal(bench.cluster.choose(NONE), null);
    assert.equal(bench.cluster.whenReady(), null);
    assert.equal(bench.cluster.tryAcquireRequest(), true);
  });
});

describe('update', () => {
  test('endpoints still listed stay the same objects, with what hangs on them', () => {
    const bench = new Bench(clusterOf(staticOf(1, 2)));
    const kept = bench.endpoint('10.0.0.2:80');
    kept.attachment = { id: 42 };
    kept.activeRequests = 3;
    bench.cluster.update(clusterOf(staticOf(2, 3)));
    assert.deepEqual(bench.keys, ['10.0.0.2:80', '10.0.0.3:80']);
    assert.equal(bench.endpoint('10.0.0.2:80'), kept);
    assert.deepEqual([kept.attachment?.id, kept.activeRequests, kept.removed], [42, 3, false]);
    assert.deepEqual(bench.picked(), ['10.0.0.2:80', '10.0.0.3:80']);
  });

  test('removed ones are told once, marked, and no longer chosen', () => {
    const bench = new Bench(clusterOf(staticOf(1, 2)));
    const gone = bench.endpoint('10.0.0.1:80');
    bench.cluster.update(clusterOf(staticOf(2)));
    bench.cluster.update(clusterOf(staticOf(2)));
    assert.deepEqual(bench.removed, [gone]);
    assert.equal(gone.removed, true);
    assert.deepEqual(bench.picked(), ['10.0.0.2:80']);
    gone.healthy = false;
    assert.deepEqual(bench.picked(), ['10.0.0.2:80']);
  });

  test('one that comes back is a new object', () => {
    const bench = new Bench(clusterOf(staticOf(1)));
    const before = bench.endpoint('10.0.0.1:80');
    bench.cluster.update(clusterOf(staticOf()));
    bench.cluster.update(clusterOf(staticOf(1)));
    assert.notEqual(bench.endpoint('10.0.0.1:80'), before);
    assert.equal(before.removed, true);
  });

  test('removal is told when the new list is already in force', () => {
    const config = clusterOf(staticOf(1));
    const deps = {
      scheduler: new ManualScheduler(new ManualClock()),
      resolver: new ScriptedResolver(),
      log: silentLog,
      random: () => 0,
    };
    const seen: (string | undefined)[] = [];
    const cluster = new ClusterState<Pool>(config, deps, (endpoint) => {
      assert.equal(endpoint.removed, true);
      seen.push(cluster.choose(NONE)?.key);
    });
    cluster.update(clusterOf(staticOf(2)));
    assert.deepEqual(seen, ['10.0.0.2:80']);
  });

  test('weights and the policy take effect', () => {
    const bench = new Bench(clusterOf(staticOf(1, 2)));
    const one = { address: '10.0.0.1', port: 80, weight: 9 };
    const two = { address: '10.0.0.2', port: 80, weight: 1 };
    bench.cluster.update(clusterOf({ type: 'static', endpoints: [one, two] }));
    const round = Array.from({ length: 10 }, () => bench.cluster.choose(NONE)?.key);
    assert.equal(round.filter((key) => key === '10.0.0.1:80').length, 9);
    bench.endpoint('10.0.0.1:80').activeRequests = 100;
    bench.cluster.update(clusterOf(staticOf(1, 2), { loadBalancer: 'LeastRequest' }));
    assert.deepEqual(bench.picked(), ['10.0.0.2:80']);
    assert.equal(bench.cluster.config.loadBalancer, 'LeastRequest');
  });

  for (const loadBalancer of POLICY_NAMES) {
    test(`${loadBalancer}, property: it lists what the last config lists, once, and picks from it`, () => {
      const lists = fc.array(fc.array(fc.nat(5), { maxLength: 8 }), { minLength: 1 });
      fc.assert(
        fc.property(lists, (updates) => {
          const bench = new Bench(clusterOf(staticOf(), { loadBalancer }));
          const live = new Map<string, EndpointState<Pool>>();
          for (const last of updates) {
            bench.removed.length = 0;
            bench.cluster.update(clusterOf(staticOf(...last), { loadBalancer }));
            const wanted = new Set(last.map((n) => `10.0.0.${n}:80`));
            assert.deepEqual(new Set(bench.keys), wanted);
            assert.equal(bench.keys.length, wanted.size);
            const gone = [...live.keys()].filter((key) => !wanted.has(key));
            assert.deepEqual(bench.removedKeys.sort(), gone.sort());
            for (const key of gone) live.delete(key);
            for (const endpoint of bench.cluster.endpoints) {
              assert.equal(live.get(endpoint.key) ?? endpoint, endpoint);
              live.set(endpoint.key, endpoint);
            }
            const pick = bench.cluster.choose(NONE);
            assert.equal(pick === null, wanted.size === 0);
            if (pick !== null) assert.ok(wanted.has(pick.key));
          }
        }),
        { numRuns: 50 },
      );
    });
  }
});

for (const loadBalancer of POLICY_NAMES) {
  describe(`health with ${loadBalancer}`, () => {
    test('unhealthy endpoints are not chosen, and are again when they recover', () => {
      const bench = new Bench(clusterOf(staticOf(1, 2, 3), { loadBalancer }));
      bench.endpoint('10.0.0.2:80').healthy = false;
      assert.deepEqual(bench.picked(), ['10.0.0.1:80', '10.0.0.3:80']);
      bench.endpoint('10.0.0.2:80').healthy = true;
      assert.deepEqual(bench.picked(), ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80']);
    });

    test('an avoided healthy one is better than an unhealthy one', () => {
      const bench = new Bench(clusterOf(staticOf(1, 2), { loadBalancer }));
      bench.endpoint('10.0.0.2:80').healthy = false;
      assert.deepEqual(bench.picked(['10.0.0.1:80']), ['10.0.0.1:80']);
    });

    test('when none is healthy all are chosen, avoided ones still last', () => {
      const bench = new Bench(clusterOf(staticOf(1, 2), { loadBalancer }));
      for (const endpoint of bench.cluster.endpoints) endpoint.healthy = false;
      assert.deepEqual(bench.picked(), ['10.0.0.1:80', '10.0.0.2:80']);
      assert.deepEqual(bench.picked(['10.0.0.1:80']), ['10.0.0.2:80']);
      bench.endpoint('10.0.0.1:80').healthy = true;
      assert.deepEqual(bench.picked(), ['10.0.0.1:80']);
    });

    test('a kept endpoint keeps its health through an update; a new one is healthy', () => {
      const bench = new Bench(clusterOf(staticOf(1, 2), { loadBalancer }));
      bench.endpoint('10.0.0.1:80').healthy = false;
      bench.cluster.update(clusterOf(staticOf(1, 2, 3), { loadBalancer }));
      assert.deepEqual(bench.picked(), ['10.0.0.2:80', '10.0.0.3:80']);
      bench.cluster.update(clusterOf(staticOf(1), { loadBalancer }));
      assert.deepEqual(bench.picked(), ['10.0.0.1:80']);
    });

    test('health survives a change of policy', () => {
      const bench = new Bench(clusterOf(staticOf(1, 2)));
      bench.endpoint('10.0.0.1:80').healthy = false;
      bench.cluster.update(clusterOf(staticOf(1, 2), { loadBalancer }));
      assert.deepEqual(bench.picked(), ['10.0.0.2:80']);
    });
  });
}

describe('a hostname', () => {
  test('nothing is chosen until its first answer, which can be waited for', async () => {
    const bench = new Bench(clusterOf(dnsOf('shop.test', 8080)));
    assert.equal(bench.cluster.choose(NONE), null);
    let chosen: string | undefined;
    const ready = bench.cluster.whenReady()?.then(() => {
      chosen = bench.cluster.choose(NONE)?.key;
    });
    await bench.resolver.answer(['10.0.0.1']);
    await ready;
    assert.equal(chosen, '10.0.0.1:8080');
    assert.equal(bench.cluster.whenReady(), null);
  });

  test('that does not resolve has no endpoint, and waiting ends', async () => {
    const bench = new Bench(clusterOf(dnsOf('shop.test')));
    const ready = bench.cluster.whenReady();
    await bench.resolver.fail('ENOTFOUND');
    await ready;
    assert.equal(bench.cluster.whenReady(), null);
    assert.equal(bench.cluster.choose(NONE), null);
  });

  test('answers keep, add and remove endpoints', async () => {
    const bench = new Bench(clusterOf(dnsOf('shop.test')));
    await bench.resolver.answer(['10.0.0.1', '10.0.0.2']);
    const kept = bench.endpoint('10.0.0.2:80');
    bench.scheduler.advance(5_000);
    await bench.resolver.answer(['10.0.0.2', '2001:db8::1']);
    assert.deepEqual(bench.keys, ['10.0.0.2:80', '[2001:db8::1]:80']);
    assert.equal(bench.endpoint('10.0.0.2:80'), kept);
    assert.deepEqual(bench.removedKeys, ['10.0.0.1:80']);
    bench.scheduler.advance(5_000);
    await bench.resolver.fail('ESERVFAIL');
    assert.deepEqual(bench.keys, ['10.0.0.2:80', '[2001:db8::1]:80']);
  });

  test('an update with the same name asks nothing anew, also for another port', async () => {
    const bench = new Bench(clusterOf(dnsOf('shop.test')));
    await bench.resolver.answer(['10.0.0.1']);
    const kept = bench.endpoint('10.0.0.1:80');
    bench.cluster.update(clusterOf(dnsOf('shop.test'), { connectMs: 5 }));
    assert.equal(bench.endpoint('10.0.0.1:80'), kept);
    bench.cluster.update(clusterOf(dnsOf('shop.test', 81)));
    assert.deepEqual(bench.keys, ['10.0.0.1:81']);
    assert.deepEqual(bench.removed, [kept]);
    assert.equal(bench.resolver.asked.length, 1);
    bench.scheduler.advance(5_000);
    await bench.resolver.answer(['10.0.0.2']);
    assert.deepEqual(bench.keys, ['10.0.0.2:81']);
  });

  test('an update before the first answer does not lose it', async () => {
    const bench = new Bench(clusterOf(dnsOf('shop.test')));
    bench.cluster.update(clusterOf(dnsOf('shop.test', 81)));
    assert.notEqual(bench.cluster.whenReady(), null);
    await bench.resolver.answer(['10.0.0.1']);
    assert.deepEqual(bench.keys, ['10.0.0.1:81']);
  });

  test('another name drops the addresses of the old one, late answers included', async () => {
    const bench = new Bench(clusterOf(dnsOf('old.test')));
    await bench.resolver.answer(['10.0.0.1']);
    bench.scheduler.advance(5_000);
    bench.cluster.update(clusterOf(dnsOf('new.test')));
    assert.deepEqual(bench.resolver.asked, ['old.test', 'old.test', 'new.test']);
    assert.deepEqual(bench.removedKeys, ['10.0.0.1:80']);
    assert.notEqual(bench.cluster.whenReady(), null);
    await bench.resolver.answer(['10.0.0.9']);
    assert.deepEqual(bench.keys, []);
    await bench.resolver.answer(['10.0.0.2']);
    assert.deepEqual(bench.keys, ['10.0.0.2:80']);
    assert.equal(bench.scheduler.armed, 1);
  });

  test('a list instead of a name ends the look-ups, and a name instead of a list begins them', async () => {
    const bench = new Bench(clusterOf(dnsOf('shop.test')));
    bench.cluster.update(clusterOf(staticOf(1)));
    assert.equal(bench.cluster.whenReady(), null);
    await bench.resolver.answer(['10.0.0.9']);
    assert.deepEqual(bench.keys, ['10.0.0.1:80']);
    assert.equal(bench.scheduler.armed, 0);
    bench.cluster.update(clusterOf(dnsOf('shop.test')));
    await bench.resolver.answer(['10.0.0.9']);
    assert.deepEqual(bench.keys, ['10.0.0.9:80']);
  });

  test('that is an address is not looked up', () => {
    const v4 = new Bench(clusterOf(dnsOf('10.0.0.7')));
    assert.deepEqual([v4.keys, v4.resolver.asked], [['10.0.0.7:80'], []]);
    assert.equal(v4.cluster.whenReady(), null);
    for (const hostname of ['::1', '[::1]']) {
      const v6 = new Bench(clusterOf(dnsOf(hostname)));
      assert.deepEqual([v6.keys, v6.resolver.asked], [['[::1]:80'], []]);
      assert.equal(v6.cluster.choose(NONE)?.address, '::1');
    }
  });
});

describe('limits', () => {
  const kinds = [
    ['active', 'tryAcquireRequest', 'releaseRequest', 4],
    ['pending', 'tryAcquirePending', 'releasePending', 3],
    ['connections', 'tryAcquireConnection', 'releaseConnection', 2],
  ] as const;
  for (const [counted, acquire, release, max] of kinds) {
    test(`${counted}: up to the limit, each its own, refusals counted`, () => {
      const { cluster } = new Bench(clusterOf(staticOf(1)));
      for (let i = 0; i < max; i++) assert.equal(cluster[acquire](), true);
      assert.equal(cluster[acquire](), false);
      const zero = { active: 0, pending: 0, connections: 0 };
      const { endpoints: _, ...counts } = cluster.snapshot();
      assert.deepEqual(counts, { ...zero, [counted]: max, refused: { ...zero, [counted]: 1 } });
      cluster[release]();
      assert.equal(cluster[acquire](), true);
    });

    test(`${counted}: an update moves the limit and keeps the count`, () => {
      const { cluster } = new Bench(clusterOf(staticOf(1)));
      cluster[acquire]();
      const limits = { connectionsMax: 1, pendingMax: 1, requestsMax: 1 };
      cluster.update(clusterOf(staticOf(2), { limits }));
      assert.equal(cluster[acquire](), false);
      cluster[release]();
      assert.equal(cluster[acquire](), true);
      assert.throws(() => {
        cluster[release]();
        cluster[release]();
      }, /released twice/);
    });
  }
});

test('the snapshot shows every endpoint', () => {
  const bench = new Bench(clusterOf(staticOf(1, 2)));
  bench.endpoint('10.0.0.2:80').healthy = false;
  bench.endpoint('10.0.0.2:80').activeRequests = 5;
  assert.deepEqual(bench.cluster.snapshot().endpoints, [
    { key: '10.0.0.1:80', weight: 1, healthy: true, activeRequests: 0 },
    { key: '10.0.0.2:80', weight: 1, healthy: false, activeRequests: 5 },
  ]);
});

describe('close', () => {
  test('removes every endpoint, chooses no more and takes no update', () => {
    const bench = new Bench(clusterOf(staticOf(1, 2)));
    bench.cluster.tryAcquireRequest();
    bench.cluster.close();
    bench.cluster.close();
    assert.deepEqual(bench.removedKeys, ['10.0.0.1:80', '10.0.0.2:80']);
    assert.equal(bench.cluster.choose(NONE), null);
    bench.cluster.update(clusterOf(staticOf(3)));
    assert.deepEqual(bench.keys, []);
    bench.cluster.releaseRequest();
    assert.equal(bench.cluster.snapshot().active, 0);
  });

  test('ends look-ups and whoever waits for them', async () => {
    const bench = new Bench(clusterOf(dnsOf('shop.test')));
    const ready = bench.cluster.whenReady();
    bench.cluster.close();
    await ready;
    await bench.resolver.answer(['10.0.0.1']);
    assert.equal(bench.cluster.choose(NONE), null);
    assert.equal(bench.scheduler.armed, 0);
  });
});
