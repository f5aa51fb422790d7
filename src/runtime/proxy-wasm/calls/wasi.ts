/**
 * The part of WASI preview 1 that a filter gets: output to the log, clocks, random bytes, its
 * environment. There are no files and no sockets; what asks for them is told so in the way that
 * runtimes of common languages expect while they start up (Go needs `poll_oneoff` to succeed).
 */

import { randomFillSync } from 'node:crypto';
import { ERRNO } from '../../wasi/errno.ts';
import { WASI_SIGNATURES } from '../../wasi/signatures.ts';
import type { Vm } from '../vm.ts';
import { GuestExit } from '../vm.ts';
import { writeGuestLog } from './log.ts';
import { nanoseconds } from './timers.ts';

const STDOUT = 1;
const STDERR = 2;
const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const FDSTAT_BYTES = 24;
const FDSTAT_RIGHTS_AT = 8;
const RIGHT_FD_WRITE = 64;
const RANDOM_BYTES_MAX = 64 * 1024;
const OUTPUT_BYTES_MAX = 16 * 1024;
const IOVECS_MAX = 1024;

type Bind = (vm: Vm) => (...args: never[]) => number;

const isOutput = (fd: number): boolean => fd === STDOUT || fd === STDERR;
const always = (errno: number): Bind => {
  return () => () => errno;
};
/** Fine for standard output and error, which are the only descriptors there are. */
const forOutput: Bind = () => (fd: number) => (isOutput(fd) ? ERRNO.success : ERRNO.badf);

const FUNCTIONS: Readonly<Record<string, Bind>> = {
  args_get: always(ERRNO.success),
  args_sizes_get: (vm) => (countOut: number, sizeOut: number) =>
    setPair(vm, countOut >>> 0, sizeOut >>> 0, [0, 0]),
  environ_get: (vm) => (pointersOut: number, textOut: number) =>
    environGet(vm, pointersOut >>> 0, textOut >>> 0),
  environ_sizes_get: (vm) => (countOut: number, sizeOut: number) =>
    environSizes(vm, countOut >>> 0, sizeOut >>> 0),
  clock_res_get: (vm) => (id: number, out: number) => clockResolution(vm, id, out >>> 0),
  clock_time_get: (vm) => (id: number, _precision: bigint, out: number) =>
    clockTime(vm, id, out >>> 0),
  random_get: (vm) => (at: number, size: number) => random(vm, at >>> 0, size >>> 0),
  fd_write: (vm) => (fd: number, iovecs: number, count: number, sizeOut: number) =>
    write(vm, fd, { at: iovecs >>> 0, count: count >>> 0 }, sizeOut >>> 0),
  fd_pwrite: (vm) => (fd: number, at: number, count: number, _offset: bigint, sizeOut: number) =>
    write(vm, fd, { at: at >>> 0, count: count >>> 0 }, sizeOut >>> 0),
  fd_fdstat_get: (vm) => (fd: number, out: number) => fdstat(vm, fd, out >>> 0),
  fd_advise: always(ERRNO.success),
  fd_allocate: forOutput,
  fd_close: always(ERRNO.success),
  fd_datasync: forOutput,
  fd_sync: forOutput,
  fd_tell: forOutput,
  fd_fdstat_set_rights: forOutput,
  fd_filestat_set_size: forOutput,
  fd_filestat_set_times: forOutput,
  fd_fdstat_set_flags: always(ERRNO.nosys),
  fd_read: always(ERRNO.nosys),
  fd_pread: always(ERRNO.nosys),
  fd_prestat_dir_name: always(ERRNO.nosys),
  fd_prestat_get: always(ERRNO.badf),
  fd_filestat_get: always(ERRNO.badf),
  fd_readdir: (vm) => (_fd: number, _at: number, _size: number, _cookie: bigint, sizeOut: number) =>
    setPair(vm, sizeOut >>> 0, sizeOut >>> 0, [0, 0]) || ERRNO.notdir,
  fd_seek: always(ERRNO.success),
  path_open: always(ERRNO.noent),
  poll_oneoff: (vm) => (_in: number, _out: number, _count: number, countOut: number) =>
    setPair(vm, countOut >>> 0, countOut >>> 0, [0, 0]),
  sched_yield: always(ERRNO.success),
  proc_exit:
    () =>
    (code: number): never => {
      throw new GuestExit(code);
    },
};

