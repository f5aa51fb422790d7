import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../base/clock.ts';
import { LIMITS } from '../../base/limits.ts';
import { silentLog } from '../../base/log.ts';
import { ManualScheduler } from '../../base/scheduler.ts';
import type { WasmService } from '../../config/wasm.ts';
import { InstanceBudget } from '../../runtime/instance/budget.ts';
import { assemble } from '../../runtime/module/testing/assemble.ts';
import type { GuestModule } from './guests.ts';
import { ServiceSet } from './service-set.ts';

const MODULE = new WebAssembly.Module(
  assemble({
    types: [{ params: [], results: [] }],
    functions: [{ type: 0, code: [] }],
    memory: { min: 1, max: 2 },
    exports: [
      { name: '_start', index: 0 },
      { name: 'memory', kind: 'memory', index: 0 },
    ],
  }),
);

const service = (arg: string): WasmService => ({
  id: 'default/s',
  module: { url: 's.wasm', path: '/s.wasm', sha256: '' },
  kind: 'cgi',
  args: [arg],
  env: [],
  dirs: [],
  limits: { memoryBytes: 1 << 20, wallMs: 1_000, concurrency: 2, queue: 2 },
});

const guest = (sha256: string): GuestModule => ({
  module: MODULE,
  sha256,
  reason: '',
  works: true,
});
const BROKEN: GuestModule = { module: null, sha256: '', reason: 'it is text', works: false };

function rig() {
  const clock = new ManualClock();
  const scheduler = new ManualScheduler(clock);
  const set = new ServiceSet({ clock, scheduler, log: silentLog, budget: InstanceBudget.create() });
  const update = (config: WasmService, module: GuestModule) =>
    set.update([config], new Map([[config.id, module]])).get(config.id);
  return { set, update, scheduler };
}

test('a service that stays the same keeps its connector, one that changed gets another', () => {
  const { update, scheduler } = rig();
  const first = update(service('one'), guest('a'));
  assert.equal(update(service('one'), guest('a')), first);
  assert.equal(scheduler.armed, 0);
  const second = update(service('two'), guest('a'));
  assert.notEqual(second, first);
  const third = update(service('two'), guest('b'));
  assert.notEqual(third, second);
  // Requests that began before may still choose the old ones for a while.
  assert.equal(scheduler.armed, 2);
  scheduler.advance(LIMITS.drainMs);
  assert.equal(scheduler.armed, 0);
});

test('a version that cannot be loaded does not replace one that serves', () => {
  const { update } = rig();
  const first = update(service('one'), guest('a'));
  assert.equal(update(service('two'), BROKEN), first);
});

test('one that never loaded has a connector too, which tells why it does not serve', () => {
  const { set, update } = rig();
  const first = update(service('one'), BROKEN);
  assert.ok(first !== undefined);
  assert.deepEqual(set.figures(), { 'default/s': { running: 0, queued: 0 } });
  assert.notEqual(update(service('one'), guest('a')), first);
});
