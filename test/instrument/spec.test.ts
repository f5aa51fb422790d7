/**
 * The modules of the WebAssembly core test suite, and of the proposals that engines have taken up,
 * do the same with a counter as without. Those it calls malformed or invalid are refused.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { instrument } from '../../src/runtime/module/instrument/instrument.ts';
import { fixtureLines } from './support/fixture.ts';
import { SpecWorld } from './support/spec-world.ts';

/** Reasons for which a valid module is refused. */
const REFUSALS = /64-bit addresses|garbage-collected types/;

interface File {
  readonly name: string;
  readonly steps: Readonly<Record<string, unknown>>[];
}

function filesOf(lines: readonly Record<string, unknown>[]): File[] {
  const files: File[] = [];
  for (const line of lines) {
    if (typeof line['file'] === 'string') files.push({ name: line['file'], steps: [] });
    else files.at(-1)?.steps.push(line);
  }
  return files;
}

const files = filesOf(fixtureLines('spec'));

/** The module as it is where it cannot be counted, so that what comes after still has it. */
function counted(bytes: Uint8Array): Uint8Array {
  if (!WebAssembly.validate(bytes)) return bytes;
  const result = instrument(bytes);
  if ('reason' in result) {
    assert.match(result.reason, REFUSALS);
    return bytes;
  }
  assert.ok(WebAssembly.validate(result));
  return result;
}

describe('the core test suite, with a counter', () => {
  for (const { name, steps } of files) {
    it(name, () => {
      const plain = new SpecWorld((bytes) => bytes);
      const rewritten = new SpecWorld(counted);
      for (const step of steps) {
        plain.step(step);
        rewritten.step(step);
      }
      assert.deepEqual(rewritten.lines, plain.lines);
    });
  }

  it('refuses what is malformed or invalid', () => {
    let count = 0;
    for (const { name, steps } of files) {
      for (const { invalid } of steps) {
        if (typeof invalid !== 'string') continue;
        const bytes = Buffer.from(invalid, 'hex');
        // Some rules were lifted since the suite was written.
        if (WebAssembly.validate(bytes)) continue;
        count++;
        const result = instrument(bytes);
        assert.ok('reason' in result, name);
        assert.match(result.reason, /^is not valid: /);
      }
    }
    assert.ok(count > 1_000, `only ${count}`);
  });

  it('is large enough to mean something', () => {
    const calls = files.flatMap((file) => file.steps).filter((step) => 'call' in step);
    assert.ok(files.length > 150 && calls.length > 3_000, `${files.length}, ${calls.length}`);
  });
});
