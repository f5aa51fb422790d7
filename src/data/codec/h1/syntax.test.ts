/** Character classes, names, values, authorities, field lines and lengths, against the RFCs' grammar. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import type { Fields } from '../head.ts';
import {
  isAuthority,
  isFieldName,
  isFieldValue,
  isFieldValueCode,
  isHexCode,
  isTargetCode,
  isTokenCode,
  parseContentLength,
  parseFieldLines,
} from './syntax.ts';

const BYTES = Array.from({ length: 256 }, (_, code) => code);

function bytesWhere(is: (code: number) => boolean): string {
  return String.fromCharCode(...BYTES.filter(is));
}

function range(from: number, to: number): string {
  return String.fromCharCode(...BYTES.slice(from, to + 1));
}

suite('character classes', () => {
  test('token characters: RFC 9110 5.6.2', () => {
    const digits = range(0x30, 0x39);
    const letters = range(0x41, 0x5a) + range(0x61, 0x7a);
    const expected = [..."!#$%&'*+-.^_`|~", ...digits, ...letters].sort().join('');
    assert.equal(bytesWhere(isTokenCode), expected);
  });

  test('field values: visible, blank, tab and obs-text: RFC 9110 5.5', () => {
    assert.equal(bytesWhere(isFieldValueCode), `\t${range(0x20, 0x7e)}${range(0x80, 0xff)}`);
  });

  test('targets: visible ASCII without a fragment: RFC 9112 3.2, RFC 3986 3.5', () => {
    assert.equal(bytesWhere(isTargetCode), range(0x21, 0x7e).replace('#', ''));
  });

  test('hexadecimal digits: RFC 9112 7.1', () => {
    assert.equal(bytesWhere(isHexCode), '0123456789ABCDEFabcdef');
  });

  test('what is no byte is in no class', () => {
    for (const code of [256, 0x212a, Number.NaN, -1]) {
      for (const is of [isTokenCode, isFieldValueCode, isTargetCode, isHexCode]) {
        assert.equal(is(code), false, String(code));
      }
    }
  });
});

suite('names and values: RFC 9110 5.1 and 5.5', () => {
  test('names are tokens, never empty', () => {
    for (const name of ['a', 'X-A', "!#$%&'*+-.^_`|~9"]) assert.ok(isFieldName(name), name);
    for (const name of ['', ' ', 'a b', 'a:', 'a\n', 'é', '\u212a', 'a\u0100']) {
      assert.ok(!isFieldName(name), name);
    }
  });

  test('values hold no control character and no char above a byte', () => {
    for (const value of ['', ' a\t', '\x80\xff', '~']) assert.ok(isFieldValue(value), value);
    for (const value of ['\0', 'a\r', '\n', '\x7f', '\x1b', '\u0100', '\u{1f600}']) {
      assert.ok(!isFieldValue(value), value);
    }
  });
});

suite('authorities: RFC 9110 4.2 and 7.2, RFC 3986 3.2', () => {
  const good = [
    'a',
    'a.example',
    'A.',
    '192.0.2.1',
    'a:0',
    'a:65535',
    '[::1]',
    '[::1]:80',
    'a_b',
    '%41',
    "!$&'()*+;=",
  ];
  const bad = [
    '',
    ':',
    ':80',
    'a:',
    'a:b',
    'a:-1',
    'a:65536',
    'a:000080',
    'a:1:2',
    '::1',
    '[::1',
    '::1]',
    '[]',
    '[::g]',
  ];
  const worse = [
    '[::1]a',
    'a[::1]',
    '[[::1]]',
    'u@a',
    'a/',
    'a?',
    'a#',
    'a,b',
    'a b',
    'a\t',
    'a\\',
    '"a"',
    '<a>',
    'é',
    '\u0131',
  ];

  for (const text of good) test(`taken: ${text}`, () => assert.ok(isAuthority(text)));
  for (const text of [...bad, ...worse]) {
    test(`refused: ${JSON.stringify(text)}`, () => assert.ok(!isAuthority(text)));
  }
});

suite('field lines: RFC 9112 5', () => {
  function parse(text: string, countMax = 100): { reason: string; fields: Fields } {
    const fields: Fields = [];
    return { reason: parseFieldLines(text, 0, text.length, fields, countMax), fields };
  }

  test('names in lower case, values without the blanks around them', () => {
    const { reason, fields } = parse('Host:a\r\nX-A: \t1 \t2 \t\r\nx-b:\r\nx-b: \r\n');
    assert.equal(reason, '');
    assert.deepEqual(fields, ['host', 'a', 'x-a', '1 \t2', 'x-b', '', 'x-b', '']);
  });

  test('no line is no field', () => {
    assert.deepEqual(parse(''), { reason: '', fields: [] });
  });

  test('only the range given is read', () => {
    const fields: Fields = [];
    const text = 'GET / HTTP/1.1\r\na: 1\r\nbad line\r\n';
    assert.equal(parseFieldLines(text, 16, 22, fields, 9), '');
    assert.deepEqual(fields, ['a', '1']);
  });

  test('as many lines as the limit, not one more', () => {
    assert.equal(parse('a: 1\r\nb: 2\r\n', 2).reason, '');
    assert.equal(parse('a: 1\r\nb: 2\r\n', 1).reason, 'too_many_fields');
  });

  const refused: readonly (readonly [string, string])[] = [
    [' a: 1\r\n', 'obs_fold'],
    ['\ta: 1\r\n', 'obs_fold'],
    ['a: 1\r\n b\r\n', 'obs_fold'],
    [': 1\r\n', 'empty_field_name'],
    ['(: 1\r\n', 'bad_field_name'],
    ['\r\n', 'bad_field_name'],
    ['a\r\n', 'bad_field_name'],
    ['a', 'bad_field_name'],
    ['a(: 1\r\n', 'bad_field_name'],
    ['\xe9: 1\r\n', 'bad_field_name'],
    ['a : 1\r\n', 'blank_before_colon'],
    ['a\t: 1\r\n', 'blank_before_colon'],
    ['a: 1\r2\r\n', 'bare_cr'],
    ['a: 1\r', 'bare_cr'],
    ['a: 1\n', 'bare_lf'],
    ['a: \0\r\n', 'nul_in_field'],
    ['a: \x01\r\n', 'control_in_field'],
    ['a: \x7f\r\n', 'control_in_field'],
    ['a: 1', 'control_in_field'],
  ];
  for (const [text, reason] of refused) {
    test(`${JSON.stringify(text)}: ${reason}`, () => assert.equal(parse(text).reason, reason));
  }

  test('any text: what is taken is what a plain reading finds', () => {
    const part = fc.constantFrom(
      'a',
      'B',
      ':',
      ' ',
      '\t',
      '\r\n',
      '\r',
      '\n',
      '\0',
      '1',
      '\xff',
      '(',
    );
    const line =
      /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)[ \t]*\r\n/;
    const property = fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      let rest = parts.join('');
      const { reason, fields } = parse(rest);
      const expected: string[] = [];
      for (let match = line.exec(rest); match !== null; match = line.exec(rest)) {
        expected.push((match[1] as string).toLowerCase(), match[2] as string);
        rest = rest.slice(match[0].length);
      }
      assert.deepEqual(fields, expected);
      assert.equal(reason === '', rest === '');
    });
    fc.assert(property, { seed: 1, numRuns: 2_000 });
  });
});

suite('Content-Length: RFC 9110 8.6', () => {
  const good: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['5', 5],
    ['0005', 5],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ];
  for (const [text, value] of good) {
    test(text, () => assert.equal(parseContentLength(text), value));
  }

  const bad = [
    '',
    ' ',
    '5 ',
    ' 5',
    '+5',
    '-5',
    '5,5',
    '0x5',
    '5a',
    'a',
    '/',
    ':',
    '5.0',
    '\xb2',
    '9007199254740992',
    '00000000000000005',
  ];
  for (const text of bad) {
    test(`refused: ${JSON.stringify(text)}`, () => assert.equal(parseContentLength(text), -1));
  }
});
