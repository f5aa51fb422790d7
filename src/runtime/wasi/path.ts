/**
 * `path_*`: names below a directory the guest holds. The way to the name is walked by host-dir.ts;
 * here each call does its one thing there, with calls that do not follow a link at the end. What
 * would change anything below a read-only directory is EROFS.
 */

import * as fs from 'node:fs';
import { LOOKUP_SYMLINK_FOLLOW, RIGHTS } from './abi.ts';
import { DirectoryDescriptor } from './directory.ts';
import { ERRNO } from './errno.ts';
import {
  type FilestatLayout,
  fileTypeOf,
  type TimesRequest,
  timesOf,
  writeFilestat,
} from './filestat.ts';
import type { WasiGuest } from './guest.ts';
import { atPath, type Place } from './host-dir.ts';
import type { GuestMemory } from './memory.ts';

const PATH_BYTES_MAX = 4096;

/** A path argument as the guest passed it. */
export interface PathArgument {
  readonly pointer: number;
  readonly length: number;
}

/** The text of a path, or an errno. */
export function readPath(memory: GuestMemory, path: PathArgument): string | number {
  if (!memory.fits(path.pointer, path.length)) return ERRNO.fault;
  if (path.length >>> 0 > PATH_BYTES_MAX) return ERRNO.nametoolong;
  const text = memory.text(path.pointer, path.length);
  if (text === null) return ERRNO.ilseq;
  if (text === '') return ERRNO.noent;
  return text.includes('\0') ? ERRNO.inval : text;
}

/** The directory behind a descriptor with `right`, or an errno. */
export function directoryOf(
  guest: WasiGuest,
  fd: number,
  right: number,
  changes: boolean,
): DirectoryDescriptor | number {
  const descriptor = guest.descriptor(fd);
  if (descriptor === null) return ERRNO.badf;
  if (!(descriptor instanceof DirectoryDescriptor)) return ERRNO.notdir;
  if (changes && descriptor.readonly) return ERRNO.rofs;
  return (descriptor.rights & right) === 0 ? ERRNO.notcapable : descriptor;
}

export function pathCreateDirectory(guest: WasiGuest, fd: number, path: PathArgument): number {
  const directory = directoryOf(guest, fd, RIGHTS.pathCreateDirectory, true);
  if (typeof directory === 'number') return directory;
  const text = readPath(guest.memory, path);
  if (typeof text === 'number') return text;
  return atPath(directory.dir, text, false, (place) => {
    fs.mkdirSync(place.path);
    return ERRNO.success;
  });
}

export function pathRemoveDirectory(guest: WasiGuest, fd: number, path: PathArgument): number {
  const directory = directoryOf(guest, fd, RIGHTS.pathRemoveDirectory, true);
  if (typeof directory === 'number') return directory;
  const text = readPath(guest.memory, path);
  if (typeof text === 'number') return text;
  return atPath(directory.dir, text, false, (place) => {
    if (place.name === '.') return ERRNO.inval;
    fs.rmdirSync(place.path);
    return ERRNO.success;
  });
}

export function pathUnlinkFile(guest: WasiGuest, fd: number, path: PathArgument): number {
  const directory = directoryOf(guest, fd, RIGHTS.pathUnlinkFile, true);
  if (typeof directory === 'number') return directory;
  const text = readPath(guest.memory, path);
  if (typeof text === 'number') return text;
  return atPath(directory.dir, text, false, (place) => {
    if (fs.lstatSync(place.path).isDirectory()) return ERRNO.isdir;
    if (place.mustBeDirectory) return ERRNO.notdir;
    fs.unlinkSync(place.path);
    return ERRNO.success;
  });
}

/** Arguments of the calls with a lookup flag. */
export interface LookupCall {
  readonly fd: number;
  readonly lookup: number;
  readonly path: PathArgument;
}

const follows = (lookup: number): boolean => (lookup & LOOKUP_SYMLINK_FOLLOW) !== 0;

export function pathFilestatGet(
  guest: WasiGuest,
  call: LookupCall,
  out: number,
  layout: FilestatLayout,
): number {
  const directory = directoryOf(guest, call.fd, RIGHTS.pathFilestatGet, false);
  if (typeof directory === 'number') return directory;
  const text = readPath(guest.memory, call.path);
  if (typeof text === 'number') return text;
  if (!guest.memory.fits(out, layout.bytes)) return ERRNO.fault;
  return atPath(directory.dir, text, follows(call.lookup), (place) => {
    const stat = fs.lstatSync(place.path, { bigint: true });
    if (place.mustBeDirectory && !stat.isDirectory()) return ERRNO.notdir;
    writeFilestat(guest.memory, out, stat, fileTypeOf(stat), layout);
    return ERRNO.success;
  });
}

