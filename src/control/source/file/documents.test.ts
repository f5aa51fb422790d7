import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { readDocuments, TreeCache } from './documents.ts';
import { splitDocuments } from './split.ts';

function read(text: string): { values: unknown[]; codes: string[] } {
  const { documents, problems } = readDocuments('f.yaml', text, new TreeCache());
  const values = documents.map(({ value }) => value).filter((value) => value !== null);
  return { values, codes: problems.map(({ code }) => code) };
}

test('documents are cut at their markers', () => {
  for (const [text, count] of [
    ['a: 1\n---\nb: 2\n', 2],
    ['---\na: 1\n---\n\n---\n# nothing\n---\nb: 2', 2],
    ['--- # comment\na: 1\n--- {b: 2}\n--- |\n  text\n', 3],
    ['a: 1\r\n---\r\nb: 2\r\n', 2],
    ['a: "---"\nb: x---\n----: 1\n', 1],
    ['a: 1\n...\n---\nb: 2\n', 2],
    ['%YAML 1.2\n---\na: 1\n', 1],
    ['a: |\n  ---\n  b\n---\nc: 1\n', 2],
  ] as const) {
    const { values, codes } = read(text);
    assert.deepEqual(codes, [], text);
    assert.equal(values.length, count, text);
  }
});

test('one document that is no YAML leaves its neighbours', () => {
  const { values, codes } = read('a: 1\n---\nb: [\n---\nc: 3\n');
  assert.deepEqual(values, [{ a: 1 }, { c: 3 }]);
  assert.ok(codes.length > 0 && codes.every((code) => code === 'bad-yaml'));
});

test('places are of the file, in both readers, with LF and CRLF', () => {
  const lines = ['# head', '---', 'a: 1', 'b:', '  - c: x', '---', 'd: &x', '  e: *y'];
  for (const lineEnd of ['\n', '\r\n']) {
    const { documents, problems } = readDocuments('f.yaml', lines.join(lineEnd), new TreeCache());
    const [first] = documents.filter(({ value }) => value !== null);
    assert.deepEqual(first?.at([]), { file: 'f.yaml', line: 3, column: 1 });
    assert.deepEqual(first?.at(['b', 0, 'c']), { file: 'f.yaml', line: 5, column: 5 });
    assert.deepEqual(first?.at(['zzz']), { file: 'f.yaml', line: 3, column: 1 });
    assert.deepEqual(problems[0]?.location, { file: 'f.yaml', line: 8, column: 6 });
  }
});

test('an unchanged document is parsed once, and forgotten when it is gone', () => {
  const cache = new TreeCache();
  const valueOf = (text: string): unknown => readDocuments('f', text, cache).documents[0]?.value;
  const text = 'a: &x 1\nb: *x\n';
  const first = valueOf(text);
  cache.endRound();
  assert.equal(valueOf(text), first);
  cache.endRound();
  cache.endRound();
  assert.notEqual(valueOf(text), first);
});

test('the pieces of a file make up its documents', () => {
  const line = fc.constantFrom(
    '---',
    '--- ',
    '---a',
    'a: 1',
    '  b: 2',
    '# c',
    '',
    '- x',
    '--- {a: 1}',
    '--- # d',
    'k: |',
    '  ---',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 10 }), (lines) => {
      const text = lines.join('\n');
      let before = 0;
      for (const { start, end } of splitDocuments(text).segments) {
        assert.ok(before <= start && start < end && end <= text.length);
        before = end;
      }
      const whole = parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent' });
      if (!Array.isArray(whole) || whole.some(({ errors }) => errors.length > 0)) return;
      const values = whole.map((document) => document.toJS()).filter((value) => value !== null);
      assert.deepEqual(read(text).values, values, JSON.stringify(text));
    }),
    { numRuns: 1500, seed: 31 },
  );
});
