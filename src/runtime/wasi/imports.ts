/**
 * Preview 1 as a module's imports. The functions find their guest through a {@link Run}, so one
 * object of functions serves any number of runs of which one at a time is on the stack: making one
 * for each instance was measured to add a tenth to the cost of an instance. A guest that can be
 * suspended needs a Run, and so an object, of its own: bind twice.
 */

import { argsGet, argsSizesGet, environGet, environSizesGet } from './args.ts';
import { clockResGet, clockTimeGet } from './clock.ts';
import {
  fdClose,
  fdFdstatGet,
  fdFdstatSetFlags,
  fdFdstatSetRights,
  fdFilestatGet,
  fdFilestatSetSize,
  fdFilestatSetTimes,
  fdPrestatDirName,
  fdPrestatGet,
  fdRenumber,
} from './fd.ts';
import {
  fdAdvise,
  fdAllocate,
  fdPread,
  fdPwrite,
  fdRead,
  fdSeek,
  fdSync,
  fdWrite,
} from './fd-io.ts';
import { FILESTAT } from './filestat.ts';
import { pathImports } from './imports-path.ts';
import { pollOneoff, SUBSCRIPTION } from './poll.ts';
import { procExit, procRaise, schedYield } from './proc.ts';
import { randomGet } from './random.ts';
import { fdReaddir } from './readdir.ts';
import { enter, type Run } from './run.ts';
import { sockRefused } from './sock.ts';
import { unstableImports } from './unstable.ts';

/** Both module names a guest may import from. */
export function bindWasi(run: Run): WebAssembly.Imports {
  const preview1 = preview1Imports(run);
  return {
    wasi_snapshot_preview1: preview1,
    wasi_unstable: { ...preview1, ...unstableImports(run) },
  };
}

function preview1Imports(run: Run): WebAssembly.ModuleImports {
  return { ...processImports(run), ...ioImports(run), ...fdImports(run), ...pathImports(run) };
}

function processImports(run: Run): WebAssembly.ModuleImports {
  return {
    args_get: (array: number, block: number) => argsGet(enter(run), array, block),
    args_sizes_get: (count: number, bytes: number) => argsSizesGet(enter(run), count, bytes),
    environ_get: (array: number, block: number) => environGet(enter(run), array, block),
    environ_sizes_get: (count: number, bytes: number) => environSizesGet(enter(run), count, bytes),
    clock_res_get: (id: number, out: number) => clockResGet(enter(run), id, out),
    clock_time_get: (id: number, _precision: bigint, out: number) =>
      clockTimeGet(enter(run), id, out),
    poll_oneoff: (subscriptions: number, events: number, count: number, out: number) =>
      pollOneoff(enter(run), { subscriptions, events, count, out, layout: SUBSCRIPTION }),
    proc_exit: (code: number) => procExit(code),
    proc_raise: (signal: number) => procRaise(signal),
    sched_yield: () => schedYield(enter(run)),
    random_get: (pointer: number, length: number) => randomGet(enter(run), pointer, length),
    sock_accept: (fd: number) => sockRefused(enter(run), fd),
    sock_recv: (fd: number) => sockRefused(enter(run), fd),
    sock_send: (fd: number) => sockRefused(enter(run), fd),
    sock_shutdown: (fd: number) => sockRefused(enter(run), fd),
  };
}

// The order and number of parameters is the ABI's.
function ioImports(run: Run): WebAssembly.ModuleImports {
  return {
    fd_read: (fd: number, iovecs: number, count: number, out: number) =>
      fdRead(enter(run), fd, iovecs, count, out),
    fd_write: (fd: number, iovecs: number, count: number, out: number) =>
      fdWrite(enter(run), fd, iovecs, count, out),
    fd_pread: (fd: number, iovecs: number, count: number, offset: bigint, out: number) =>
      fdPread(enter(run), fd, { iovecs, count, offset, out }),
    fd_pwrite: (fd: number, iovecs: number, count: number, offset: bigint, out: number) =>
      fdPwrite(enter(run), fd, { iovecs, count, offset, out }),
    fd_seek: (fd: number, offset: bigint, whence: number, out: number) =>
      fdSeek(enter(run), fd, offset, whence, out),
    fd_tell: (fd: number, out: number) => fdSeek(enter(run), fd, 0n, 1, out),
    fd_sync: (fd: number) => fdSync(enter(run), fd, false),
    fd_datasync: (fd: number) => fdSync(enter(run), fd, true),
    fd_advise: (fd: number, _offset: bigint, _length: bigint, advice: number) =>
      fdAdvise(enter(run), fd, advice),
    fd_allocate: (fd: number) => fdAllocate(enter(run), fd),
    fd_readdir: (fd: number, buffer: number, length: number, cookie: bigint, out: number) =>
      fdReaddir(enter(run), fd, { buffer, length, cookie, out }),
  };
}

function fdImports(run: Run): WebAssembly.ModuleImports {
  return {
    fd_close: (fd: number) => fdClose(enter(run), fd),
    fd_renumber: (from: number, to: number) => fdRenumber(enter(run), from, to),
    fd_fdstat_get: (fd: number, out: number) => fdFdstatGet(enter(run), fd, out),
    fd_fdstat_set_flags: (fd: number, flags: number) => fdFdstatSetFlags(enter(run), fd, flags),
    fd_fdstat_set_rights: (fd: number, base: bigint, inheriting: bigint) =>
      fdFdstatSetRights(enter(run), fd, base, inheriting),
    fd_filestat_get: (fd: number, out: number) => fdFilestatGet(enter(run), fd, out, FILESTAT),
    fd_filestat_set_size: (fd: number, size: bigint) => fdFilestatSetSize(enter(run), fd, size),
    fd_filestat_set_times: (fd: number, atimeNs: bigint, mtimeNs: bigint, flags: number) =>
      fdFilestatSetTimes(enter(run), fd, { atimeNs, mtimeNs, flags }),
    fd_prestat_get: (fd: number, out: number) => fdPrestatGet(enter(run), fd, out),
    fd_prestat_dir_name: (fd: number, pointer: number, length: number) =>
      fdPrestatDirName(enter(run), fd, pointer, length),
  };
}
