/** The `filestat` struct, and times as the guest gives them. */

import type { BigIntStats } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import { FILETYPE, FSTFLAGS, FSTFLAGS_ALL } from './abi.ts';
import type { FileTimes } from './descriptor.ts';
import type { GuestMemory } from './memory.ts';

/** Where the fields stand; they moved between `wasi_unstable` and preview 1. */
export interface FilestatLayout {
  readonly bytes: number;
  readonly linksAt: number;
  readonly linksBytes: 4 | 8;
  /** Size, then three times, eight bytes each. */
  readonly sizeAt: number;
}

export const FILESTAT: FilestatLayout = { bytes: 64, linksAt: 24, linksBytes: 8, sizeAt: 32 };
export const FILESTAT_UNSTABLE: FilestatLayout = {
  bytes: 56,
  linksAt: 20,
  linksBytes: 4,
  sizeAt: 24,
};

export function fileTypeOf(stat: BigIntStats): number {
  if (stat.isFile()) return FILETYPE.regularFile;
  if (stat.isDirectory()) return FILETYPE.directory;
  if (stat.isSymbolicLink()) return FILETYPE.symbolicLink;
  if (stat.isCharacterDevice()) return FILETYPE.characterDevice;
  if (stat.isBlockDevice()) return FILETYPE.blockDevice;
  if (stat.isSocket()) return FILETYPE.socketStream;
  return FILETYPE.unknown;
}

/** Writes the struct into a range that fits; `stat` null: only the type is known. */
export function writeFilestat(
  memory: GuestMemory,
  pointer: number,
  stat: BigIntStats | null,
  fileType: number,
  layout: FilestatLayout,
): void {
  const at = pointer >>> 0;
  memory.bytes.fill(0, at, at + layout.bytes);
  memory.setU8(at + 16, fileType);
  if (stat === null) return;
  const view = memory.view;
  view.setBigUint64(at, stat.dev, true);
  view.setBigUint64(at + 8, stat.ino, true);
  if (layout.linksBytes === 8) view.setBigUint64(at + layout.linksAt, stat.nlink, true);
  else view.setUint32(at + layout.linksAt, Number(stat.nlink), true);
  view.setBigUint64(at + layout.sizeAt, stat.size, true);
  view.setBigUint64(at + layout.sizeAt + 8, stat.atimeNs, true);
  view.setBigUint64(at + layout.sizeAt + 16, stat.mtimeNs, true);
  view.setBigUint64(at + layout.sizeAt + 24, stat.ctimeNs, true);
}

/** What a guest asks of `*_set_times`. */
export interface TimesRequest {
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  /** FSTFLAGS. */
  readonly flags: number;
}

/** Null where the flags contradict each other (EINVAL). A time not asked for stays as it is. */
export function timesOf(
  request: TimesRequest,
  clock: Clock,
  current: BigIntStats | null,
): FileTimes | null {
  const { flags } = request;
  if ((flags & ~FSTFLAGS_ALL) !== 0) return null;
  const bothAtime = FSTFLAGS.atim | FSTFLAGS.atimNow;
  const bothMtime = FSTFLAGS.mtim | FSTFLAGS.mtimNow;
  if ((flags & bothAtime) === bothAtime || (flags & bothMtime) === bothMtime) return null;
  const nowS = clock.wall() / 1000;
  let atimeS = Number(current?.atimeNs ?? 0n) / 1e9;
  if ((flags & FSTFLAGS.atimNow) !== 0) atimeS = nowS;
  else if ((flags & FSTFLAGS.atim) !== 0)
    atimeS = Number(BigInt.asUintN(64, request.atimeNs)) / 1e9;
  let mtimeS = Number(current?.mtimeNs ?? 0n) / 1e9;
  if ((flags & FSTFLAGS.mtimNow) !== 0) mtimeS = nowS;
  else if ((flags & FSTFLAGS.mtim) !== 0)
    mtimeS = Number(BigInt.asUintN(64, request.mtimeNs)) / 1e9;
  return { atimeS, mtimeS };
}
