import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Assembly, op } from '../module/testing/assemble.ts';
import { ROOT_ID } from './status.ts';
import { pluginSpec } from './testing/deps.ts';
import { Tiny, TinyStream, tinyModule } from './testing/tiny.ts';

/**
 * A guest whose functions note digits: each multiplies the number at address 0 by ten and adds its
 * own digit, so the number tells the order of calls.
 */
function noting(
  functions: readonly { name: string; type: number; code?: number[]; digit: number }[],
): WebAssembly.Module {
  const note = (digit: number): number[] => [
    ...op.i32(0),
    ...op.i32(0),
    ...op.load,
    ...op.i32(10),
    0x6c,
    ...op.i32(digit),
    ...op.add,
    ...op.store,
  ];
  const changes: Partial<Assembly> = {
    types: [
      { params: [], results: [] },
      { params: ['i32'], results: ['i32'] },
      { params: ['i32', 'i32'], results: [] },
      { params: ['i32', 'i32'], results: ['i32'] },
      { params: ['i32'], results: [] },
      { params: [], results: ['i32'] },
    ],
    functions: [
      { type: 0, code: [] },
      ...functions.map((one) => ({
        type: one.type,
        code: [...note(one.digit), ...(one.code ?? [])],
      })),
    ],
    exports: [
      { name: 'proxy_abi_version_0_2_1', index: 0 },
      { name: 'memory', kind: 'memory', index: 0 },
      ...functions.map((one, i) => ({ name: one.name, index: i + 1 })),
    ],
  };
  return tinyModule(changes);
}

const malloc = { name: 'malloc', type: 1, digit: 9, code: op.i32(4096) };
const order = (tiny: Tiny): number => tiny.vm.memory.u32(0);

describe('vm: start', () => {
  it('runs _initialize, then main, then the root context in order', () => {
    const tiny = new Tiny(
      noting([
        malloc,
        { name: '_initialize', type: 0, digit: 1 },
        { name: 'main', type: 3, digit: 2, code: op.i32(0) },
        { name: '_start', type: 0, digit: 8 },
        { name: 'proxy_on_context_create', type: 2, digit: 3 },
        { name: 'proxy_on_vm_start', type: 3, digit: 4, code: op.i32(1) },
        { name: 'proxy_on_configure', type: 3, digit: 5, code: op.i32(1) },
      ]),
    );
    assert.equal(tiny.problem, null);
    assert.equal(order(tiny), 12_345);
  });

  it('prefers main, and takes __main_void where there is none', () => {
    const tiny = new Tiny(
      noting([
        malloc,
        { name: '_initialize', type: 0, digit: 1 },
        { name: '__main_void', type: 5, digit: 2, code: op.i32(0) },
      ]),
    );
    assert.equal(order(tiny), 12);
  });

  it('runs _start of a command, and no main', () => {
    const tiny = new Tiny(
      noting([
        malloc,
        { name: '_start', type: 0, digit: 1 },
        { name: 'main', type: 3, digit: 2, code: op.i32(0) },
      ]),
    );
    assert.equal(order(tiny), 1);
  });

  it('allocates by malloc where both allocators are there', () => {
    const other = { name: 'proxy_on_memory_allocate', type: 1, digit: 7, code: op.i32(8192) };
    const both = new Tiny(noting([other, malloc]));
    assert.equal(both.vm.allocate(8), 4096);
    assert.equal(order(both), 9);
    assert.equal(new Tiny(noting([other])).vm.allocate(8), 8192);
  });

  it('gives the sizes of both configurations', () => {
    const echo = (name: string, address: number) => ({
      name,
      type: 3,
      digit: 0,
      code: [...op.i32(address), ...op.local(1), ...op.store, ...op.i32(1)],
    });
    const spec = pluginSpec('abc', { vmConfiguration: Buffer.from('12345') });
    const tiny = new Tiny(
      noting([malloc, echo('proxy_on_vm_start', 16), echo('proxy_on_configure', 20)]),
      spec,
    );
    assert.deepEqual([tiny.vm.memory.u32(16), tiny.vm.memory.u32(20)], [5, 3]);
  });

  it('says what stood in the way', () => {
    const trap = { digit: 1, code: op.unreachable as unknown as number[] };
    const start = new Tiny(noting([malloc, { name: '_initialize', type: 0, ...trap }]));
    assert.match(start.problem ?? '', /^could not start: unreachable/);
    const create = new Tiny(
      noting([malloc, { name: 'proxy_on_context_create', type: 2, ...trap }]),
    );
    assert.equal(create.problem, 'trapped in proxy_on_context_create');
    const configure = new Tiny(noting([malloc, { name: 'proxy_on_configure', type: 3, ...trap }]));
    assert.equal(configure.problem, 'trapped in proxy_on_configure');
  });
});

