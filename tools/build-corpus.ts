/**
 * Makes the modules under test/instrument anew: random ones, with the digest of what each does when
 * it runs as it is, and those of the WebAssembly core test suite. Needs cargo.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { countedModule, digestOf, run } from '../test/instrument/support/compare.ts';
import { jsonLines } from '../test/instrument/support/fixture.ts';

const FOLDER = resolve(import.meta.dirname, '../test/instrument');
const COUNT = 240;
const SEED = 7;
const SIZE = 3000;

function generate(...words: string[]): Record<string, unknown>[] {
  const cwd = join(FOLDER, 'generator');
  const options = { cwd, maxBuffer: 256 * 1024 * 1024, encoding: 'utf8' } as const;
  return jsonLines(execFileSync('cargo', ['run', '--release', '--quiet', '--', ...words], options));
}

function save(name: string, lines: readonly unknown[]): void {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24 };
  const packed = brotliCompressSync(text, { params });
  writeFileSync(join(FOLDER, `${name}.jsonl.br`), packed);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  console.log(`${name}: ${lines.length} lines, ${packed.length} bytes, ${hash}`);
}

const modules = generate('generated', String(COUNT), String(SEED), String(SIZE));
save(
  'generated',
  modules.map(({ module }, index) => {
    const bytes = Buffer.from(String(module), 'hex');
    // Only what comes to its end by itself can be let run as it is.
    const ends = !run(countedModule(bytes), index).cut;
    return { module, expected: ends ? digestOf(run(bytes, index)) : '' };
  }),
);
save('spec', generate('spec'));
