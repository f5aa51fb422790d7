/**
 * Keeps what V8 compiles of Tulle's own code between runs, which takes a fifth off the start. The
 * files are in the user's cache directory; where that cannot be written, nothing is kept. Node's
 * own switches stay in charge: NODE_COMPILE_CACHE names another place, NODE_DISABLE_COMPILE_CACHE=1
 * turns it off.
 */

import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** From here on, in this thread and in workers started later. Sources are not kept, only `dist/`. */
export function useCompileCache(): void {
  if (import.meta.url.endsWith('.ts') || process.env['NODE_COMPILE_CACHE'] !== undefined) return;
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const { directory } = enableCompileCache(join(base, 'tulle', 'compile'));
  // A worker reads it from its environment; Node tells the place with its version in it.
  if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] = join(base, 'tulle', 'compile');
}