export function pathFilestatSetTimes(
  guest: WasiGuest,
  call: LookupCall,
  request: TimesRequest,
): number {
  const directory = directoryOf(guest, call.fd, RIGHTS.pathFilestatSetTimes, true);
  if (typeof directory === 'number') return directory;
  const text = readPath(guest.memory, call.path);
  if (typeof text === 'number') return text;
  return atPath(directory.dir, text, follows(call.lookup), (place) => {
    const stat = fs.lstatSync(place.path, { bigint: true });
    const times = timesOf(request, guest.host.clock, stat);
    if (times === null) return ERRNO.inval;
    fs.lutimesSync(place.path, times.atimeS, times.mtimeS);
    return ERRNO.success;
  });
}

/** Two names at once: both walks are held while `act` runs. */
function atTwoPaths(
  guest: WasiGuest,
  from: readonly [DirectoryDescriptor, PathArgument],
  to: readonly [DirectoryDescriptor, PathArgument],
  act: (from: Place, to: Place) => number,
): number {
  const fromText = readPath(guest.memory, from[1]);
  if (typeof fromText === 'number') return fromText;
  const toText = readPath(guest.memory, to[1]);
  if (typeof toText === 'number') return toText;
  return atPath(from[0].dir, fromText, false, (fromPlace) =>
    atPath(to[0].dir, toText, false, (toPlace) => act(fromPlace, toPlace)),
  );
}

/** Arguments of the calls with two names. */
export interface TwoPathsCall {
  readonly fromFd: number;
  readonly from: PathArgument;
  readonly toFd: number;
  readonly to: PathArgument;
}

export function pathRename(guest: WasiGuest, call: TwoPathsCall): number {
  const source = directoryOf(guest, call.fromFd, RIGHTS.pathRenameSource, true);
  if (typeof source === 'number') return source;
  const target = directoryOf(guest, call.toFd, RIGHTS.pathRenameTarget, true);
  if (typeof target === 'number') return target;
  return atTwoPaths(guest, [source, call.from], [target, call.to], (from, to) => {
    const stat = fs.lstatSync(from.path);
    if ((from.mustBeDirectory || to.mustBeDirectory) && !stat.isDirectory()) return ERRNO.notdir;
    fs.renameSync(from.path, to.path);
    return ERRNO.success;
  });
}

/** A hard link makes its target writable under a new name: both directories must be writable. */
export function pathLink(guest: WasiGuest, lookup: number, call: TwoPathsCall): number {
  if (follows(lookup)) return ERRNO.inval;
  const source = directoryOf(guest, call.fromFd, RIGHTS.pathLinkSource, true);
  if (typeof source === 'number') return source;
  const target = directoryOf(guest, call.toFd, RIGHTS.pathLinkTarget, true);
  if (typeof target === 'number') return target;
  return atTwoPaths(guest, [source, call.from], [target, call.to], (from, to) => {
    // Some hosts follow a link here, and it may lead anywhere.
    if (fs.lstatSync(from.path).isSymbolicLink()) return ERRNO.notsup;
    if (from.mustBeDirectory || to.mustBeDirectory) return ERRNO.noent;
    fs.linkSync(from.path, to.path);
    return ERRNO.success;
  });
}

/** An absolute target is refused; a relative one is checked each time it is walked. */
export function pathSymlink(
  guest: WasiGuest,
  targetPath: PathArgument,
  fd: number,
  path: PathArgument,
): number {
  const directory = directoryOf(guest, fd, RIGHTS.pathSymlink, true);
  if (typeof directory === 'number') return directory;
  const target = readPath(guest.memory, targetPath);
  if (typeof target === 'number') return target;
  const text = readPath(guest.memory, path);
  if (typeof text === 'number') return text;
  if (target.startsWith('/')) return ERRNO.perm;
  return atPath(directory.dir, text, false, (place) => {
    if (place.mustBeDirectory) return ERRNO.noent;
    fs.symlinkSync(target, place.path);
    return ERRNO.success;
  });
}

export interface ReadlinkCall {
  readonly fd: number;
  readonly path: PathArgument;
  readonly buffer: PathArgument;
  readonly out: number;
}

/** Cut to the buffer, as POSIX does. */
export function pathReadlink(guest: WasiGuest, call: ReadlinkCall): number {
  const directory = directoryOf(guest, call.fd, RIGHTS.pathReadlink, false);
  if (typeof directory === 'number') return directory;
  const { memory } = guest;
  const text = readPath(memory, call.path);
  if (typeof text === 'number') return text;
  const { pointer, length } = call.buffer;
  if (!memory.fits(pointer, length) || !memory.fits(call.out, 4)) return ERRNO.fault;
  return atPath(directory.dir, text, false, (place) => {
    const target = fs.readlinkSync(place.path, { encoding: 'buffer' });
    const count = target.copy(memory.slice(pointer, length));
    memory.setU32(call.out, count);
    return ERRNO.success;
  });
}
