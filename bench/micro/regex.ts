/**
 * Engines for the regular expressions of routes, compared: see docs/decisions/0002-regular-expressions.md.
 *
 *   node bench/micro/regex.ts
 *
 * First table: ns for a full match of a path, half of them matching. Second: ms for long subjects
 * made to hurt. V8's linear engine is switched on by the flag it hides behind.
 */

import v8 from 'node:v8';
import { RE2JS } from 're2js';
import { checkRegex, Regex } from '../../src/data/route/regex.ts';

v8.setFlagsFromString('--enable-experimental-regexp-engine');

const ROUNDS = 200_000;
const LENGTH = 100_000;
/** What `base/limits.ts` lets a request target have. */
const TARGET = 16_384;

type Test = (subject: string) => boolean;

/** Null where the engine refuses the pattern. */
const ENGINES: Record<string, (pattern: string) => Test | null> = {
  table: (pattern) => {
    if (checkRegex(pattern) !== null) return null;
    const regex = new Regex(pattern);
    return (subject) => regex.test(subject);
  },
  re2js: (pattern) => {
    const regex = RE2JS.compile(pattern);
    return (subject) => regex.testExact(subject);
  },
  'V8 linear': (pattern) => native(pattern, 'l'),
  'V8 backtracking': (pattern) => native(pattern, ''),
};

function native(pattern: string, flags: string): Test | null {
  try {
    const regex = new RegExp(`^(?:${pattern})$`, flags);
    // The linear engine says only at the first use what it cannot do.
    regex.test('');
    return (subject) => regex.test(subject);
  } catch {
    return null;
  }
}

const PATHS: readonly (readonly [pattern: string, matching: string, other: string])[] = [
  ['/users/[0-9]+', '/users/123456', '/users/12x'],
  ['/v[0-9]+/items/[0-9a-f]{8}-[0-9a-f]{4}', '/v1/items/0123abcd-0123', '/v1/items/0123abcd-012x'],
  ['/(?:api|web|static)/[a-z]+(?:/.*)?', '/api/things/a/b/c/d', '/apix/things'],
  ['/.*/edit', '/projects/42/issues/7/edit', '/projects/42/issues/7/edix'],
  ['.*\\.(?:png|jpe?g|gif|css|js)', '/assets/images/logo.jpeg', '/assets/images/logo.html'],
  ['/(?i:admin)/.*', '/Admin/users', '/users'],
];

const HOSTILE: readonly (readonly [pattern: string, subject: string])[] = [
  ['(a+)+b', 'a'.repeat(LENGTH)],
  ['(.*)(.*)(.*)(.*)(.*)z', 'y'.repeat(LENGTH)],
  ['.*[0-9].{11}', scramble('0a')],
  ['.*a.{100}', scramble('ab')],
  ['.*a.{480}', scramble('ab').slice(0, TARGET)],
];

function scramble(alphabet: string): string {
  let text = '';
  for (let i = 0, state = 12_345; i < LENGTH; i++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    text += alphabet[(state >> 16) % alphabet.length];
  }
  return text;
}

function row(name: string, cells: readonly string[]): void {
  console.log(name.padEnd(42), ...cells.map((cell) => cell.padStart(16)));
}

row('ns a test', Object.keys(ENGINES));
for (const [pattern, matching, other] of PATHS) {
  const cells = Object.values(ENGINES).map((make) => {
    const run = make(pattern);
    if (run === null) return 'refused';
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 4; round++) {
      const start = performance.now();
      for (let i = 0; i < ROUNDS; i++) run(i % 2 === 0 ? matching : other);
      best = Math.min(best, ((performance.now() - start) * 1e6) / ROUNDS);
    }
    return best.toFixed(0);
  });
  row(pattern, cells);
}

console.log();
row('ms for a subject of n chars', Object.keys(ENGINES));
for (const [pattern, subject] of HOSTILE) {
  const cells = Object.entries(ENGINES).map(([name, make]) => {
    if (name === 'V8 backtracking') return 'not tried';
    const run = make(pattern);
    if (run === null) return 'refused';
    run('');
    const start = performance.now();
    run(subject);
    return (performance.now() - start).toFixed(1);
  });
  row(`${pattern}  n = ${subject.length}`, cells);
}
