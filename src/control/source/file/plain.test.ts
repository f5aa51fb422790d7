/**
 * The fast reader against the complete one: whatever it answers must be what the syntax tree gives,
 * with no syntax error. What it declines is never wrong, only slow, so a list of common shapes that
 * it must take stands beside.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { NOT_PLAIN, readPlain } from './plain.ts';
import { parseTrees } from './tree.ts';

function plain(text: string): unknown {
  return readPlain(text, 0, text.length);
}

/** Whether the fast reader took it; throws where the two disagree. */
function agrees(text: string): boolean {
  const value = plain(text);
  if (value === NOT_PLAIN) return false;
  const { trees, problems } = parseTrees(text);
  assert.deepEqual(problems, [], JSON.stringify(text));
  assert.ok(trees.length <= 1, JSON.stringify(text));
  assert.deepEqual(value, trees[0]?.value ?? null, JSON.stringify(text));
  return true;
}

test('takes the shapes that people and tools write', () => {
  for (const text of [
    '',
    '# only a comment\n\n',
    "a: 1\nb: two words\nc: \"x: y\"\nd: 'it''s'\n",
    'a:\n  b:\n    c: true\n  d: ~\ne:\n',
    'a:\n- x\n- y: 1\n  z: 2\nb:\n  - - 1\n    - 2\n  -\n    k: v\n  -\n',
    'a: [1, two, "three", {b: c, d: []}, ]\ne: {}\n',
    'a: http://x.example:80/p # trailing\nb: 10.0.0.1\nc: -x\nd: a#b\ne: a:b\n',
    'kubernetes.io/service-name: x\n"quoted key": 1\n',
    '{"a": {"b": [1, "c"]},\n "d":null}\n',
    'a: 1\r\nb:\r\n  - c\r\n',
    'a: "\\"\\n\\\\"\n',
    '  a: 1\n  b: 2\n',
    '- a\n- b\n',
    'a:   # nothing here\n  b: 1\n  # between\n\n  c: 2',
  ]) {
    assert.ok(agrees(text), JSON.stringify(text));
  }
});

test('leaves to the complete reader what is not plain', () => {
  for (const text of [
    'a: &x 1\nb: *x\n',
    'a: !!str 1\n',
    'a: |\n  text\n',
    'a: >-\n  text\n',
    'a: two\n  lines\n',
    'a: "two\n  lines"\n',
    'a: 1\na: 2\n',
    'a: b: c\n',
    'a: - b\n',
    'a:\n\t- b\n',
    'a: 0x10\n',
    'a: 1.5\n',
    'a: 007\n',
    'a: .inf\n',
    '? a\n: b\n',
    '<<: {a: 1}\n',
    'a: "\\x41"\n',
    '1: a\n',
    'true: a\n',
    'a: [b\n  , c]\n',
    'a: {b, c}\n',
    'a: 1\n b: 2\n',
    '  a: 1\nb: 2\n',
    'just text\n',
    '__proto__: 1\n',
    'a: `x`\n',
    'a: @x\n',
    `${'k'.repeat(300)}: 1\n`,
    `${'['.repeat(100)}${']'.repeat(100)}`,
  ]) {
    assert.equal(plain(text), NOT_PLAIN, JSON.stringify(text));
  }
});

const scalar = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'true',
    'null',
    '~',
    '-',
    '- a',
    'a: b',
    'a #b',
    '#a',
    '10',
    '-0',
    '+1',
    '1e3',
    '0o7',
    '.5',
    'x,y',
    '[a]',
    '*',
    '&a',
    '? x',
    'a\nb',
    ' a',
    'a ',
    '\t',
    '"',
    "'",
    '1.2.3.4',
    'é',
    '\u2028',
  ),
  fc.string({ maxLength: 8 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true }),
);
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalar, tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  map: fc.dictionary(
    fc.oneof(
      fc.constantFrom('name', 'a/b.c', 'x-y', 'null', '1', 'a b', ''),
      fc.string({ maxLength: 5 }),
    ),
    tie('value'),
    { maxKeys: 4 },
  ),
}));

test('agrees on generated documents in every style the package writes', () => {
  let taken = 0;
  fc.assert(
    fc.property(
      anyValue,
      fc.constantFrom(
        {},
        { indentSeq: false },
        { collectionStyle: 'flow' as const, lineWidth: 0 },
        { indent: 4, lineWidth: 0 },
      ),
      (value, options) => {
        if (agrees(stringify({ root: value }, options))) taken++;
        if (agrees(JSON.stringify({ root: value }, null, 2))) taken++;
      },
    ),
    { numRuns: 1500, seed: 11 },
  );
  // The property would hold for a reader that takes nothing.
  assert.ok(taken > 500, `took ${taken}`);
});

/** Pieces that matter to YAML, put together with no regard for sense. */
const pieces = fc.array(
  fc.constantFrom(
    'a',
    'b',
    '1',
    ':',
    ': ',
    ' ',
    '  ',
    '\n',
    '\n  ',
    '\n    ',
    '- ',
    '-',
    ',',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '#',
    ' #',
    '\r\n',
    '\t',
    '~',
    'true',
    '|',
    '&a',
    '*a',
    '\\',
    '.',
    '\n\n',
    'key: ',
    '\n- ',
    '""',
    '<<: ',
  ),
  { maxLength: 24 },
);

test('agrees on texts made of the pieces of YAML', () => {
  let taken = 0;
  fc.assert(
    fc.property(pieces, (parts) => {
      if (agrees(parts.join(''))) taken++;
    }),
    { numRuns: 4000, seed: 12 },
  );
  assert.ok(taken > 100, `took ${taken}`);
});

test('agrees on sound documents with one place damaged', () => {
  const base =
    'a: 1\nspec:\n  list:\n  - {name: x, v: [1, "2"]}\n  - name: "y z"\n    deep:\n      k: \'q\' # c\n  last: t\n';
  fc.assert(
    fc.property(
      fc.nat(base.length),
      fc.nat(3),
      fc.constantFrom(...' \n\t:-[]{},"\'#ax1&|'),
      (at, cut, put) => {
        agrees(base.slice(0, at) + put + base.slice(at + cut));
      },
    ),
    { numRuns: 3000, seed: 13 },
  );
});