/** The functions of one of WASI's modules, bound to a guest. */
export function bindWasi(vm: Vm, moduleName: string): WebAssembly.ModuleImports {
  const imports: WebAssembly.ModuleImports = {};
  for (const name of Object.keys(WASI_SIGNATURES[moduleName] ?? {})) {
    imports[name] = (FUNCTIONS[name] ?? always(ERRNO.notsup))(vm);
  }
  return imports;
}

function setPair(vm: Vm, at: number, alsoAt: number, values: readonly [number, number]): number {
  if (!vm.memory.has(at, 4) || !vm.memory.has(alsoAt, 4)) return ERRNO.fault;
  vm.memory.setU32(at, values[0]);
  vm.memory.setU32(alsoAt, values[1]);
  return ERRNO.success;
}

/** `NAME=value` and a NUL, UTF-8. */
function environment(vm: Vm): Uint8Array[] {
  return vm.spec.env.map(([name, value]) => Buffer.from(`${name}=${value}\0`));
}

function environSizes(vm: Vm, countOut: number, sizeOut: number): number {
  const lines = environment(vm);
  const size = lines.reduce((sum, line) => sum + line.length, 0);
  return setPair(vm, countOut, sizeOut, [lines.length, size]);
}

function environGet(vm: Vm, pointersOut: number, textOut: number): number {
  let pointer = pointersOut;
  let text = textOut;
  for (const line of environment(vm)) {
    if (!vm.memory.has(pointer, 4) || !vm.memory.has(text, line.length)) return ERRNO.fault;
    vm.memory.setU32(pointer, text);
    vm.memory.setBytes(text, line);
    pointer += 4;
    text += line.length;
  }
  return ERRNO.success;
}

function clockResolution(vm: Vm, id: number, out: number): number {
  if (id !== CLOCK_REALTIME && id !== CLOCK_MONOTONIC) return ERRNO.notsup;
  if (!vm.memory.has(out, 8)) return ERRNO.fault;
  vm.memory.setU64(out, 1n);
  return ERRNO.success;
}

function clockTime(vm: Vm, id: number, out: number): number {
  if (id !== CLOCK_REALTIME && id !== CLOCK_MONOTONIC) return ERRNO.notsup;
  if (!vm.memory.has(out, 8)) return ERRNO.fault;
  const { clock } = vm.deps;
  vm.memory.setU64(out, nanoseconds(id === CLOCK_REALTIME ? clock.wall() : clock.now()));
  return ERRNO.success;
}

function random(vm: Vm, at: number, size: number): number {
  if (size > RANDOM_BYTES_MAX) return ERRNO.inval;
  if (!vm.memory.has(at, size)) return ERRNO.fault;
  randomFillSync(vm.memory.bytes, at, size);
  return ERRNO.success;
}

function fdstat(vm: Vm, fd: number, out: number): number {
  if (!isOutput(fd)) return ERRNO.badf;
  if (!vm.memory.has(out, FDSTAT_BYTES)) return ERRNO.fault;
  vm.memory.bytes.fill(0, out, out + FDSTAT_BYTES);
  vm.memory.setU32(out + FDSTAT_RIGHTS_AT, RIGHT_FD_WRITE);
  return ERRNO.success;
}

/** Each write is a line of the log, without its line end: info for output, error for errors. */
function write(
  vm: Vm,
  fd: number,
  iovecs: { readonly at: number; readonly count: number },
  sizeOut: number,
): number {
  if (!isOutput(fd)) return ERRNO.badf;
  const memory = vm.memory;
  if (iovecs.count > IOVECS_MAX) return ERRNO.inval;
  if (!memory.has(iovecs.at, iovecs.count * 8) || !memory.has(sizeOut, 4)) return ERRNO.fault;
  let text = '';
  let size = 0;
  for (let i = 0; i < iovecs.count; i++) {
    const at = memory.u32(iovecs.at + i * 8);
    const length = memory.u32(iovecs.at + i * 8 + 4);
    if (!memory.has(at, length)) return ERRNO.fault;
    const room = OUTPUT_BYTES_MAX - text.length;
    if (room > 0) text += memory.utf8(at, Math.min(length, room));
    size += length;
  }
  memory.setU32(sizeOut, size);
  const line = text.endsWith('\n') ? text.slice(0, -1) : text;
  if (line !== '') writeGuestLog(vm, fd === STDOUT ? 'info' : 'error', line);
  return ERRNO.success;
}
