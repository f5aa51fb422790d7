/**
 * Keeps what V8 compiles of Tulle's own code between runs, which takes a fifth off the start. The
 * files are in the user's cache directory; where that cannot be written, nothing is kept. Node's
 * own switches stay in charge: NODE_COMPILE_CACHE names another place, NODE_DISABLE_COMPILE_CACHE=1
 * turns it off.
 */

import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** From here on, in this thread and in workers started later. Sources are not kept, only `dist/`. */
export function useCompileCache(): void {
  if (import.meta.url.endsWith('.ts') || process.env['NODE_COMPILE_CACHE'] !== undefined) return;
  const set = process.env['XDG_CACHE_HOME'] ?? '';
  const base = isAbsolute(set) ? set : join(homedir(), '.cache');
  if (!isAbsolute(base)) return;
  const place = join(base, 'tulle', 'compile');
  // A worker reads it from its environment.
  if (enableCompileCache(place).directory !== undefined) process.env['NODE_COMPILE_CACHE'] = place;
}
