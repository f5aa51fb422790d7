import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isFormatError } from './format-error.ts';
import { compileTimeFormat, ISO_TIME } from './time-format.ts';

const AT = Date.UTC(2026, 0, 2, 15, 4, 5, 67);

function format(pattern: string, wallMs: number = AT): string {
  const compiled = compileTimeFormat(pattern);
  if (isFormatError(compiled)) assert.fail(compiled.error);
  return compiled(wallMs);
}

test('conversions', () => {
  const expected: [string, string][] = [
    [ISO_TIME, '2026-01-02T15:04:05.067Z'],
    ['%Y/%m/%dT%H:%M:%S%z', '2026/01/02T15:04:05+0000'],
    ['%F %T %D %R', '2026-01-02 15:04:05 01/02/26 15:04'],
    ['%a %A %b %h %B %e %j', 'Fri Friday Jan Jan January  2 002'],
    ['%I:%M %p %y %u %w %Z', '03:04 PM 26 5 5 UTC'],
    ['%s.%3f', '1767366245.067'],
    ['%f|%1f|%6f|%9f', '067000000|0|067000|067000000'],
    ['%E3S %E6S', '05.067 05.067000'],
    ['100%%', '100%'],
    ['plain', 'plain'],
    ['', ''],
  ];
  for (const [pattern, text] of expected) assert.equal(format(pattern), text, pattern);
});

test("midnight and noon have twelve o'clock", () => {
  assert.equal(format('%I %p', Date.UTC(2026, 0, 1, 0)), '12 AM');
  assert.equal(format('%I %p', Date.UTC(2026, 0, 1, 12)), '12 PM');
  assert.equal(format('%u %w %j', Date.UTC(2028, 11, 31)), '7 0 366');
});

test('fractions of a wall clock that has some', () => {
  assert.equal(format('%6f', AT + 0.125), '067125');
  assert.equal(format('%3f', AT + 0.999), '067');
});

test('an unknown conversion is named with those there are', () => {
  const unknown = compileTimeFormat('%Y %Q');
  assert.ok(
    isFormatError(unknown) && /unknown time conversion "%Q"; there are %Y/.test(unknown.error),
  );
  const cut = compileTimeFormat('%Y %');
  assert.ok(isFormatError(cut) && /ends in a single %/.test(cut.error));
});

test('the cached second never shows: any order of times gives ISO 8601', () => {
  const compiled = compileTimeFormat(ISO_TIME);
  if (isFormatError(compiled)) assert.fail(compiled.error);
  const times = fc.array(fc.integer({ min: 0, max: Date.UTC(2100, 0) }), { minLength: 1 });
  fc.assert(
    fc.property(times, (wallTimes) => {
      for (const wallMs of wallTimes) {
        assert.equal(compiled(wallMs), new Date(wallMs).toISOString());
      }
    }),
  );
});

test('no pattern throws', () => {
  fc.assert(
    fc.property(fc.string(), (pattern) => {
      const compiled = compileTimeFormat(pattern);
      if (!isFormatError(compiled)) assert.equal(typeof compiled(AT), 'string');
    }),
  );
});
