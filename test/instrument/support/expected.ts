/** What a generated module does as it is, as far as it can be let run. */

import { createHash } from 'node:crypto';
import { countedModule, run, type Trace } from './compare.ts';

/** Null where it does not come to an end before anything can be seen. */
export function expectedTrace(bytes: Uint8Array, seed: number): Trace | null {
  const counted = run(countedModule(bytes), seed);
  if (counted.cut && counted.lines.length < 2) return null;
  return run(bytes, seed, counted.cut ? counted.lines.length : undefined);
}

export function digestOf(trace: Trace | null): string {
  if (trace === null) return '';
  return createHash('sha256').update(trace.lines.join('\n')).digest('hex').slice(0, 16);
}