describe('vm: contexts', () => {
  it('runs log, done and delete once, in this order, whatever done gives', () => {
    const tiny = new Tiny(
      noting([
        malloc,
        { name: 'proxy_on_log', type: 4, digit: 1 },
        { name: 'proxy_on_done', type: 1, digit: 2, code: op.i32(0) },
        { name: 'proxy_on_delete', type: 4, digit: 3 },
      ]),
    );
    const stream = new TinyStream(tiny.vm);
    tiny.vm.createStream(stream);
    tiny.vm.logStream(stream);
    tiny.vm.endStream(stream);
    tiny.vm.endStream(stream);
    tiny.vm.logStream(stream);
    assert.equal(order(tiny), 123);
  });

  it('ends the root by done and delete, or waits', () => {
    const root = (result: number): Tiny =>
      new Tiny(
        noting([
          malloc,
          { name: 'proxy_on_done', type: 1, digit: 2, code: op.i32(result) },
          { name: 'proxy_on_delete', type: 4, digit: 3 },
        ]),
      );
    const ready = root(1);
    ready.vm.shutDown();
    assert.deepEqual([order(ready), ready.finished, ready.vm.dead], [23, 1, true]);
    const busy = root(0);
    busy.vm.shutDown();
    assert.deepEqual([order(busy), busy.finished, busy.vm.parked], [2, 0, true]);
    busy.vm.finish();
    assert.deepEqual([order(busy), busy.finished], [23, 1]);
  });

  it('never gives an id twice among contexts in flight', () => {
    const tiny = new Tiny();
    const ids = new Set<number>();
    for (let i = 0; i < 100; i++) {
      const stream = new TinyStream(tiny.vm);
      tiny.vm.createStream(stream);
      ids.add(stream.id);
    }
    assert.equal(ids.size, 100);
    assert.ok(!ids.has(ROOT_ID) && !ids.has(0));
  });

  it('is not entered while it runs', () => {
    const tiny = new Tiny();
    tiny.vm.run(
      null,
      () => {
        assert.throws(() => tiny.vm.run(null, () => 0, 0), /must not be entered/);
        return 0;
      },
      0,
    );
  });

  it('carries out what was asked in order, and what that asks too', () => {
    const tiny = new Tiny();
    const done: number[] = [];
    tiny.vm.run(
      null,
      () => {
        tiny.vm.later(() => {
          done.push(1);
          tiny.vm.later(() => done.push(2));
        });
        tiny.vm.later(() => done.push(3));
        assert.deepEqual(done, []);
        return 0;
      },
      0,
    );
    assert.deepEqual(done, [1, 2, 3]);
    tiny.vm.later(() => done.push(4));
    assert.deepEqual(done, [1, 2, 3, 4]);
  });

  it('dies once and lets go of everything', () => {
    const tiny = new Tiny();
    const stream = new TinyStream(tiny.vm);
    tiny.vm.createStream(stream);
    tiny.vm.ticks.setPeriod(10);
    tiny.vm.run(
      null,
      () => {
        tiny.vm.later(() => assert.fail('a dead guest asks for nothing'));
        throw new Error('boom');
      },
      0,
    );
    assert.deepEqual(tiny.deaths, ['boom']);
    assert.equal(stream.created, false);
    assert.equal(tiny.deps.budget.live, 0);
    assert.equal(
      tiny.vm.run(null, () => assert.fail('it is dead'), 0),
      0,
    );
    tiny.vm.discard();
    assert.equal(tiny.deps.budget.live, 0);
  });

  it('logs no more than a hundred warnings', () => {
    const tiny = new Tiny();
    for (let i = 0; i < 500; i++) tiny.vm.warn('again');
    assert.equal(tiny.deps.log.lines.length, 100);
  });
});
