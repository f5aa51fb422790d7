/** The `path_*` part of the imports. The order and number of parameters is the ABI's. */

// oxlint-disable max-params -- the ABI has so many
import { FILESTAT } from './filestat.ts';
import {
  pathCreateDirectory,
  pathFilestatGet,
  pathFilestatSetTimes,
  pathLink,
  pathReadlink,
  pathRemoveDirectory,
  pathRename,
  pathSymlink,
  pathUnlinkFile,
} from './path.ts';
import { pathOpen } from './path-open.ts';
import { enter, type Run } from './run.ts';

type N = number;
type B = bigint;

export function pathImports(run: Run): WebAssembly.ModuleImports {
  return { ...nameImports(run), ...lookupImports(run) };
}

function nameImports(run: Run): WebAssembly.ModuleImports {
  return {
    path_create_directory: (fd: N, pointer: N, length: N) =>
      pathCreateDirectory(enter(run), fd, { pointer, length }),
    path_remove_directory: (fd: N, pointer: N, length: N) =>
      pathRemoveDirectory(enter(run), fd, { pointer, length }),
    path_unlink_file: (fd: N, pointer: N, length: N) =>
      pathUnlinkFile(enter(run), fd, { pointer, length }),
    path_rename: (fromFd: N, from: N, fromLength: N, toFd: N, to: N, toLength: N) =>
      pathRename(enter(run), {
        fromFd,
        from: { pointer: from, length: fromLength },
        toFd,
        to: { pointer: to, length: toLength },
      }),
    path_symlink: (target: N, targetLength: N, fd: N, pointer: N, length: N) =>
      pathSymlink(enter(run), { pointer: target, length: targetLength }, fd, { pointer, length }),
    path_readlink: (fd: N, pointer: N, length: N, buffer: N, bufferLength: N, out: N) =>
      pathReadlink(enter(run), {
        fd,
        path: { pointer, length },
        buffer: { pointer: buffer, length: bufferLength },
        out,
      }),
  };
}

function lookupImports(run: Run): WebAssembly.ModuleImports {
  return {
    path_link: (fromFd: N, lookup: N, from: N, fromLength: N, toFd: N, to: N, toLength: N) =>
      pathLink(enter(run), lookup, {
        fromFd,
        from: { pointer: from, length: fromLength },
        toFd,
        to: { pointer: to, length: toLength },
      }),
    path_filestat_get: (fd: N, lookup: N, pointer: N, length: N, out: N) =>
      pathFilestatGet(enter(run), { fd, lookup, path: { pointer, length } }, out, FILESTAT),
    path_filestat_set_times: (
      fd: N,
      lookup: N,
      pointer: N,
      length: N,
      atimeNs: B,
      mtimeNs: B,
      flags: N,
    ) =>
      pathFilestatSetTimes(
        enter(run),
        { fd, lookup, path: { pointer, length } },
        { atimeNs, mtimeNs, flags },
      ),
    path_open: (
      fd: N,
      lookup: N,
      pointer: N,
      length: N,
      oflags: N,
      rights: B,
      _inheriting: B,
      fdflags: N,
      out: N,
    ) =>
      pathOpen(enter(run), {
        fd,
        lookup,
        path: { pointer, length },
        oflags,
        rights,
        fdflags,
        out,
      }),
  };
}
