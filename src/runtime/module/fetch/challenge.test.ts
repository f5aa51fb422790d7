import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseChallenges } from './challenge.ts';

function plain(header: string): unknown {
  return parseChallenges(header).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

const TOKEN = { realm: 'https://auth.example/token', service: 'r', scope: 'repository:a/b:pull' };

const CASES: readonly (readonly [header: string, expected: unknown])[] = [
  ['', []],
  ['Basic', [['basic', {}]]],
  ['Basic realm="a, b"', [['basic', { realm: 'a, b' }]]],
  ['BASIC Realm=plain', [['basic', { realm: 'plain' }]]],
  [
    'Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull"',
    [['bearer', TOKEN]],
  ],
  [
    'Bearer realm = "https://auth.example/token" , service=r,scope="repository:a/b:pull" ',
    [['bearer', TOKEN]],
  ],
  ['Bearer realm="a\\"b\\\\c"', [['bearer', { realm: 'a"b\\c' }]]],
  [
    'Basic realm="x", Bearer realm="y",service="z"',
    [
      ['basic', { realm: 'x' }],
      ['bearer', { realm: 'y', service: 'z' }],
    ],
  ],
  [
    'Negotiate abc/+==, Basic realm="x"',
    [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ],
  ],
  [
    ', ,Negotiate,,Basic',
    [
      ['negotiate', {}],
      ['basic', {}],
    ],
  ],
  ['Bearer realm="x", realm="y"', [['bearer', { realm: 'x' }]]],
  ['Bearer realm="open', [['bearer', {}]]],
  ['realm="x"', []],
  ['"', []],
];

for (const [header, expected] of CASES) {
  test(`WWW-Authenticate: ${header}`, () => assert.deepEqual(plain(header), expected));
}

test('any text ends, and soon', () => {
  const piece = fc.constantFrom('Basic', 'a', '=', '"', '\\', ',', ' ', 'realm="x"', '==', '\t');
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 }))), (parts) => {
      for (const { scheme } of parseChallenges(parts.join(''))) assert.notEqual(scheme, '');
    }),
  );
  const started = process.hrtime.bigint();
  parseChallenges('a '.repeat(100_000));
  parseChallenges(`a="${'\\'.repeat(100_000)}`);
  parseChallenges(`a ${'='.repeat(100_000)}`);
  assert.ok(process.hrtime.bigint() - started < 1_000_000_000n);
});
