import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseDurationMs, parseQuantityBytes } from './units.ts';

test('durations of the Gateway API', () => {
  for (const [text, ms] of [
    ['0s', 0],
    ['250ms', 250],
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['1m1s1ms', 61_001],
    ['99999h', 359_996_400_000],
    ['2s2s', 4_000],
  ] as const) {
    assert.equal(parseDurationMs(text), ms, text);
  }
});

test('what is no duration', () => {
  for (const text of [
    '',
    '10',
    '1.5s',
    '-1s',
    '100000s',
    '1h1m1s1ms1s',
    '1d',
    ' 1s',
    '1 s',
    '1S',
  ]) {
    assert.equal(parseDurationMs(text), null, text);
  }
});

test('quantities of Kubernetes', () => {
  for (const [text, bytes] of [
    ['64Mi', 67_108_864],
    ['1Ki', 1_024],
    ['1.5G', 1_500_000_000],
    ['100m', 1],
    ['1e3', 1_000],
    ['12E2', 1_200],
    ['.5k', 500],
    ['1E', 1e18],
    ['+2', 2],
    [65_536, 65_536],
    ['0', 0],
  ] as const) {
    const expected = Number.isSafeInteger(bytes) ? bytes : null;
    assert.equal(parseQuantityBytes(text), expected, String(text));
  }
});

test('what is no quantity', () => {
  for (const text of [
    '',
    'Mi',
    '64MB',
    '64 Mi',
    '-1',
    '1KI',
    '0x10',
    '1e999',
    'Infinity',
    '1.2.3',
  ]) {
    assert.equal(parseQuantityBytes(text), null, text);
  }
});

test('neither reader throws or answers anything but a count', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'0123456789.hmsKMGiEe+-'), maxLength: 9 }),
      (text) => {
        for (const amount of [parseDurationMs(text), parseQuantityBytes(text)]) {
          assert.ok(amount === null || (Number.isSafeInteger(amount) && amount >= 0));
        }
      },
    ),
  );
});
