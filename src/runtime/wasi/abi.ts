/** Numbers and struct sizes of the preview 1 ABI, named as in its specification. */

export const FILETYPE = {
  unknown: 0,
  blockDevice: 1,
  characterDevice: 2,
  directory: 3,
  regularFile: 4,
  socketDgram: 5,
  socketStream: 6,
  symbolicLink: 7,
} as const;

export const FDFLAGS = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16 } as const;
export const FDFLAGS_ALL = 31;

export const OFLAGS = { creat: 1, directory: 2, excl: 4, trunc: 8 } as const;
export const OFLAGS_ALL = 15;

export const LOOKUP_SYMLINK_FOLLOW = 1;

/** Preview 1 order; `wasi_unstable` has another, see unstable.ts. */
export const WHENCE = { set: 0, cur: 1, end: 2 } as const;

export const FSTFLAGS = { atim: 1, atimNow: 2, mtim: 4, mtimNow: 8 } as const;
export const FSTFLAGS_ALL = 15;

export const CLOCK = { realtime: 0, monotonic: 1, processCpu: 2, threadCpu: 3 } as const;

export const EVENTTYPE = { clock: 0, fdRead: 1, fdWrite: 2 } as const;
export const SUBCLOCK_ABSTIME = 1;
export const EVENT_HANGUP = 1;

/** All thirty rights fit a 32-bit number, so they are kept as one. */
export const RIGHTS = {
  fdDatasync: 1 << 0,
  fdRead: 1 << 1,
  fdSeek: 1 << 2,
  fdFdstatSetFlags: 1 << 3,
  fdSync: 1 << 4,
  fdTell: 1 << 5,
  fdWrite: 1 << 6,
  fdAdvise: 1 << 7,
  fdAllocate: 1 << 8,
  pathCreateDirectory: 1 << 9,
  pathCreateFile: 1 << 10,
  pathLinkSource: 1 << 11,
  pathLinkTarget: 1 << 12,
  pathOpen: 1 << 13,
  fdReaddir: 1 << 14,
  pathReadlink: 1 << 15,
  pathRenameSource: 1 << 16,
  pathRenameTarget: 1 << 17,
  pathFilestatGet: 1 << 18,
  pathFilestatSetSize: 1 << 19,
  pathFilestatSetTimes: 1 << 20,
  fdFilestatGet: 1 << 21,
  fdFilestatSetSize: 1 << 22,
  fdFilestatSetTimes: 1 << 23,
  pathSymlink: 1 << 24,
  pathRemoveDirectory: 1 << 25,
  pathUnlinkFile: 1 << 26,
  pollFdReadwrite: 1 << 27,
  sockShutdown: 1 << 28,
  sockAccept: 1 << 29,
} as const;

/** What changes a file; never granted below a read-only directory. */
export const RIGHTS_FILE_CHANGE: number =
  RIGHTS.fdDatasync |
  RIGHTS.fdWrite |
  RIGHTS.fdAllocate |
  RIGHTS.fdFilestatSetSize |
  RIGHTS.fdFilestatSetTimes;

export const RIGHTS_FILE: number =
  RIGHTS_FILE_CHANGE |
  RIGHTS.fdRead |
  RIGHTS.fdSeek |
  RIGHTS.fdFdstatSetFlags |
  RIGHTS.fdSync |
  RIGHTS.fdTell |
  RIGHTS.fdAdvise |
  RIGHTS.fdFilestatGet |
  RIGHTS.pollFdReadwrite;

export const RIGHTS_DIRECTORY_CHANGE: number =
  RIGHTS.pathCreateDirectory |
  RIGHTS.pathCreateFile |
  RIGHTS.pathLinkSource |
  RIGHTS.pathLinkTarget |
  RIGHTS.pathRenameSource |
  RIGHTS.pathRenameTarget |
  RIGHTS.pathFilestatSetSize |
  RIGHTS.pathFilestatSetTimes |
  RIGHTS.fdFilestatSetTimes |
  RIGHTS.pathSymlink |
  RIGHTS.pathRemoveDirectory |
  RIGHTS.pathUnlinkFile;

export const RIGHTS_DIRECTORY: number =
  RIGHTS_DIRECTORY_CHANGE |
  RIGHTS.fdFdstatSetFlags |
  RIGHTS.fdSync |
  RIGHTS.fdAdvise |
  RIGHTS.pathOpen |
  RIGHTS.fdReaddir |
  RIGHTS.pathReadlink |
  RIGHTS.pathFilestatGet |
  RIGHTS.fdFilestatGet;

/** Keeps the rights that exist; a guest may ask for all 64 bits. */
export function rightsOf(bits: bigint): number {
  return Number(BigInt.asUintN(30, bits));
}
