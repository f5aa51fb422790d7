/**
 * A directory of the host, held open, and the way from it to a path of the guest. A path is walked
 * component by component as `openat` would: each directory on the way is opened without following
 * links, a link is read and its components put before the rest, `..` goes back to the directory
 * opened before. Nothing is ever looked up through a string that the guest or another process could
 * bend meanwhile, so neither `..` nor a link, even one swapped in during the walk, leads outside.
 *
 * Node has no `openat`; on Linux a name below `/proc/self/fd/N` is the same thing. Elsewhere the walk
 * checks real paths instead: the same rules, but open to a race with a process that swaps a
 * directory for a link at the right moment.
 */

import * as fs from 'node:fs';
import { ERRNO, errnoOf } from './errno.ts';

const LINKS_MAX = 40;
/** Directories one walk may hold open. */
const DEPTH_MAX = 128;
/** `node:fs` does not name it; the same number on every Linux architecture Node supports. */
const O_PATH = 0o10000000;
const HAS_FD_PATHS: boolean = process.platform === 'linux' && fs.existsSync('/proc/self/fd');

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = fs.constants;

export class HostDir {
  /** Prefix under which names of this directory are found; with no trailing slash. */
  readonly path: string;
  readonly #fd: number;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** Opens a directory the configuration names, links followed. Throws what `node:fs` throws. */
  static open(path: string): HostDir {
    if (HAS_FD_PATHS) return HostDir.#ofPath(path, O_PATH | O_DIRECTORY);
    const real = fs.realpathSync(path);
    if (!fs.statSync(real).isDirectory()) throw hostError('ENOTDIR', real);
    return new HostDir(real, -1);
  }

  static #ofPath(path: string, flags: number): HostDir {
    const fd = fs.openSync(path, flags);
    return new HostDir(`/proc/self/fd/${fd}`, fd);
  }

  /** Opens a directory by name, a link refused. Throws what `node:fs` throws. */
  child(name: string): HostDir {
    const path = `${this.path}/${name}`;
    if (HAS_FD_PATHS) return HostDir.#ofPath(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_RDONLY);
    const stat = fs.lstatSync(path);
    if (!stat.isDirectory()) throw hostError('ENOTDIR', path);
    return new HostDir(path, -1);
  }

  close(): void {
    if (this.#fd >= 0) fs.closeSync(this.#fd);
  }
}

function hostError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

/** Where a path leads: a name in a held directory. `.` is the directory itself. */
export interface Place {
  readonly dir: HostDir;
  readonly name: string;
  /** For one call of `node:fs` that does not follow links. */
  readonly path: string;
  /** The path ended in a slash or dot. */
  readonly mustBeDirectory: boolean;
}

/**
 * Walks `path` from `root` and calls `act` with the place; its result is returned, and what it
 * throws becomes an errno. `follow`: a link at the end is followed too.
 */
export function atPath(
  root: HostDir,
  path: string,
  follow: boolean,
  act: (place: Place) => number,
): number {
  const walk = new Walk(root, path);
  try {
    const errno = walk.run(follow);
    if (errno !== ERRNO.success) return errno;
    return act({
      dir: walk.top,
      name: walk.name,
      path: `${walk.top.path}/${walk.name}`,
      mustBeDirectory: walk.mustBeDirectory,
    });
  } catch (error) {
    return errnoOf(error);
  } finally {
    walk.close();
  }
}

class Walk {
  readonly #held: HostDir[] = [];
  readonly #root: HostDir;
  /** Components still to go, the next one last. */
  readonly #pending: string[] = [];
  #links = 0;
  readonly #absolute: boolean;
  top: HostDir;
  name = '.';
  mustBeDirectory = false;

  constructor(root: HostDir, path: string) {
    this.#root = root;
    this.top = root;
    this.#absolute = !this.#push(path);
  }

  /** True if the path is relative, as every path must be. */
  #push(path: string): boolean {
    if (path.startsWith('/')) return false;
    const parts = path.split('/');
    if (this.#pending.length === 0) {
      const last = parts[parts.length - 1];
      this.mustBeDirectory ||= last === '' || last === '.' || last === '..';
    }
    for (let i = parts.length - 1; i >= 0; i--) {
      const part = parts[i] as string;
      if (part !== '' && part !== '.') this.#pending.push(part);
    }
    return true;
  }

  run(follow: boolean): number {
    if (this.#absolute) return ERRNO.perm;
    for (;;) {
      const part = this.#pending.pop();
      if (part === undefined) {
        this.name = '.';
        return ERRNO.success;
      }
      let errno: number;
      if (part === '..') errno = this.#up();
      else if (this.#pending.length > 0) errno = this.#down(part);
      else if (follow || this.mustBeDirectory) {
        const link = this.#readLink(part);
        if (link === null) return this.#arrive(part);
        errno = this.#expand(link);
      } else return this.#arrive(part);
      if (errno !== ERRNO.success) return errno;
    }
  }

  #arrive(name: string): number {
    this.name = name;
    return ERRNO.success;
  }

  #up(): number {
    const left = this.#held.pop();
    if (left === undefined) return ERRNO.perm;
    left.close();
    this.top = this.#held[this.#held.length - 1] ?? this.#root;
    return ERRNO.success;
  }

  #down(name: string): number {
    if (this.#held.length >= DEPTH_MAX) return ERRNO.nametoolong;
    try {
      this.top = this.top.child(name);
      this.#held.push(this.top);
      return ERRNO.success;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== ERRNO.notdir && errno !== ERRNO.loop) return errno;
      const link = this.#readLink(name);
      return link === null ? ERRNO.notdir : this.#expand(link);
    }
  }

  /** Null where the name is no link (or nothing). */
  #readLink(name: string): string | null {
    try {
      return fs.readlinkSync(`${this.top.path}/${name}`);
    } catch {
      return null;
    }
  }

  #expand(target: string): number {
    this.#links += 1;
    if (this.#links > LINKS_MAX) return ERRNO.loop;
    return this.#push(target) ? ERRNO.success : ERRNO.perm;
  }

  close(): void {
    for (const dir of this.#held) dir.close();
  }
}
