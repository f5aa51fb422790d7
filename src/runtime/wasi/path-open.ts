/** `path_open`. */

import * as fs from 'node:fs';
import {
  FDFLAGS,
  FDFLAGS_ALL,
  FILETYPE,
  LOOKUP_SYMLINK_FOLLOW,
  OFLAGS,
  OFLAGS_ALL,
  RIGHTS,
  RIGHTS_FILE,
  RIGHTS_FILE_CHANGE,
  rightsOf,
} from './abi.ts';
import { DirectoryDescriptor } from './directory.ts';
import { attempt, ERRNO } from './errno.ts';
import { FileDescriptor } from './file.ts';
import { fileTypeOf } from './filestat.ts';
import type { WasiGuest } from './guest.ts';
import { atPath, type Place } from './host-dir.ts';
import { directoryOf, type PathArgument, readPath } from './path.ts';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_DSYNC, O_EXCL, O_NOCTTY } = fs.constants;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY } = fs.constants;

export interface OpenCall {
  readonly fd: number;
  readonly lookup: number;
  readonly path: PathArgument;
  readonly oflags: number;
  readonly rights: bigint;
  readonly fdflags: number;
  readonly out: number;
}

/** Rights that only make sense on a file open for writing. */
const NEEDS_WRITE =
  RIGHTS.fdWrite | RIGHTS.fdDatasync | RIGHTS.fdAllocate | RIGHTS.fdFilestatSetSize;
const NEEDS_READ = RIGHTS.fdRead | RIGHTS.fdReaddir;

export function pathOpen(guest: WasiGuest, call: OpenCall): number {
  const directory = directoryOf(guest, call.fd, RIGHTS.pathOpen, false);
  if (typeof directory === 'number') return directory;
  const text = readPath(guest.memory, call.path);
  if (typeof text === 'number') return text;
  if (!guest.memory.fits(call.out, 4)) return ERRNO.fault;
  const refused = refusal(directory, call);
  if (refused !== ERRNO.success) return refused;
  if (!guest.hasRoom) return ERRNO.mfile;
  // O_EXCL must see a link at the end as something that exists.
  const exclusive = (call.oflags & OFLAGS.excl) !== 0 && (call.oflags & OFLAGS.creat) !== 0;
  const follow = (call.lookup & LOOKUP_SYMLINK_FOLLOW) !== 0 && !exclusive;
  return atPath(directory.dir, text, follow, (place) => {
    if (place.mustBeDirectory && (call.oflags & OFLAGS.creat) !== 0) return ERRNO.isdir;
    return openPlace(guest, directory, call, place);
  });
}

/** What can be said before looking at the file system. */
function refusal(directory: DirectoryDescriptor, call: OpenCall): number {
  const { oflags } = call;
  if ((oflags & ~OFLAGS_ALL) !== 0 || (call.fdflags & ~FDFLAGS_ALL) !== 0) return ERRNO.inval;
  if ((oflags & OFLAGS.directory) !== 0 && (oflags & (OFLAGS.creat | OFLAGS.trunc)) !== 0) {
    return ERRNO.inval;
  }
  const changes =
    (oflags & (OFLAGS.creat | OFLAGS.trunc)) !== 0 ||
    (rightsOf(call.rights) & RIGHTS.fdWrite) !== 0;
  if (changes && (oflags & OFLAGS.directory) === 0) {
    if (directory.readonly) return ERRNO.rofs;
    if ((directory.inheriting & RIGHTS.fdWrite) === 0) return ERRNO.notcapable;
  }
  if ((oflags & OFLAGS.creat) !== 0 && (directory.rights & RIGHTS.pathCreateFile) === 0) {
    return ERRNO.notcapable;
  }
  return ERRNO.success;
}

/** The host's flags: never through a link, never waiting for the other end of a FIFO. */
function hostFlags(call: OpenCall, rights: number): number {
  const writes = (rights & NEEDS_WRITE) !== 0 || (call.oflags & OFLAGS.trunc) !== 0;
  let flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  if (!writes) flags |= O_RDONLY;
  else flags |= (rights & NEEDS_READ) !== 0 ? O_RDWR : O_WRONLY;
  if ((call.oflags & OFLAGS.creat) !== 0) flags |= O_CREAT;
  if ((call.oflags & OFLAGS.excl) !== 0) flags |= O_EXCL;
  if ((call.oflags & OFLAGS.trunc) !== 0) flags |= O_TRUNC;
  if ((call.oflags & OFLAGS.directory) !== 0) flags |= O_DIRECTORY;
  if ((call.fdflags & FDFLAGS.append) !== 0) flags |= O_APPEND;
  if ((call.fdflags & FDFLAGS.dsync) !== 0) flags |= O_DSYNC;
  if ((call.fdflags & (FDFLAGS.sync | FDFLAGS.rsync)) !== 0) flags |= O_SYNC;
  return flags;
}

function openPlace(
  guest: WasiGuest,
  directory: DirectoryDescriptor,
  call: OpenCall,
  place: Place,
): number {
  let rights = rightsOf(call.rights) & directory.inheriting;
  if ((call.oflags & OFLAGS.directory) !== 0) rights &= ~NEEDS_WRITE;
  const hostFd = fs.openSync(place.path, hostFlags(call, rights), 0o666);
  let kept = false;
  try {
    const stat = fs.fstatSync(hostFd, { bigint: true });
    const fileType = fileTypeOf(stat);
    if (fileType === FILETYPE.directory) {
      return addDirectory(guest, directory, call, place);
    }
    if (place.mustBeDirectory) return ERRNO.notdir;
    rights &= directory.readonly ? RIGHTS_FILE & ~RIGHTS_FILE_CHANGE : RIGHTS_FILE;
    const seekable = fileType === FILETYPE.regularFile;
    const file = new FileDescriptor({ hostFd, fileType, seekable, rights, flags: call.fdflags });
    guest.memory.setU32(call.out, guest.add(file));
    kept = true;
    return ERRNO.success;
  } finally {
    if (!kept) attempt(() => fs.closeSync(hostFd));
  }
}

/**
 * A directory is held by a handle of its own, through which names are walked. It may do what its
 * parent passes on, whatever the guest asked for: programs ask carelessly and rely on it.
 */
function addDirectory(
  guest: WasiGuest,
  parent: DirectoryDescriptor,
  call: OpenCall,
  place: Place,
): number {
  const opened = new DirectoryDescriptor(place.dir.child(place.name), null, parent.readonly);
  opened.rights &= parent.inheriting;
  opened.inheriting &= parent.inheriting;
  opened.flags = call.fdflags;
  guest.memory.setU32(call.out, guest.add(opened));
  return ERRNO.success;
}
