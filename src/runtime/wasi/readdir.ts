/** `fd_readdir`: as many entries as fit; the last one may be cut, which tells the guest of more. */

import { Buffer } from 'node:buffer';
import { RIGHTS } from './abi.ts';
import { DirectoryDescriptor, type DirectoryEntry } from './directory.ts';
import { ERRNO, errnoOf } from './errno.ts';
import type { WasiGuest } from './guest.ts';

const DIRENT_BYTES = 24;

export interface ReaddirCall {
  readonly buffer: number;
  readonly length: number;
  /** 0 at first, then `d_next` of the last entry seen. */
  readonly cookie: bigint;
  readonly out: number;
}

export function fdReaddir(guest: WasiGuest, fd: number, call: ReaddirCall): number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null) return ERRNO.badf;
  if (!(descriptor instanceof DirectoryDescriptor)) return ERRNO.notdir;
  if ((descriptor.rights & RIGHTS.fdReaddir) === 0) return ERRNO.notcapable;
  const { memory } = guest;
  if (!memory.fits(call.out, 4) || !memory.fits(call.buffer, call.length)) return ERRNO.fault;
  const cookie = Number(BigInt.asUintN(64, call.cookie));
  if (!Number.isSafeInteger(cookie)) return ERRNO.inval;
  const target = memory.slice(call.buffer, call.length);
  try {
    memory.setU32(call.out, fill(target, descriptor, cookie));
    return ERRNO.success;
  } catch (error) {
    return errnoOf(error);
  }
}

/** Bytes written. */
function fill(target: Buffer, directory: DirectoryDescriptor, cookie: number): number {
  let used = 0;
  for (let index = cookie; used < target.length; index++) {
    const entry = directory.entry(index);
    if (entry === null) break;
    const dirent = encode(entry, index + 1);
    used += dirent.copy(target, used);
  }
  return used;
}

function encode(entry: DirectoryEntry, next: number): Buffer {
  const dirent = Buffer.alloc(DIRENT_BYTES + entry.name.length);
  dirent.writeBigUInt64LE(BigInt(next), 0);
  dirent.writeBigUInt64LE(entry.inode, 8);
  dirent.writeUInt32LE(entry.name.length, 16);
  dirent.writeUInt8(entry.fileType, 20);
  dirent.write(entry.name, DIRENT_BYTES, 'latin1');
  return dirent;
}
