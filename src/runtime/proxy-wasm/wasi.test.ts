import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ERRNO } from '../wasi/errno.ts';
import { bindWasi } from './calls/wasi.ts';
import { pluginSpec } from './testing/deps.ts';
import { Tiny, tinyModule } from './testing/tiny.ts';

let tiny: Tiny;

beforeEach(() => {
  tiny = new Tiny(
    tinyModule(),
    pluginSpec('', {
      env: [
        ['A', '1'],
        ['B', 'caf\u00e9'],
      ],
    }),
  );
});

function call(name: string, ...args: (number | bigint)[]): number {
  const fn = bindWasi(tiny.vm, 'wasi_snapshot_preview1')[name] as (...list: unknown[]) => number;
  return fn(...args);
}

function write(fd: number, parts: readonly string[]): number {
  let text = 1_000;
  parts.forEach((part, i) => {
    const [at, size] = tiny.put(text, Buffer.from(part));
    tiny.vm.memory.setU32(100 + i * 8, at);
    tiny.vm.memory.setU32(104 + i * 8, size);
    text += size;
  });
  return call('fd_write', fd, 100, parts.length, 64);
}

describe('wasi of filters', () => {
  it('writes output as lines of the log', () => {
    assert.equal(write(1, ['hello ', 'caf\u00e9\n']), ERRNO.success);
    assert.equal(tiny.vm.memory.u32(64), 12);
    assert.equal(write(2, ['oh\n\n']), ERRNO.success);
    assert.equal(write(1, ['\n']), ERRNO.success);
    assert.deepEqual(tiny.deps.log.take(), ['info hello caf\u00e9', 'error oh\n']);
    assert.equal(write(3, ['x']), ERRNO.badf);
    assert.equal(call('fd_write', 1, 65_530, 1, 64), ERRNO.fault);
    tiny.vm.memory.setU32(104, 0xffff_ffff);
    assert.equal(call('fd_write', 1, 100, 1, 64), ERRNO.fault);
  });

  it('cuts output without end', () => {
    assert.equal(write(1, ['x'.repeat(20_000)]), ERRNO.success);
    assert.equal(tiny.vm.memory.u32(64), 20_000);
    assert.equal(tiny.deps.log.lines[0]?.length, 'info '.length + 16 * 1024);
  });

  it('gives the environment', () => {
    assert.equal(call('environ_sizes_get', 64, 68), ERRNO.success);
    assert.deepEqual([tiny.vm.memory.u32(64), tiny.vm.memory.u32(68)], [2, 12]);
    assert.equal(call('environ_get', 64, 200), ERRNO.success);
    assert.equal(tiny.vm.memory.utf8(tiny.vm.memory.u32(68), 7), 'B=caf\u00e9\0'.slice(0, 6));
    assert.equal(call('environ_get', 64, 65_530), ERRNO.fault);
    assert.equal(call('args_sizes_get', 64, 68), ERRNO.success);
    assert.deepEqual([tiny.vm.memory.u32(64), tiny.vm.memory.u32(68)], [0, 0]);
  });

  it('tells two clocks', () => {
    tiny.deps.clock.advance(250);
    assert.equal(call('clock_time_get', 0, 0n, 64), ERRNO.success);
    const wall = BigInt(Date.UTC(2026, 0, 1) + 250) * 1_000_000n;
    assert.equal(tiny.vm.memory.bytes.readBigUInt64LE(64), wall);
    assert.equal(call('clock_time_get', 1, 0n, 64), ERRNO.success);
    assert.equal(tiny.vm.memory.bytes.readBigUInt64LE(64), 250_000_000n);
    assert.equal(call('clock_time_get', 2, 0n, 64), ERRNO.notsup);
    assert.equal(call('clock_res_get', 0, 64), ERRNO.success);
    assert.equal(tiny.vm.memory.bytes.readBigUInt64LE(64), 1n);
  });

  it('gives random bytes up to 64 KiB', () => {
    assert.equal(call('random_get', 64, 0), ERRNO.success);
    assert.equal(call('random_get', 64, 64), ERRNO.success);
    assert.ok(tiny.vm.memory.bytes.subarray(64, 128).some((byte) => byte !== 0));
    assert.equal(call('random_get', 0, 65_536), ERRNO.success);
    assert.equal(call('random_get', 0, 65_537), ERRNO.inval);
    assert.equal(call('random_get', 65_000, 1_000), ERRNO.fault);
  });

  it('answers what start-up code of languages asks', () => {
    const expected: [string, (number | bigint)[], number][] = [
      ['fd_prestat_get', [3, 64], ERRNO.badf],
      ['fd_prestat_dir_name', [3, 64, 1], ERRNO.nosys],
      ['fd_fdstat_get', [0, 64], ERRNO.badf],
      ['fd_fdstat_get', [1, 64], ERRNO.success],
      ['fd_fdstat_set_flags', [1, 0], ERRNO.nosys],
      ['fd_close', [2], ERRNO.success],
      ['fd_seek', [1, 0n, 0, 64], ERRNO.success],
      ['fd_sync', [1], ERRNO.success],
      ['fd_sync', [7], ERRNO.badf],
      ['fd_read', [0, 64, 1, 64], ERRNO.nosys],
      ['poll_oneoff', [64, 64, 1, 64], ERRNO.success],
      ['sched_yield', [], ERRNO.success],
      ['path_open', [3, 0, 0, 0, 0, 0n, 0n, 0, 64], ERRNO.noent],
      ['path_unlink_file', [3, 0, 0], ERRNO.notsup],
      ['sock_accept', [3, 0, 64], ERRNO.notsup],
      ['fd_readdir', [3, 0, 0, 0n, 64], ERRNO.notdir],
    ];
    for (const [name, args, errno] of expected) assert.equal(call(name, ...args), errno, name);
    call('fd_fdstat_get', 1, 64);
    assert.equal(tiny.vm.memory.u32(72), 64);
  });

  it('ends the guest that exits, and lets a start function exit with 0', () => {
    assert.throws(() => call('proc_exit', 3), /proc_exit\(3\)/);
  });
});
