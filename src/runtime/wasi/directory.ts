/**
 * A directory a guest holds: preopened by configuration or opened through one. Its listing is read
 * once and kept until the guest starts over (cookie 0), so that entries neither repeat nor vanish
 * between two calls of one pass.
 */

import * as fs from 'node:fs';
import {
  FILETYPE,
  RIGHTS_DIRECTORY,
  RIGHTS_DIRECTORY_CHANGE,
  RIGHTS_FILE,
  RIGHTS_FILE_CHANGE,
} from './abi.ts';
import { Descriptor, type FileTimes } from './descriptor.ts';
import { attempt, ERRNO } from './errno.ts';
import { fileTypeOf } from './filestat.ts';
import type { HostDir } from './host-dir.ts';
import { type ByteString, byteString } from './strings.ts';

export interface DirectoryEntry {
  readonly name: ByteString;
  readonly fileType: number;
  readonly inode: bigint;
}

export class DirectoryDescriptor extends Descriptor {
  readonly dir: HostDir;
  /** The name a preopened directory goes by, UTF-8 as a byte string; null for others. */
  readonly prestatName: ByteString | null;
  readonly readonly: boolean;
  #listing: fs.Dirent[] | null = null;

  constructor(dir: HostDir, prestatName: ByteString | null, readonly: boolean) {
    const directory = readonly ? RIGHTS_DIRECTORY & ~RIGHTS_DIRECTORY_CHANGE : RIGHTS_DIRECTORY;
    const file = readonly ? RIGHTS_FILE & ~RIGHTS_FILE_CHANGE : RIGHTS_FILE;
    super(FILETYPE.directory, directory, directory | file);
    this.dir = dir;
    this.prestatName = prestatName;
    this.readonly = readonly;
  }

  override stat(): fs.BigIntStats {
    return fs.statSync(`${this.dir.path}/.`, { bigint: true });
  }

  override setTimes(times: FileTimes): number {
    if (this.readonly) return ERRNO.rofs;
    return attempt(() => fs.utimesSync(`${this.dir.path}/.`, times.atimeS, times.mtimeS));
  }

  /** The host flushes a directory with its files. */
  override sync(_dataOnly: boolean): number {
    return ERRNO.success;
  }

  /** Entry `index` of the pass, null after the last. Throws what `node:fs` throws. */
  entry(index: number): DirectoryEntry | null {
    if (index === 0 || this.#listing === null) {
      this.#listing = fs.readdirSync(`${this.dir.path}/.`, { withFileTypes: true });
    }
    if (index < 2) {
      const inode = index === 0 ? this.stat().ino : 0n;
      return { name: index === 0 ? '.' : '..', fileType: FILETYPE.directory, inode };
    }
    const found = this.#listing[index - 2];
    if (found === undefined) return null;
    const stat = fs.lstatSync(`${this.dir.path}/${found.name}`, {
      bigint: true,
      throwIfNoEntry: false,
    });
    return {
      name: byteString(found.name),
      fileType: stat === undefined ? FILETYPE.unknown : fileTypeOf(stat),
      inode: stat?.ino ?? 0n,
    };
  }

  /** A preopened directory outlives the run: its owner closes it. */
  override close(): void {
    if (this.prestatName === null) attempt(() => this.dir.close());
  }
}
