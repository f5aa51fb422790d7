/** `fd_read`, `fd_write` and their positioned forms; seeking and flushing. */

import { FILETYPE, RIGHTS } from './abi.ts';
import type { Descriptor } from './descriptor.ts';
import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';
import type { GuestMemory } from './memory.ts';

/** Buffers of one call, as POSIX systems bound them. */
const IOVECS_MAX = 1024;
const IOVEC_BYTES = 8;
/** One call moves at most this much: the count must fit its 32-bit result. */
const TRANSFER_BYTES_MAX = 1 << 30;
const ADVICE_MAX = 5;
/** The descriptor's own offset. */
const HERE = -1;

/** Everything is looked at before the first byte moves; the descriptor, or an errno. */
function prepare(
  guest: WasiGuest,
  fd: number,
  right: number,
  iovecs: number,
  count: number,
): Descriptor | number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null) return ERRNO.badf;
  if ((descriptor.rights & right) === 0) {
    const listing = right === RIGHTS.fdRead && descriptor.fileType === FILETYPE.directory;
    return listing ? ERRNO.isdir : ERRNO.badf;
  }
  if (count >>> 0 > IOVECS_MAX) return ERRNO.inval;
  const { memory } = guest;
  if (!memory.fitsArray(iovecs, count, IOVEC_BYTES)) return ERRNO.fault;
  for (let i = 0; i < count; i++) {
    const at = (iovecs >>> 0) + i * IOVEC_BYTES;
    if (!memory.fits(memory.u32(at), memory.u32(at + 4))) return ERRNO.fault;
  }
  return descriptor;
}

/** Bytes moved, or a negated errno if none was: a buffer not filled ends the call. */
function readInto(
  memory: GuestMemory,
  from: Descriptor,
  iovecs: number,
  count: number,
  position: number,
): number {
  const bytes = memory.bytes;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const iovec = (iovecs >>> 0) + i * IOVEC_BYTES;
    const at = memory.u32(iovec);
    const length = Math.min(memory.u32(iovec + 4), TRANSFER_BYTES_MAX - total);
    if (length === 0) continue;
    const moved =
      position === HERE
        ? from.read(bytes, at, length)
        : from.readAt(bytes, at, length, position + total);
    if (moved < 0) return total > 0 ? total : moved;
    total += moved;
    if (moved < length) break;
  }
  return total;
}

function writeFrom(
  memory: GuestMemory,
  to: Descriptor,
  iovecs: number,
  count: number,
  position: number,
): number {
  const bytes = memory.bytes;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const iovec = (iovecs >>> 0) + i * IOVEC_BYTES;
    const at = memory.u32(iovec);
    const length = Math.min(memory.u32(iovec + 4), TRANSFER_BYTES_MAX - total);
    if (length === 0) continue;
    const moved =
      position === HERE
        ? to.write(bytes, at, length)
        : to.writeAt(bytes, at, length, position + total);
    if (moved < 0) return total > 0 ? total : moved;
    total += moved;
    if (moved < length) break;
  }
  return total;
}

function finish(memory: GuestMemory, out: number, moved: number): number {
  if (moved < 0) return -moved;
  memory.setU32(out, moved);
  return ERRNO.success;
}

export function fdRead(
  guest: WasiGuest,
  fd: number,
  iovecs: number,
  count: number,
  out: number,
): number {
  const from = prepare(guest, fd, RIGHTS.fdRead, iovecs, count);
  if (typeof from === 'number') return from;
  const { memory } = guest;
  if (!memory.fits(out, 4)) return ERRNO.fault;
  return finish(memory, out, readInto(memory, from, iovecs, count, HERE));
}

export function fdWrite(
  guest: WasiGuest,
  fd: number,
  iovecs: number,
  count: number,
  out: number,
): number {
  const to = prepare(guest, fd, RIGHTS.fdWrite, iovecs, count);
  if (typeof to === 'number') return to;
  const { memory } = guest;
  if (!memory.fits(out, 4)) return ERRNO.fault;
  return finish(memory, out, writeFrom(memory, to, iovecs, count, HERE));
}

/** Arguments of the positioned calls after their descriptor. */
export interface Positioned {
  readonly iovecs: number;
  readonly count: number;
  readonly offset: bigint;
  readonly out: number;
}

/** A 64-bit offset as an exact number, or -1 where no file can be that long. */
function exactOffset(bits: bigint): number {
  const offset = BigInt.asUintN(64, bits);
  return offset > BigInt(Number.MAX_SAFE_INTEGER - TRANSFER_BYTES_MAX) ? -1 : Number(offset);
}

export function fdPread(guest: WasiGuest, fd: number, call: Positioned): number {
  const from = prepare(guest, fd, RIGHTS.fdRead, call.iovecs, call.count);
  if (typeof from === 'number') return from;
  const position = exactOffset(call.offset);
  if (position < 0) return ERRNO.inval;
  const { memory } = guest;
  if (!memory.fits(call.out, 4)) return ERRNO.fault;
  return finish(memory, call.out, readInto(memory, from, call.iovecs, call.count, position));
}

export function fdPwrite(guest: WasiGuest, fd: number, call: Positioned): number {
  const to = prepare(guest, fd, RIGHTS.fdWrite, call.iovecs, call.count);
  if (typeof to === 'number') return to;
  const position = exactOffset(call.offset);
  if (position < 0) return ERRNO.fbig;
  const { memory } = guest;
  if (!memory.fits(call.out, 4)) return ERRNO.fault;
  return finish(memory, call.out, writeFrom(memory, to, call.iovecs, call.count, position));
}

/** `whence` as in preview 1. */
export function fdSeek(
  guest: WasiGuest,
  fd: number,
  offset: bigint,
  whence: number,
  out: number,
): number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null) return ERRNO.badf;
  if (!guest.memory.fits(out, 8)) return ERRNO.fault;
  const delta = BigInt.asIntN(64, offset);
  const exact = Number(delta);
  if (!Number.isSafeInteger(exact)) return delta < 0n ? ERRNO.inval : ERRNO.overflow;
  const at = descriptor.seek(exact, whence);
  if (at < 0) return -at;
  guest.memory.setU64(out, BigInt(at));
  return ERRNO.success;
}

export function fdSync(guest: WasiGuest, fd: number, dataOnly: boolean): number {
  return guest.descriptor(fd)?.sync(dataOnly) ?? ERRNO.badf;
}

/** Advice may be ignored; only whether it is advice at all is checked. */
export function fdAdvise(guest: WasiGuest, fd: number, advice: number): number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null || descriptor.fileType === FILETYPE.directory) return ERRNO.badf;
  if (advice >>> 0 > ADVICE_MAX) return ERRNO.inval;
  return descriptor.fileType === FILETYPE.regularFile ? ERRNO.success : ERRNO.spipe;
}

/** Not offered, as in other hosts: reserving space has no portable counterpart. */
export function fdAllocate(guest: WasiGuest, fd: number): number {
  return guest.descriptor(fd) === null ? ERRNO.badf : ERRNO.notsup;
}
