/**
 * What a file descriptor of a guest can do. The base class refuses everything with the error the
 * specification names, so a kind of descriptor writes down only what it offers.
 *
 * Results follow one rule: a count or an offset is >= 0, a failure is the negated errno. That costs
 * no object and no exception on the way of each read and write.
 */

import type { Buffer } from 'node:buffer';
import type { BigIntStats } from 'node:fs';
import { FILETYPE } from './abi.ts';
import { ERRNO } from './errno.ts';

/** Times to set, seconds since the epoch. */
export interface FileTimes {
  readonly atimeS: number;
  readonly mtimeS: number;
}

export abstract class Descriptor {
  readonly fileType: number;
  /** What may be done with it; `fd_fdstat_set_rights` can only take away. */
  rights: number;
  /** What descriptors opened through it may have. */
  inheriting: number;
  /** FDFLAGS. */
  flags = 0;

  constructor(fileType: number, rights: number, inheriting: number) {
    this.fileType = fileType;
    this.rights = rights;
    this.inheriting = inheriting;
  }

  /** Bytes read, 0 at the end, `-again` when none have come yet. */
  read(_into: Buffer, _at: number, _length: number): number {
    return -ERRNO.badf;
  }

  write(_from: Buffer, _at: number, _length: number): number {
    return -ERRNO.badf;
  }

  readAt(_into: Buffer, _at: number, _length: number, _position: number): number {
    return -ERRNO.spipe;
  }

  writeAt(_from: Buffer, _at: number, _length: number, _position: number): number {
    return -ERRNO.spipe;
  }

  /** The new offset. `whence` as in preview 1. */
  seek(_offset: number, _whence: number): number {
    return this.fileType === FILETYPE.directory ? -ERRNO.badf : -ERRNO.spipe;
  }

  /** Null where the host has no file behind it. Throws what `node:fs` throws. */
  stat(): BigIntStats | null {
    return null;
  }

  setSize(_sizeBytes: number): number {
    return ERRNO.inval;
  }

  setTimes(_times: FileTimes): number {
    return ERRNO.badf;
  }

  sync(_dataOnly: boolean): number {
    return ERRNO.inval;
  }

  setFlags(flags: number): number {
    this.flags = flags;
    return ERRNO.success;
  }

  /** Bytes a read would give at once; -1: none yet, more may come. */
  readable(): number {
    return 0;
  }

  close(): void {}
}
