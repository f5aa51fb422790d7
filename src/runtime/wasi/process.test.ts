import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { ERRNO, errnoOf } from './errno.ts';
import { processHost } from './host.ts';
import { GuestStop } from './stop.ts';
import { Rig } from './testing/rig.ts';

const END = 65_536;

test('arguments and environment: sizes, pointers and NUL-terminated strings', () => {
  const rig = new Rig({ args: ['prog', 'a b', 'é'], env: ['A=1', 'LONG=xyz'] });
  assert.equal(rig.call('args_sizes_get', 0, 4), ERRNO.success);
  assert.deepEqual([rig.u32(0), rig.u32(4)], [3, 5 + 4 + 3]);
  assert.equal(rig.call('args_get', 16, 100), ERRNO.success);
  assert.deepEqual([rig.u32(16), rig.u32(20), rig.u32(24)], [100, 105, 109]);
  assert.equal(rig.text(100, 12), 'prog\0a b\0é\0');
  assert.equal(rig.call('environ_sizes_get', 0, 4), ERRNO.success);
  assert.deepEqual([rig.u32(0), rig.u32(4)], [2, 4 + 9]);
  assert.equal(rig.call('environ_get', 16, 200), ERRNO.success);
  assert.equal(rig.text(200, 13), 'A=1\0LONG=xyz\0');
});

test('an empty environment writes nothing', () => {
  const rig = new Rig();
  assert.equal(rig.call('environ_sizes_get', 0, 4), ERRNO.success);
  assert.deepEqual([rig.u32(0), rig.u32(4)], [0, 0]);
  rig.put(100, 'x');
  assert.equal(rig.call('environ_get', 16, 100), ERRNO.success);
  assert.equal(rig.text(100, 1), 'x');
});

test('pointers outside memory are EFAULT, negative ones included', () => {
  const rig = new Rig({ args: ['prog'], env: ['A=1'] });
  const cases: [string, ...(number | bigint)[]][] = [
    ['args_sizes_get', END - 3, 0],
    ['args_sizes_get', 0, -1],
    ['args_get', END - 3, 0],
    ['args_get', 0, END - 4],
    ['environ_get', 0, -4],
    ['clock_time_get', 0, 0n, END - 7],
    ['clock_res_get', 1, -1],
    ['random_get', END - 1, 2],
    ['random_get', 0, -1],
    ['fd_fdstat_get', 0, END - 23],
    ['fd_filestat_get', 0, END - 63],
    ['fd_write', 1, END - 7, 1, 0],
    ['fd_write', 1, 0, 1, END - 3],
    ['fd_read', 0, 0, 1, -1],
    ['poll_oneoff', END - 47, 0, 1, 0],
    ['poll_oneoff', 0, END - 31, 1, 0],
    ['poll_oneoff', 0, 256, 1, END - 3],
  ];
  for (const [name, ...args] of cases) {
    assert.equal(rig.call(name, ...args), ERRNO.fault, `${name}(${args.join()})`);
  }
});

test('a buffer that does not fit is EFAULT before a byte moves', () => {
  const rig = new Rig();
  rig.put(0x1000, 'hello');
  rig.iovecs(64, [0x1000, 5], [END - 2, 3]);
  assert.equal(rig.call('fd_write', 1, 64, 2, 80), ERRNO.fault);
  assert.equal(rig.stdout, '');
});

test('more buffers than POSIX allows are EINVAL', () => {
  const rig = new Rig();
  assert.equal(rig.call('fd_write', 1, 0, 1025, 0), ERRNO.inval);
  assert.equal(rig.call('fd_read', 0, 0, -1, 0), ERRNO.inval);
});

test('standard streams: gather, scatter, end of input, wrong direction', () => {
  const rig = new Rig({ stdin: 'abcdef' });
  rig.put(0x1000, 'hello ');
  rig.put(0x1100, 'world');
  rig.iovecs(64, [0x1000, 6], [0x2000, 0], [0x1100, 5]);
  assert.equal(rig.call('fd_write', 1, 64, 3, 96), ERRNO.success);
  assert.equal(rig.u32(96), 11);
  assert.equal(rig.stdout, 'hello world');
  rig.iovecs(64, [0x1000, 4], [0x1100, 4]);
  assert.equal(rig.call('fd_read', 0, 64, 2, 96), ERRNO.success);
  assert.equal(rig.u32(96), 6);
  assert.equal(rig.text(0x1000, 4) + rig.text(0x1100, 2), 'abcdef');
  assert.equal(rig.call('fd_read', 0, 64, 2, 96), ERRNO.success);
  assert.equal(rig.u32(96), 0);
  assert.equal(rig.call('fd_read', 1, 64, 1, 96), ERRNO.badf);
  assert.equal(rig.call('fd_write', 0, 64, 1, 96), ERRNO.badf);
  assert.equal(rig.call('fd_read', 9, 64, 1, 96), ERRNO.badf);
});

test('standard streams cannot seek, are no terminal and no file', () => {
  const rig = new Rig();
  assert.equal(rig.call('fd_seek', 1, 0n, 0, 0), ERRNO.spipe);
  assert.equal(rig.call('fd_tell', 0, 0), ERRNO.spipe);
  rig.iovecs(64, [0x1000, 4]);
  assert.equal(rig.call('fd_pread', 0, 64, 1, 0n, 0), ERRNO.spipe);
  assert.equal(rig.call('fd_fdstat_get', 1, 0), ERRNO.success);
  assert.equal(rig.view.getUint8(0), 0, 'file type unknown, so libraries buffer');
  assert.equal(rig.call('fd_filestat_get', 1, 0), ERRNO.success);
  assert.equal(rig.call('fd_filestat_set_size', 1, 0n), ERRNO.inval);
  assert.equal(rig.call('fd_sync', 1), ERRNO.inval);
  assert.equal(rig.call('fd_advise', 1, 0n, 0n, 0), ERRNO.spipe);
  assert.equal(rig.call('fd_allocate', 1, 0n, 0n), ERRNO.notsup);
  assert.equal(rig.call('sock_recv', 1, 0, 0, 0, 0, 0), ERRNO.notsock);
  assert.equal(rig.call('sock_accept', 77, 0, 0), ERRNO.badf);
});

