/**
 * Random modules do the same with a counter as without: results, traps, what they ask of the host,
 * memories, globals and tables, after each call. One that does not end by itself is compared up to
 * the call that its counter ends.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { countedModule, digestOf, run, type Trace } from './support/compare.ts';
import { fixtureLines, jsonLines } from './support/fixture.ts';

const FRESH = 60;
const TARGET = process.env['CARGO_TARGET_DIR'] ?? join(import.meta.dirname, 'generator/target');

/** What the module did as it is; null where that is not all that it would do. */
function compare(bytes: Uint8Array, seed: number): Trace | null {
  const counted = run(countedModule(bytes), seed);
  if (counted.cut && counted.lines.length < 2) return null;
  const plain = run(bytes, seed, counted.cut ? counted.lines.length : undefined);
  assert.deepEqual(counted.lines, plain.lines);
  return counted.cut ? null : plain;
}

describe('modules with a counter', () => {
  it('do what generated ones did before', () => {
    const lines = fixtureLines('generated');
    assert.ok(lines.length >= 200);
    let whole = 0;
    for (const [seed, { module, expected }] of lines.entries()) {
      const bytes = Buffer.from(String(module), 'hex');
      const trace = compare(bytes, seed);
      if (trace === null) continue;
      whole++;
      if (expected !== '') assert.equal(digestOf(trace), expected, `module ${seed}`);
    }
    assert.ok(whole > lines.length / 2, `only ${whole} ran to their end`);
  });

  it('do so for modules made just now', (t) => {
    const program = join(TARGET, 'release/instrument-corpus');
    if (!existsSync(program)) {
      t.skip('needs `cargo build --release` in test/instrument/generator');
      return;
    }
    const seed = String(Math.floor(Math.random() * 1e9));
    const made = execFileSync(program, ['generated', String(FRESH), seed, '3000']).toString();
    for (const { module } of jsonLines(made)) {
      const hex = String(module);
      assert.doesNotThrow(() => compare(Buffer.from(hex, 'hex'), 1), `seed ${seed}: ${hex}`);
    }
  });
});
