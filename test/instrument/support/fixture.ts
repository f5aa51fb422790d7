/** Modules kept as compressed lines of JSON; `tools/build-corpus.ts` makes them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

export function fixtureLines(name: string): Record<string, unknown>[] {
  const path = join(import.meta.dirname, '..', `${name}.jsonl.br`);
  return jsonLines(brotliDecompressSync(readFileSync(path)).toString());
}

export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
