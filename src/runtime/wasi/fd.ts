/** What a descriptor is: `fd_fdstat_*`, `fd_filestat_*`, `fd_prestat_*`, closing and renumbering. */

import { FDFLAGS_ALL, RIGHTS, rightsOf } from './abi.ts';
import type { Descriptor } from './descriptor.ts';
import { DirectoryDescriptor } from './directory.ts';
import { attempt, ERRNO, errnoOf } from './errno.ts';
import { type FilestatLayout, type TimesRequest, timesOf, writeFilestat } from './filestat.ts';
import type { WasiGuest } from './guest.ts';

const FDSTAT_BYTES = 24;
const PRESTAT_BYTES = 8;

export function fdClose(guest: WasiGuest, fd: number): number {
  return guest.close(fd) ? ERRNO.success : ERRNO.badf;
}

export function fdRenumber(guest: WasiGuest, from: number, to: number): number {
  return guest.renumber(from, to) ? ERRNO.success : ERRNO.badf;
}

export function fdFdstatGet(guest: WasiGuest, fd: number, out: number): number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null) return ERRNO.badf;
  const { memory } = guest;
  if (!memory.fits(out, FDSTAT_BYTES)) return ERRNO.fault;
  const at = out >>> 0;
  memory.bytes.fill(0, at, at + FDSTAT_BYTES);
  memory.setU8(at, descriptor.fileType);
  memory.setU16(at + 2, descriptor.flags);
  memory.setU32(at + 8, descriptor.rights);
  memory.setU32(at + 16, descriptor.inheriting);
  return ERRNO.success;
}

export function fdFdstatSetFlags(guest: WasiGuest, fd: number, flags: number): number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null) return ERRNO.badf;
  if ((flags & ~FDFLAGS_ALL) !== 0) return ERRNO.inval;
  return descriptor.setFlags(flags);
}

/** Rights can be given up, never gained. */
export function fdFdstatSetRights(
  guest: WasiGuest,
  fd: number,
  base: bigint,
  inheriting: bigint,
): number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null) return ERRNO.badf;
  const rights = rightsOf(base);
  const passedOn = rightsOf(inheriting);
  const widens = (rights & ~descriptor.rights) !== 0 || (passedOn & ~descriptor.inheriting) !== 0;
  if (widens) return ERRNO.notcapable;
  descriptor.rights = rights;
  descriptor.inheriting = passedOn;
  return ERRNO.success;
}

export function fdFilestatGet(
  guest: WasiGuest,
  fd: number,
  out: number,
  layout: FilestatLayout,
): number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null) return ERRNO.badf;
  if (!guest.memory.fits(out, layout.bytes)) return ERRNO.fault;
  return attempt(() =>
    writeFilestat(guest.memory, out, descriptor.stat(), descriptor.fileType, layout),
  );
}

export function fdFilestatSetSize(guest: WasiGuest, fd: number, size: bigint): number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null) return ERRNO.badf;
  const sizeBytes = Number(BigInt.asUintN(64, size));
  if (!Number.isSafeInteger(sizeBytes)) return ERRNO.fbig;
  return descriptor.setSize(sizeBytes);
}

export function fdFilestatSetTimes(guest: WasiGuest, fd: number, request: TimesRequest): number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null) return ERRNO.badf;
  try {
    const times = timesOf(request, guest.host.clock, descriptor.stat());
    if (times === null) return ERRNO.inval;
    const allowed = (descriptor.rights & RIGHTS.fdFilestatSetTimes) !== 0;
    return allowed ? descriptor.setTimes(times) : ERRNO.notcapable;
  } catch (error) {
    return errnoOf(error);
  }
}

function preopened(descriptor: Descriptor | null): string | null {
  return descriptor instanceof DirectoryDescriptor ? descriptor.prestatName : null;
}

/** Guests walk up from 3 until EBADF; Go stops at start-up on any other refusal. */
export function fdPrestatGet(guest: WasiGuest, fd: number, out: number): number {
  const name = preopened(guest.descriptor(fd));
  if (name === null) return ERRNO.badf;
  const { memory } = guest;
  if (!memory.fits(out, PRESTAT_BYTES)) return ERRNO.fault;
  memory.setU32(out, 0);
  memory.setU32((out >>> 0) + 4, name.length);
  return ERRNO.success;
}

export function fdPrestatDirName(
  guest: WasiGuest,
  fd: number,
  pointer: number,
  length: number,
): number {
  const name = preopened(guest.descriptor(fd));
  if (name === null) return ERRNO.badf;
  if (length >>> 0 < name.length) return ERRNO.nametoolong;
  if (!guest.memory.fits(pointer, name.length)) return ERRNO.fault;
  guest.memory.bytes.write(name, pointer >>> 0, name.length, 'latin1');
  return ERRNO.success;
}