test('without preopened directories fd_prestat_get is EBADF, on which Go depends', () => {
  const rig = new Rig();
  assert.equal(rig.call('fd_prestat_get', 3, 0), 8);
  assert.equal(rig.call('fd_prestat_get', 0, 0), 8);
  assert.equal(rig.call('fd_prestat_dir_name', 3, 0, 10), 8);
});

test('clocks: realtime, monotonic, the CPU of this run, and no others', () => {
  const rig = new Rig();
  rig.clock.advance(2.5);
  assert.equal(rig.call('clock_time_get', 0, 1n, 0), ERRNO.success);
  assert.equal(rig.u64(0), BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n + 1_002_500_000n);
  assert.equal(rig.call('clock_time_get', 1, 1n, 0), ERRNO.success);
  assert.equal(rig.u64(0), 1_002_500_000n);
  assert.equal(rig.call('clock_time_get', 2, 1n, 0), ERRNO.success);
  assert.equal(rig.u64(0), 2_500_000n);
  assert.equal(rig.call('clock_time_get', 4, 1n, 0), ERRNO.inval);
  assert.equal(rig.call('clock_res_get', 0, 0), ERRNO.success);
  assert.ok(rig.u64(0) > 0n);
  assert.equal(rig.call('clock_res_get', -1, 0), ERRNO.inval);
});

test('random_get fills exactly what it was given', () => {
  const rig = new Rig();
  assert.equal(rig.call('random_get', 10, 4), ERRNO.success);
  assert.equal(rig.u32(10), 0xa5a5a5a5);
  assert.equal(rig.view.getUint8(9), 0);
  assert.equal(rig.view.getUint8(14), 0);
  assert.equal(rig.call('random_get', END, 0), ERRNO.success);
});

test('the process host gives real randomness and a sleep that takes its time', () => {
  const host = processHost(systemClock);
  const bytes = new Uint8Array(32);
  host.random(bytes);
  assert.ok(bytes.some((byte) => byte !== 0));
  const before = host.clock.now();
  host.sleep(5);
  assert.ok(host.clock.now() - before >= 4);
});

function stopOf(act: () => unknown): GuestStop {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof GuestStop);
    return error;
  }
  throw new Error('the run went on');
}

test('proc_exit leaves with its code, proc_raise with that of the signal', () => {
  const rig = new Rig();
  assert.deepEqual({ ...stopOf(() => rig.call('proc_exit', 3)) }, { kind: 'exit', code: 3 });
  assert.equal(stopOf(() => rig.call('proc_exit', -1)).code, 0xffffffff);
  assert.equal(stopOf(() => rig.call('proc_raise', 6)).code, 134);
  assert.equal(rig.call('proc_raise', 0), ERRNO.success);
  assert.equal(rig.call('proc_raise', 16), ERRNO.success, 'a child ended: ignored');
  assert.equal(rig.call('proc_raise', 31), ERRNO.inval);
});

test('a run past its deadline ends at its next host call, but may still exit', () => {
  const rig = new Rig({ wallMs: 50 });
  rig.clock.advance(50);
  assert.equal(rig.call('sched_yield'), ERRNO.success);
  rig.clock.advance(1);
  for (const name of ['sched_yield', 'fd_close', 'args_get', 'path_open']) {
    assert.equal(stopOf(() => rig.call(name, 0, 0)).kind, 'wall', name);
  }
  assert.equal(stopOf(() => rig.call('proc_exit', 0)).kind, 'exit');
});

test('views follow a memory that grew', () => {
  const rig = new Rig({ stdin: 'late' });
  assert.equal(rig.call('random_get', END, 1), ERRNO.fault);
  rig.memory.grow(1);
  assert.equal(rig.call('random_get', END, 1), ERRNO.success);
  rig.iovecs(64, [END + 16, 4]);
  assert.equal(rig.call('fd_read', 0, 64, 1, 80), ERRNO.success);
  assert.equal(rig.text(END + 16, 4), 'late');
});

test('before it has a memory every pointer of a guest is bad', () => {
  const rig = new Rig();
  const bare = new Rig();
  bare.guest.memory.attach(new WebAssembly.Memory({ initial: 0 }));
  assert.equal(bare.call('random_get', 0, 1), ERRNO.fault);
  assert.equal(rig.call('random_get', 0, 1), ERRNO.success);
});

test('errors of the host map to their numbers, unknown ones to EIO', () => {
  assert.equal(errnoOf(Object.assign(new Error('x'), { code: 'ENOENT' })), 44);
  assert.equal(errnoOf(Object.assign(new Error('x'), { code: 'ENOTEMPTY' })), 55);
  assert.equal(errnoOf(Object.assign(new Error('x'), { code: 'EOPNOTSUPP' })), 58);
  assert.equal(errnoOf(Object.assign(new Error('x'), { code: 'EWHATEVER' })), 29);
  assert.equal(errnoOf(new TypeError('x')), 29);
  assert.equal(errnoOf(null), 29);
});
