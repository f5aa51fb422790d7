import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Callee } from '../config/callee.ts';
import type { Cluster } from '../config/cluster.ts';
import type { WasmFilter, WasmService } from '../config/wasm.ts';
import type { GuestModule } from '../data/apply/guests.ts';
import { type InForce, keepWorking } from './in-force.ts';

const MODULE = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

const filter = (configuration: string, id = 'default/f'): WasmFilter => ({
  id,
  module: { url: `${configuration}.wasm`, path: `/${configuration}.wasm`, sha256: '' },
  pluginName: '',
  configuration,
  failOpen: false,
  headersStopIteration: false,
  env: [],
});

const service = (version: string): WasmService => ({
  id: 'default/s',
  module: { url: version, path: `/${version}`, sha256: '' },
  kind: 'cgi',
  args: [version],
  env: [],
  dirs: [],
  limits: { memoryBytes: 1, wallMs: 1, concurrency: 1, queue: 1 },
});

const loaded = (sha256: string): GuestModule => ({
  module: MODULE,
  sha256,
  reason: '',
  works: true,
});
const missing = (reason: string): GuestModule => ({
  module: null,
  sha256: '',
  reason,
  works: false,
});

function state(version: number, f: [WasmFilter, GuestModule], s?: [WasmService, GuestModule]) {
  return {
    snapshot: {
      version,
      binds: [],
      clusters: [],
      callees: [],
      filters: [f[0]],
      services: s === undefined ? [] : [s[0]],
    },
    guests: {
      filters: new Map([[f[0].id, f[1]]]),
      services: new Map(s === undefined ? [] : [[s[0].id, s[1]]]),
    },
  } satisfies InForce;
}

test('what loads takes the place of what was there', () => {
  const before = state(1, [filter('one'), loaded('a')], [service('one'), loaded('b')]);
  const next = state(2, [filter('two'), loaded('c')], [service('two'), loaded('d')]);
  assert.deepEqual(keepWorking(next, before), next);
});

test('a guest that cannot be loaded leaves the one before, with its configuration', () => {
  const before = state(1, [filter('one'), loaded('a')], [service('one'), loaded('b')]);
  const next = state(2, [filter('two'), missing('f is gone')], [service('two'), missing('s')]);
  const kept = keepWorking(next, before);
  assert.equal(kept.snapshot.version, 2);
  assert.deepEqual(kept.snapshot.filters, [filter('one')]);
  assert.deepEqual(kept.snapshot.services, [service('one')]);
  assert.deepEqual(kept.guests.filters.get('default/f'), { ...loaded('a'), reason: 'f is gone' });
  assert.deepEqual(kept.guests.services.get('default/s'), { ...loaded('b'), reason: 's' });
});

test('a guest that never worked stays broken, and is replaced by the first that works', () => {
  const before = state(1, [filter('one'), missing('first')]);
  const next = state(2, [filter('two'), missing('second')]);
  const kept = keepWorking(next, before);
  assert.deepEqual(kept, next);
  assert.deepEqual(keepWorking(next, null), next);
  const good = state(3, [filter('three'), loaded('c')]);
  assert.deepEqual(keepWorking(good, kept), good);
});

test('a filter that was tried and does not start counts like one that cannot be loaded', () => {
  const before = state(1, [filter('one'), loaded('a')]);
  const next = state(2, [filter('two'), loaded('b')]);
  const failures = [{ id: 'default/f', problem: 'refused its configuration' }];
  const kept = keepWorking(next, before, failures);
  assert.deepEqual(kept.snapshot.filters, [filter('one')]);
  const { reason, works, sha256 } = kept.guests.filters.get('default/f') as GuestModule;
  assert.deepEqual([reason, works, sha256], ['refused its configuration', true, 'a']);
  // Without one before it is in force as it is, and known not to work.
  const alone = keepWorking(next, null, failures);
  assert.deepEqual(alone.snapshot.filters, [filter('two')]);
  assert.equal(alone.guests.filters.get('default/f')?.works, false);
  assert.equal(keepWorking(next, alone, failures).guests.filters.get('default/f')?.works, false);
});

test('what a filter that is kept calls stays callable, as long as there is a cluster for it', () => {
  const callee = (name: string): Callee => ({
    kind: 'Backend',
    namespace: 'default',
    name,
    port: 0,
    hostname: '',
    cluster: `backend/default/${name}`,
    callers: [],
  });
  const withCallees = (of: InForce, callees: readonly Callee[], clusters: string[]): InForce => ({
    ...of,
    snapshot: {
      ...of.snapshot,
      callees,
      clusters: clusters.map((name) => ({ name: `backend/default/${name}` }) as Cluster),
    },
  });
  const old = [callee('a'), callee('b'), callee('c')];
  const before = withCallees(state(1, [filter('one'), loaded('a')]), old, ['a', 'b', 'c']);
  const clusters = ['a', 'b', 'd'];
  const fresh = [callee('a'), callee('d')];
  const broken = withCallees(state(2, [filter('two'), missing('x')]), fresh, clusters);
  const names = ({ snapshot }: InForce): string[] => snapshot.callees.map(({ name }) => name);
  assert.deepEqual(names(keepWorking(broken, before)), ['a', 'd', 'b']);
  const good = withCallees(state(2, [filter('two'), loaded('x')]), fresh, clusters);
  assert.deepEqual(names(keepWorking(good, before)), ['a', 'd']);
});

test('a version that was kept is kept again, and lets go of its reason when one works', () => {
  const before = state(1, [filter('one'), loaded('a')]);
  const once = keepWorking(state(2, [filter('two'), missing('x')]), before);
  const twice = keepWorking(state(3, [filter('three'), missing('y')]), once);
  assert.deepEqual(twice.snapshot.filters, [filter('one')]);
  assert.equal(twice.guests.filters.get('default/f')?.reason, 'y');
  const back = keepWorking(state(4, [filter('one'), loaded('a')]), twice);
  assert.equal(back.guests.filters.get('default/f')?.reason, '');
});

test('a guest that is gone from the configuration is gone', () => {
  const before = state(1, [filter('one'), loaded('a')]);
  const next: InForce = {
    snapshot: { version: 2, binds: [], clusters: [], callees: [], filters: [], services: [] },
    guests: { filters: new Map(), services: new Map() },
  };
  assert.deepEqual(keepWorking(next, before), next);
});
