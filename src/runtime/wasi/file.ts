/**
 * A file of a preopened directory. The offset is kept here and passed with each read and write of a
 * regular file, so seeking costs no system call; what cannot seek (a FIFO, a device) is read where
 * the host stands.
 */

import type { Buffer } from 'node:buffer';
import * as fs from 'node:fs';
import { FDFLAGS, RIGHTS, WHENCE } from './abi.ts';
import { Descriptor, type FileTimes } from './descriptor.ts';
import { attempt, ERRNO, errnoOf } from './errno.ts';

/** `node:fs` takes offsets as exact numbers. */
const OFFSET_MAX = Number.MAX_SAFE_INTEGER;

export interface OpenedFile {
  readonly hostFd: number;
  readonly fileType: number;
  /** A regular file. */
  readonly seekable: boolean;
  readonly rights: number;
  readonly flags: number;
}

export class FileDescriptor extends Descriptor {
  readonly #hostFd: number;
  readonly #seekable: boolean;
  #offset = 0;

  constructor(opened: OpenedFile) {
    super(opened.fileType, opened.rights, 0);
    this.#hostFd = opened.hostFd;
    this.#seekable = opened.seekable;
    this.flags = opened.flags;
  }

  override read(into: Buffer, at: number, length: number): number {
    if (!this.#seekable) return this.#hostRead(into, at, length, null);
    const count = this.#hostRead(into, at, length, this.#offset);
    if (count > 0) this.#offset += count;
    return count;
  }

  override readAt(into: Buffer, at: number, length: number, position: number): number {
    if (!this.#seekable) return -ERRNO.spipe;
    return this.#hostRead(into, at, length, position);
  }

  #hostRead(into: Buffer, at: number, length: number, position: number | null): number {
    if ((this.rights & RIGHTS.fdRead) === 0) return -ERRNO.badf;
    if (length === 0) return 0;
    try {
      return fs.readSync(this.#hostFd, into, at, length, position);
    } catch (error) {
      return -errnoOf(error);
    }
  }

  override write(from: Buffer, at: number, length: number): number {
    if (!this.#seekable) return this.#hostWrite(from, at, length, null);
    try {
      if ((this.flags & FDFLAGS.append) !== 0) this.#offset = fs.fstatSync(this.#hostFd).size;
    } catch (error) {
      return -errnoOf(error);
    }
    const count = this.#hostWrite(from, at, length, this.#offset);
    if (count > 0) this.#offset += count;
    return count;
  }

  override writeAt(from: Buffer, at: number, length: number, position: number): number {
    if (!this.#seekable) return -ERRNO.spipe;
    return this.#hostWrite(from, at, length, position);
  }

  #hostWrite(from: Buffer, at: number, length: number, position: number | null): number {
    if ((this.rights & RIGHTS.fdWrite) === 0) return -ERRNO.badf;
    if (length === 0) return 0;
    try {
      return fs.writeSync(this.#hostFd, from, at, length, position);
    } catch (error) {
      return -errnoOf(error);
    }
  }

  override seek(offset: number, whence: number): number {
    if (!this.#seekable) return -ERRNO.spipe;
    let base = 0;
    if (whence === WHENCE.cur) base = this.#offset;
    else if (whence === WHENCE.end) {
      try {
        base = fs.fstatSync(this.#hostFd).size;
      } catch (error) {
        return -errnoOf(error);
      }
    } else if (whence !== WHENCE.set) return -ERRNO.inval;
    const target = base + offset;
    if (target < 0 || target > OFFSET_MAX) return -ERRNO.inval;
    this.#offset = target;
    return target;
  }

  override stat(): fs.BigIntStats {
    return fs.fstatSync(this.#hostFd, { bigint: true });
  }

  override setSize(sizeBytes: number): number {
    if ((this.rights & RIGHTS.fdWrite) === 0) return ERRNO.inval;
    return attempt(() => fs.ftruncateSync(this.#hostFd, sizeBytes));
  }

  override setTimes(times: FileTimes): number {
    return attempt(() => fs.futimesSync(this.#hostFd, times.atimeS, times.mtimeS));
  }

  override sync(dataOnly: boolean): number {
    return attempt(() => (dataOnly ? fs.fdatasyncSync : fs.fsyncSync)(this.#hostFd));
  }

  /** Only append and nonblock can change on an open file; the others are fixed by its opening. */
  override setFlags(flags: number): number {
    const fixed = FDFLAGS.dsync | FDFLAGS.rsync | FDFLAGS.sync;
    if (((flags ^ this.flags) & fixed) !== 0) return ERRNO.notsup;
    this.flags = flags;
    return ERRNO.success;
  }

  override readable(): number {
    if (!this.#seekable) return 0;
    try {
      return Math.max(0, fs.fstatSync(this.#hostFd).size - this.#offset);
    } catch {
      return 0;
    }
  }

  override close(): void {
    attempt(() => fs.closeSync(this.#hostFd));
  }
}
