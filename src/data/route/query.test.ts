import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decode, nextParameter, parameterName, queryValue } from './query.ts';

const valueIn = (query: string, name: string): string | undefined =>
  queryValue(`/path?${query}`, 6, name);

const cases: readonly (readonly [query: string, name: string, value: string | undefined])[] = [
  ['a=1&b=2', 'b', '2'],
  ['a=1&a=2', 'a', '1'],
  ['a', 'a', ''],
  ['a=', 'a', ''],
  ['a=1=2', 'a', '1=2'],
  ['ab=1', 'a', undefined],
  ['a=1', 'ab', undefined],
  ['&&a=1&&', 'a', '1'],
  ['A=1', 'a', undefined],
  ['%61=1', 'a', '1'],
  ['a=%41%42', 'a', 'AB'],
  ['a=x+y%2Bz', 'a', 'x y+z'],
  ['a+b=1', 'a b', '1'],
  ['a=%', 'a', '%'],
  ['a=%4', 'a', '%4'],
  ['a=%zz%41', 'a', '%zzA'],
  ['a=%C3%A9', 'a', '\u00c3\u00a9'],
  ['a=?', 'a', '?'],
  ['', 'a', undefined],
];

for (const [query, name, value] of cases) {
  test(`"${query}" has ${JSON.stringify(value)} as "${name}"`, () => {
    assert.equal(valueIn(query, name), value);
  });
}

test('a path without a query has no parameters', () => {
  assert.equal(queryValue('/a=1', 4, 'a'), undefined);
});

test('parameters are walked one by one', () => {
  const target = '/p?a=1&%62&&c+d=';
  const names: string[] = [];
  for (let from = 3; from < target.length; from = nextParameter(target, from)) {
    names.push(parameterName(target, from));
  }
  assert.deepEqual(names, ['a', 'b', '', 'c d']);
});

test('what URLSearchParams writes is read back', () => {
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (pairs) => {
      const query = new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString();
      for (const [name] of pairs) {
        const wireName = Buffer.from(name.toWellFormed(), 'utf8').toString('latin1');
        const wanted = pairs.find(([other]) => other.toWellFormed() === name.toWellFormed())?.[1];
        const got = valueIn(query, wireName);
        assert.equal(
          got === undefined ? undefined : Buffer.from(got, 'latin1').toString('utf8'),
          wanted?.toWellFormed(),
        );
      }
    }),
  );
});

test('decoding takes any text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.ok(decode(text).length <= text.length);
      if (!/[%+]/.test(text)) assert.equal(decode(text), text);
    }),
  );
});
