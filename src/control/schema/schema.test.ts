import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathText } from '../resource.ts';
import { HEADER_VALUE, HOSTNAME, IP_OR_CIDR } from './formats.ts';
import { base64Map, bool, duration, int, oneOf, quantity, text, textMap } from './scalars.ts';
import {
  Inspection,
  list,
  mapOf,
  notServed,
  object,
  required,
  type Schema,
  taggedBy,
  visible,
} from './schema.ts';

function inspect(schema: Schema, value: unknown): string[] {
  const inspection = new Inspection();
  schema(value, inspection);
  return inspection.findings.map(
    ({ code, path, message }) => `${code} ${pathText(path)}: ${message}`,
  );
}

interface Port {
  readonly name: string;
  readonly number?: number;
}

const port = object<Port>({ name: required(text()), number: int(1, 10) });

test('every problem of a value is found in one walk', () => {
  const found = inspect(list(port), [{ name: 'a', nummer: 1 }, { number: 11 }, 7, { name: 5 }]);
  assert.deepEqual(found, [
    'unknown-field [0].nummer: unknown field "nummer", did you mean "number"?',
    'out-of-range [1].number: 11 is out of range',
    'missing-field [1].name: "name" is missing',
    'wrong-type [2]: must be an object, is a number',
    'wrong-type [3].name: must be text, is a number',
  ]);
});

test('a null field is an absent one', () => {
  const value = { name: 'a', number: null };
  assert.deepEqual(inspect(port, value), []);
  assert.deepEqual(value, { name: 'a' });
  assert.deepEqual(inspect(port, { name: null }), ['missing-field name: "name" is missing']);
});

test('rules run on sound objects only', () => {
  let runs = 0;
  const ruled = object<Port>({ name: required(text()), number: int(1) }, () => {
    runs++;
  });
  inspect(ruled, { name: 'a', number: 0 });
  assert.equal(runs, 0);
  inspect(ruled, { name: 'a', number: 1 });
  assert.equal(runs, 1);
});

test('own fields named as those every object inherits are unknown, not found', () => {
  const hostile = JSON.parse('{"name": "a", "__proto__": {}, "constructor": 1, "toString": 2}');
  assert.deepEqual(
    inspect(port, hostile).map((line) => line.split(':')[0]),
    ['unknown-field __proto__', 'unknown-field constructor', 'unknown-field toString'],
  );
});

test('lists: bounds and repeats', () => {
  const names = list<Port>(port, { min: 1, max: 2, uniqueBy: ({ name }) => name });
  assert.deepEqual(inspect(names, []), ['too-few : needs at least 1 of them']);
  assert.deepEqual(inspect(names, [{ name: 'a' }, { name: 'a' }]), [
    'duplicate [1]: "a" repeats entry 0',
  ]);
  assert.match(inspect(names, [1, 2, 3]).join(), /^too-many : has 3 entries, at most 2/);
  assert.deepEqual(inspect(names, {}), ['wrong-type : must be a list, is an object']);
});

test('the tag of an object says which field it needs', () => {
  interface Tagged {
    readonly type: string;
    readonly one?: string;
    readonly two?: string;
  }
  const tagged = object<Tagged>(
    { type: required(oneOf('One', 'Two')), one: text(), two: text() },
    taggedBy<Tagged>('type', { One: 'one', Two: 'two' }),
  );
  assert.deepEqual(inspect(tagged, { type: 'One', one: 'x' }), []);
  assert.deepEqual(inspect(tagged, { type: 'One', two: 'x' }), [
    'missing-field one: "one" is missing, type is One',
    'conflict two: "two" does not go with type One',
  ]);
});

test('scalars say what is wrong with them', () => {
  for (const [schema, value, expected] of [
    [oneOf('Exact', 'PathPrefix'), 'PathPrefx', /bad-value : "PathPrefx".*mean "PathPrefix"\?/],
    [int(0, 5), '3', /wrong-type : must be a number, is text/],
    [int(0, 5), 1.5, /out-of-range : 1.5 is not whole/],
    [int(0, 5), Number.NaN, /out-of-range/],
    [bool, 'yes', /wrong-type : must be true or false, is text/],
    [duration, 10, /wrong-type : must be a duration/],
    [duration, '10', /bad-duration/],
    [quantity(1), '64MB', /bad-quantity/],
    [quantity(100), '64', /out-of-range/],
    [text(), true, /wrong-type : must be text, is true or false/],
    [mapOf(int(0)), { a: 'x' }, /wrong-type a: /],
    [mapOf(int(0), 1), { a: 1, b: 2 }, /too-many/],
    [textMap, { a: 1 }, /wrong-type a: must be text/],
    [notServed(int(0)), 1, /not-served/],
  ] as const) {
    assert.match(inspect(schema, value).join('\n'), expected);
  }
});

test('a label without a value is empty text', () => {
  const labels = { app: null };
  assert.deepEqual(inspect(textMap, labels), []);
  assert.deepEqual(labels, { app: '' });
});

test('what is in a Secret never shows in a message', () => {
  const found = inspect(base64Map, { good: 'c2VjcmV0', bad: 'hunter2!', number: 4711 });
  assert.equal(found.length, 1);
  assert.doesNotMatch(found.join(), /4711/);
  const [only] = inspect(base64Map, { bad: 'hunter2!' });
  assert.equal(only, 'bad-format bad: is not base64');
});

test('a value with a thousand problems reports a bounded number', () => {
  const value = Array.from({ length: 1000 }, () => 'x');
  const inspection = new Inspection();
  list(int(0))(value, inspection);
  assert.equal(inspection.findings.length, 100);
  assert.equal(inspection.errorCount, 1000);
});

test('warnings do not take the place of errors', () => {
  const inspection = new Inspection();
  list(notServed(int(0)))(
    Array.from({ length: 1000 }, () => 1),
    inspection,
  );
  int(0)('x', inspection);
  const severities = inspection.findings.map(({ severity }) => severity);
  assert.equal(severities.filter((severity) => severity === 'warning').length, 100);
  assert.deepEqual(severities.slice(100), ['error']);
});

test('formats', () => {
  const cases = [
    [
      HOSTNAME,
      ['a', 'a.example.com', '*.example.com', 'xn--bcher-kva.example'],
      [
        '',
        '*',
        'A.example',
        'a_b',
        '-a',
        'a.',
        'a..b',
        '1.2.3.4',
        '*.*.a',
        'a:80',
        `${'a'.repeat(64)}.b`,
      ],
    ],
    [
      IP_OR_CIDR,
      ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', '0.0.0.0/0'],
      ['10.0.0.0/33', '::/129', '10.0.0', '10.0.0.0/', '10.0.0.0/8/8', 'localhost', 'fe80::1%eth0'],
    ],
    [HEADER_VALUE, ['a', 'a b', 'a\tb', '!~'], ['', ' a', 'a ', 'a  b', 'a\nb', 'ä']],
  ] as const;
  for (const [format, good, bad] of cases) {
    for (const value of good) assert.ok(format.matches(value), `${format.what}: ${value}`);
    for (const value of bad) assert.ok(!format.matches(value), `${format.what}: ${value}`);
  }
});

test('a long header value that fails does so at once', () => {
  assert.equal(HEADER_VALUE.matches(`${'a '.repeat(2000)}\n`), false);
});

test('control characters become escapes', () => {
  assert.equal(visible('a\nb\u001b[31m\t\u0085'), 'a\\nb\\u001b[31m\\t\\u0085');
});
