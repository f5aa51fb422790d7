import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lookup } from './resolver.ts';
import { SystemResolver } from './resolver.ts';
import { settled } from './testing/scripted-resolver.ts';

const answering = (...addresses: string[]): Lookup => {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  return () => Promise.resolve(found);
};

test('localhost is found without a DNS server, as the machine has it', async () => {
  const { addresses, ttlMs } = await new SystemResolver().resolve('localhost');
  assert.ok(addresses.length > 0);
  for (const address of addresses) assert.match(address, /^(127\.0\.0\.1|::1)$/);
  assert.equal(ttlMs, null);
});

test('of both families the IPv4 addresses are taken', async () => {
  const resolver = new SystemResolver(answering('::1', '127.0.0.1', '2001:db8::1', '10.0.0.1'));
  assert.deepEqual((await resolver.resolve('x')).addresses, ['127.0.0.1', '10.0.0.1']);
});

test('IPv6 alone is taken, and so is nothing', async () => {
  const v6 = new SystemResolver(answering('2001:db8::1', '2001:db8::2'));
  assert.deepEqual((await v6.resolve('x')).addresses, ['2001:db8::1', '2001:db8::2']);
  assert.deepEqual((await new SystemResolver(answering()).resolve('x')).addresses, []);
});

test('two look-ups at once, the rest in turn, past failures too', async () => {
  const started: string[] = [];
  const ends: PromiseWithResolvers<{ address: string; family: number }[]>[] = [];
  const resolver = new SystemResolver((hostname) => {
    started.push(hostname);
    const end = Promise.withResolvers<{ address: string; family: number }[]>();
    ends.push(end);
    return end.promise;
  });
  const outcomes: string[] = [];
  const ask = (name: string): Promise<unknown> =>
    resolver.resolve(name).then(
      ({ addresses }) => outcomes.push(`${name} ${addresses.join()}`),
      (error: Error) => outcomes.push(`${name} ${error.message}`),
    );
  const all = ['a', 'b', 'c', 'd'].map(ask);
  await settled();
  assert.deepEqual(started, ['a', 'b']);
  ends[1]?.reject(new Error('broken'));
  await settled();
  assert.deepEqual(started, ['a', 'b', 'c']);
  ends[0]?.resolve([{ address: '10.0.0.1', family: 4 }]);
  await settled();
  assert.deepEqual(started, ['a', 'b', 'c', 'd']);
  ends[2]?.resolve([]);
  ends[3]?.resolve([]);
  await Promise.all(all);
  assert.deepEqual(outcomes, ['b broken', 'a 10.0.0.1', 'c ', 'd ']);
  // The places are free again: two start at once.
  void ask('e');
  void ask('f');
  void ask('g');
  await settled();
  assert.deepEqual(started.slice(4), ['e', 'f']);
});
