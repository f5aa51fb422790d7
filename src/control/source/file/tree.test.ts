import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { FieldPath } from '../../resource.ts';
import { parseTrees } from './tree.ts';

function valueOf(text: string): unknown {
  const { trees, problems } = parseTrees(text);
  assert.deepEqual(problems, []);
  return trees[0]?.value;
}

function codesOf(text: string): string[] {
  return parseTrees(text).problems.map(({ code }) => code);
}

/** The text that stands where a field is. */
function textAt(text: string, path: FieldPath): string {
  const offset = parseTrees(text).trees[0]?.offsetOf(path) ?? -1;
  return text.slice(offset, offset + 4);
}

test('an alias is a copy of its own', () => {
  const value = valueOf('a: &x {b: [1]}\nc: *x\n') as Record<string, { b: number[] }>;
  assert.deepEqual(value['c'], { b: [1] });
  assert.notEqual(value['a'], value['c']);
});

test('an anchor may be given again; each alias has the one before it', () => {
  assert.deepEqual(valueOf('a: &x 1\nb: *x\nc: &x 2\nd: *x\n'), { a: 1, b: 1, c: 2, d: 2 });
  assert.deepEqual(valueOf('a: &x 1\nb: &y [*x]\nc: &x 2\nd: *y\n'), {
    a: 1,
    b: [1],
    c: 2,
    d: [1],
  });
});

test('merge keys: own fields win, then earlier sources', () => {
  const text =
    'p: &p {a: 1, b: 1}\nq: &q {b: 2, c: 2}\nr:\n  a: 0\n  <<: [*p, *q]\ns: {<<: *q, c: 3}\n';
  const value = valueOf(text) as Record<string, unknown>;
  assert.deepEqual(value['r'], { a: 0, b: 1, c: 2 });
  assert.deepEqual(value['s'], { b: 2, c: 3 });
  assert.deepEqual(valueOf('"<<": {a: 1}'), { '<<': { a: 1 } });
  assert.deepEqual(codesOf('<<: 1'), ['bad-merge']);
});

test('places of fields, entries, absent fields, and those behind aliases and merges', () => {
  const text =
    'base: &b {from: 1}\nspec:\n  list:\n  - name: x\n  - <<: *b\n    name: y\n  alias: *b\n';
  assert.equal(textAt(text, ['spec', 'list', 0, 'name']), 'name');
  assert.equal(textAt(text, ['spec', 'list', 1]), '<<: ');
  assert.equal(textAt(text, ['spec', 'list', 1, 'from']), 'from');
  assert.equal(textAt(text, ['spec', 'alias', 'from']), 'from');
  assert.equal(textAt(text, ['spec', 'list', 0, 'absent', 'deeper']), 'name');
  assert.equal(textAt(text, ['spec', 'absent']), 'spec');
  assert.equal(textAt(text, ['spec', 'list', 9]), 'list');
});

test('what cannot be a value is named at its place', () => {
  for (const [text, code] of [
    ['a: 1\na: 2\n', 'duplicate-key'],
    ['{[a]: 1}', 'bad-key'],
    ['? {a: b}\n: 1\n', 'bad-key'],
    ['a: &a [*a]\n', 'bad-alias'],
    ['a: *missing\n', 'bad-alias'],
    ['a: [1\n', 'bad-yaml'],
    ['a: "x\n', 'bad-yaml'],
    ['a: b: c\n', 'bad-yaml'],
    ['a: !Custom 1\n', 'yaml-tag'],
  ] as const) {
    assert.ok(codesOf(text).includes(code), `${text} ${codesOf(text).join()}`);
  }
  assert.equal(parseTrees('x: 1\na: 1\nb: 2\na: 3\n').problems[0]?.offset, 15);
});

test('numbers, truth values and null are keys by their text', () => {
  assert.deepEqual(valueOf('1: a\ntrue: b\n"": c\n'), { 1: 'a', true: 'b', '': 'c' });
  assert.deepEqual(codesOf('~: a'), ['bad-key']);
});

test('a bomb of aliases is refused before it grows', () => {
  let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n';
  for (let level = 1; level < 12; level++) {
    text += `a${level}: &a${level} [${`*a${level - 1}, `.repeat(10)}]\n`;
  }
  assert.ok(codesOf(text).includes('bad-alias'));
});

test('hundreds of aliases of one small object are no bomb', () => {
  const text = `a: &a {b: 1}\nl:\n${'- *a\n'.repeat(2000)}`;
  assert.equal((valueOf(text) as { l: unknown[] }).l.length, 2000);
});

test('depth is bounded, however it is written', () => {
  assert.deepEqual(codesOf(`${'['.repeat(200)}${']'.repeat(200)}`), ['too-deep']);
  for (const text of ['['.repeat(50_000), '- '.repeat(20_000), '{a: '.repeat(20_000)]) {
    const codes = codesOf(text);
    assert.ok(codes.includes('too-deep') && codes.length <= 101, text.slice(0, 4));
  }
});

test('a text with thousands of errors reports a bounded number', () => {
  const count = codesOf('*a '.repeat(5_000)).length;
  assert.ok(count > 1 && count <= 101, String(count));
});

test('a field named __proto__ is a field', () => {
  const value = valueOf('{"__proto__": {polluted: 1}, a: &x 1}') as Record<string, unknown>;
  assert.deepEqual(Object.keys(value), ['__proto__', 'a']);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('a large map is read in linear time', () => {
  const text = Array.from({ length: 20_000 }, (_, index) => `k${index}: &a${index} 1`).join('\n');
  assert.equal(Object.keys(valueOf(text) as object).length, 20_000);
});

test('no text throws', () => {
  const token = fc.constantFrom(
    '&a ',
    '*a',
    '!!x ',
    '? ',
    ': ',
    '- ',
    '<<: ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '|\n',
    '>\n',
    '"',
    "'",
    '\n',
    ' ',
    'k',
    '---\n',
    '...\n',
    '%YAML 1.2\n',
    '#',
    '\t',
    '\r',
    '\0',
    '\uFEFF',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(token, fc.string({ maxLength: 3 })), { maxLength: 30 }),
      (parts) => {
        const { trees, problems } = parseTrees(parts.join(''));
        for (const { offset } of problems) assert.ok(offset >= 0);
        for (const tree of trees) assert.ok(tree.offsetOf(['k', 0, 'x']) >= 0);
      },
    ),
    { numRuns: 3000, seed: 21 },
  );
});
