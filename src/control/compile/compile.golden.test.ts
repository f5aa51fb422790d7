import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { goldenNames, goldenText, TESTDATA } from './testing/golden.ts';

for (const name of goldenNames()) {
  test(`golden: ${name}`, () => {
    const expected = readFileSync(new URL(`${name}.out.yaml`, TESTDATA), 'utf8');
    assert.equal(goldenText(name), expected);
  });
}
