import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WasmFilter } from '../../config/wasm.ts';
import { testDeps } from '../../runtime/proxy-wasm/testing/deps.ts';
import { tinyModule } from '../../runtime/proxy-wasm/testing/tiny.ts';
import { FilterSet } from './filter-set.ts';
import type { GuestModule } from './guests.ts';

const FINE = tinyModule();
/** No marker of an ABI version: it cannot start. */
const MUTE = tinyModule({ exports: [{ name: 'memory', kind: 'memory', index: 0 }] });

const filter = (configuration: string, id = 'default/f'): WasmFilter => ({
  id,
  module: { url: 'f.wasm', path: '/f.wasm', sha256: '' },
  pluginName: '',
  configuration,
  failOpen: false,
  headersStopIteration: false,
  env: [],
});

const guest = (module: WebAssembly.Module | null, sha256: string): GuestModule => ({
  module,
  sha256,
  reason: module === null ? 'it is gone' : '',
  works: module !== null,
});

function rig() {
  const deps = testDeps();
  const set = new FilterSet(deps);
  const update = (config: WasmFilter, module: GuestModule) => {
    const { factories, failures } = set.update([config], new Map([[config.id, module]]));
    set.retireUnused();
    return { factory: factories.get(config.id), failures };
  };
  return { deps, set, update };
}

test('a filter that stays the same keeps its guest; another configuration or module starts one', () => {
  const { deps, update } = rig();
  const first = update(filter('one'), guest(FINE, 'a'));
  assert.deepEqual(first.failures, []);
  assert.equal(update(filter('one'), guest(FINE, 'a')).factory, first.factory);
  assert.equal(deps.budget.live, 1);
  const second = update(filter('two'), guest(FINE, 'a'));
  assert.notEqual(second.factory, first.factory);
  const third = update(filter('two'), guest(tinyModule(), 'b'));
  assert.notEqual(third.factory, second.factory);
  // Those before have ended.
  assert.equal(deps.budget.live, 1);
});

test('a version that does not start is told, and the one that runs stays', () => {
  const { deps, update } = rig();
  const first = update(filter('one'), guest(FINE, 'a'));
  for (const module of [guest(MUTE, 'b'), guest(null, '')]) {
    const second = update(filter('two'), module);
    assert.equal(second.factory, first.factory);
    assert.equal(second.failures.length, 1);
    assert.equal(second.failures[0]?.id, 'default/f');
    assert.notEqual(second.failures[0]?.problem, '');
  }
  assert.equal(deps.budget.live, 1);
});

test('one that never ran is told again with each update, and gives way to any other', () => {
  const { update } = rig();
  const first = update(filter('one'), guest(null, ''));
  assert.deepEqual(first.failures, [{ id: 'default/f', problem: 'it is gone' }]);
  const again = update(filter('one'), guest(null, ''));
  assert.equal(again.factory, first.factory);
  assert.deepEqual(again.failures, first.failures);
  const other = update(filter('two'), guest(MUTE, 'b'));
  assert.notEqual(other.factory, first.factory);
  assert.equal(other.failures.length, 1);
  assert.deepEqual(update(filter('two'), guest(FINE, 'a')).failures, []);
});

test('filters that are gone end once nothing refers to them, all of them at the close', () => {
  const { deps, set } = rig();
  const both = [filter('', 'default/a'), filter('', 'default/b')];
  const modules = new Map(both.map(({ id }) => [id, guest(FINE, id)]));
  set.update(both, modules);
  assert.equal(deps.budget.live, 2);
  const { factories } = set.update(both.slice(1), modules);
  assert.deepEqual([...factories.keys()], ['default/b']);
  assert.equal(deps.budget.live, 2);
  set.retireUnused();
  assert.equal(deps.budget.live, 1);
  set.close();
  assert.equal(deps.budget.live, 0);
});

test('a filter that nobody loaded fails its requests instead of passing them', () => {
  const { set } = rig();
  const { failures } = set.update([filter('')], new Map());
  assert.deepEqual(failures, [{ id: 'default/f', problem: 'the module was not loaded' }]);
});
