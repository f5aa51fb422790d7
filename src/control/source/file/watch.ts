/**
 * Tells when resource files may have changed. It looks at names only and reads nothing: whoever is
 * told reads again, and finds out cheaply (`ReadCache`) when nothing has.
 *
 * Each path is watched through its directory, as editors and ConfigMap mounts replace a file or a
 * link by renaming another over it, which a watch on the file itself would not outlive. A directory
 * is watched itself, and through its parent for the case that it is replaced as a whole; a link also
 * where it leads. After each change the set of watches is made anew.
 *
 * One save is many events, so the call waits for 10 ms of quiet, or 250 ms where there is none. A
 * file caught half-written brings another event, hence another call. Where the system refuses a
 * watch (its number is limited) or a directory is not there yet, modification times are compared
 * once a second.
 */

import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Log } from '../../../base/log.ts';
import { failureOf, isResourceFile, listFiles } from './list.ts';

const QUIET_MS = 10;
const DEBOUNCE_MS_MAX = 250;
const POLL_MS = 1_000;

export interface FileWatch {
  /** No call comes after it. */
  close(): void;
}

/**
 * Calls `onChange` after each change of what the paths (files or directories, as `readFiles` takes
 * them) hold; perhaps also when nothing changed. Begin watching before the first read, so that no
 * change falls between the two.
 */
export function watchFiles(
  paths: readonly string[],
  { log }: { readonly log: Log },
  onChange: () => void,
): FileWatch {
  return new Watcher(
    paths.map((path) => resolve(path)),
    log,
    onChange,
  );
}

/** Which names in one directory matter. */
interface Interest {
  readonly names: Set<string>;
  /** All resource files. */
  all: boolean;
}

interface OpenWatch {
  readonly watcher: FSWatcher;
  interest: Interest;
  /** The directory it was opened on, as the path may come to mean another. */
  readonly identity: string;
}

class Watcher implements FileWatch {
  readonly #paths: readonly string[];
  readonly #log: Log;
  readonly #onChange: () => void;
  readonly #open = new Map<string, OpenWatch>();
  #quiet: NodeJS.Timeout | undefined;
  #latest: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #fingerprint = '';
  #closed = false;

  constructor(paths: readonly string[], log: Log, onChange: () => void) {
    this.#paths = paths;
    this.#log = log;
    this.#onChange = onChange;
    this.#renew();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#quiet);
    clearTimeout(this.#latest);
    clearInterval(this.#poll);
    for (const { watcher } of this.#open.values()) watcher.close();
    this.#open.clear();
  }

  #noteEvent(): void {
    if (this.#closed) return;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#tell(), QUIET_MS);
    this.#latest ??= setTimeout(() => this.#tell(), DEBOUNCE_MS_MAX);
  }

  #tell(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#latest);
    this.#latest = undefined;
    this.#renew();
    this.#onChange();
  }

  /** Opens what is missing, closes what is not wanted any more. */
  #renew(): void {
    const wanted = interestsOf(this.#paths);
    for (const [directory, open] of this.#open) {
      const interest = wanted.get(directory);
      if (interest !== undefined && identityOf(directory) === open.identity) {
        open.interest = interest;
        wanted.delete(directory);
      } else {
        open.watcher.close();
        this.#open.delete(directory);
      }
    }
    let complete = true;
    for (const [directory, interest] of wanted) {
      complete = this.#watch(directory, interest) && complete;
    }
    if (complete) this.#stopPolling();
    else this.#startPolling();
  }

  #watch(directory: string, interest: Interest): boolean {
    try {
      const watcher = watch(directory, { persistent: false });
      const open: OpenWatch = { watcher, interest, identity: identityOf(directory) };
      watcher.on('change', (_, name) => {
        if (concerns(open.interest, name)) this.#noteEvent();
      });
      watcher.on('error', () => {
        watcher.close();
        if (this.#open.get(directory) === open) this.#open.delete(directory);
        this.#noteEvent();
      });
      this.#open.set(directory, open);
      return true;
    } catch (error) {
      this.#log.write('warn', 'cannot watch a directory; looking once a second instead', {
        directory,
        failure: failureOf(error),
      });
      return false;
    }
  }

  #startPolling(): void {
    if (this.#poll !== undefined) return;
    this.#fingerprint = fingerprintOf(this.#paths);
    this.#poll = setInterval(() => {
      const fingerprint = fingerprintOf(this.#paths);
      if (fingerprint === this.#fingerprint) return;
      this.#fingerprint = fingerprint;
      this.#noteEvent();
    }, POLL_MS);
    this.#poll.unref();
  }

  #stopPolling(): void {
    clearInterval(this.#poll);
    this.#poll = undefined;
  }
}

/** `..data` is the link that a ConfigMap mount swaps; a name is not always told. */
function concerns(interest: Interest, name: string | Buffer | null): boolean {
  if (name === null) return true;
  const text = String(name);
  return (
    interest.names.has(text) || text.startsWith('..') || (interest.all && isResourceFile(text))
  );
}

function interestsOf(paths: readonly string[]): Map<string, Interest> {
  const interests = new Map<string, Interest>();
  const interestIn = (directory: string): Interest => {
    const known = interests.get(directory) ?? { names: new Set(), all: false };
    interests.set(directory, known);
    return known;
  };
  for (const path of paths) {
    interestIn(dirname(path)).names.add(basename(path));
    const { files, directory } = listFiles(path);
    if (directory) interestIn(path).all = true;
    for (const file of files) {
      const target = realPath(file);
      if (target !== null && target !== file)
        interestIn(dirname(target)).names.add(basename(target));
    }
  }
  return interests;
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

function identityOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.dev}:${stats.ino}`;
}

/** Changes when a file is written, replaced, added or removed. */
function fingerprintOf(paths: readonly string[]): string {
  const parts: string[] = [];
  for (const path of paths) {
    const { files, failure } = listFiles(path);
    parts.push(failure);
    for (const file of files) {
      const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
      parts.push(`${file} ${stats?.ino} ${stats?.size} ${stats?.mtimeNs}`);
    }
  }
  return parts.join('\n');
}
