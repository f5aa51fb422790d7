import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowedCores, assignCores, describeMachine, parseCpuList } from './machine.ts';

test('a kernel list of cores is read', () => {
  assert.deepEqual(parseCpuList('0-2,5\n'), [0, 1, 2, 5]);
  assert.deepEqual(parseCpuList('7'), [7]);
  assert.deepEqual(parseCpuList('x,-,'), []);
});

test('the proxy never shares its core, and one core means no pinning', () => {
  assert.deepEqual(assignCores([2, 3], true), { proxy: 2, backend: 3, load: 3 });
  assert.deepEqual(assignCores([0, 1, 2, 3], true), { proxy: 0, backend: 1, load: 2 });
  const unpinned = { proxy: null, backend: null, load: null };
  assert.deepEqual(assignCores([0], true), unpinned);
  assert.deepEqual(assignCores([0, 1], false), unpinned);
});

test('this machine is described', () => {
  const machine = describeMachine();
  assert.equal(machine.cores, allowedCores().length);
  assert.ok(machine.cores >= 1);
  assert.ok(machine.memoryMiB > 0);
  assert.ok(Number.isFinite(machine.load1));
});
