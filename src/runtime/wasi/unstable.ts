/**
 * `wasi_unstable`, the name before preview 1: the same functions but for four, whose structs or
 * numbers changed since. Only these are bound anew.
 */

import { WHENCE } from './abi.ts';
import { fdFilestatGet } from './fd.ts';
import { fdSeek } from './fd-io.ts';
import { FILESTAT_UNSTABLE } from './filestat.ts';
import { pathFilestatGet } from './path.ts';
import { pollOneoff, SUBSCRIPTION_UNSTABLE } from './poll.ts';
import { enter, type Run } from './run.ts';

/** `whence` was cur, end, set. */
const WHENCES: readonly number[] = [WHENCE.cur, WHENCE.end, WHENCE.set];
const NO_WHENCE = -1;

export function unstableImports(run: Run): WebAssembly.ModuleImports {
  return {
    fd_seek: (fd: number, offset: bigint, whence: number, out: number) =>
      fdSeek(enter(run), fd, offset, WHENCES[whence >>> 0] ?? NO_WHENCE, out),
    fd_filestat_get: (fd: number, out: number) =>
      fdFilestatGet(enter(run), fd, out, FILESTAT_UNSTABLE),
    path_filestat_get: (fd: number, lookup: number, pointer: number, length: number, out: number) =>
      pathFilestatGet(
        enter(run),
        { fd, lookup, path: { pointer, length } },
        out,
        FILESTAT_UNSTABLE,
      ),
    poll_oneoff: (subscriptions: number, events: number, count: number, out: number) =>
      pollOneoff(enter(run), { subscriptions, events, count, out, layout: SUBSCRIPTION_UNSTABLE }),
  };
}
