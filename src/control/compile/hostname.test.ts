import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as check, constant, constantFrom, oneof, property } from 'fast-check';
import { intersectHostname, narrowHostnames } from './hostname.ts';

const CASES: readonly (readonly [a: string, b: string, common: string | null])[] = [
  ['', '', ''],
  ['', 'a.example.com', 'a.example.com'],
  ['', '*.example.com', '*.example.com'],
  ['a.example.com', 'a.example.com', 'a.example.com'],
  ['a.example.com', 'b.example.com', null],
  ['*.example.com', 'a.example.com', 'a.example.com'],
  ['*.example.com', 'a.b.example.com', 'a.b.example.com'],
  ['*.example.com', 'example.com', null],
  ['*.example.com', 'aexample.com', null],
  ['*.example.com', '*.example.com', '*.example.com'],
  ['*.example.com', '*.b.example.com', '*.b.example.com'],
  ['*.example.com', '*.example.org', null],
  ['*.com', '*.example.com', '*.example.com'],
];

for (const [a, b, common] of CASES) {
  test(`intersect "${a}" and "${b}": ${common ?? 'nothing'}, both ways`, () => {
    assert.equal(intersectHostname(a, b), common);
    assert.equal(intersectHostname(b, a), common);
  });
}

test('a route without hostnames takes all of the listener', () => {
  assert.deepEqual(narrowHostnames('a.example.com', []), []);
});

test('hostnames outside the listener are left out, repetitions once', () => {
  const hostnames = ['*.example.com', '*.com', 'x.example.org', 'a.example.com'];
  assert.deepEqual(narrowHostnames('a.example.com', hostnames), ['a.example.com']);
  assert.deepEqual(narrowHostnames('*.example.com', hostnames), ['*.example.com', 'a.example.com']);
  assert.deepEqual(narrowHostnames('', hostnames), hostnames);
});

test('no host in common is null', () => {
  assert.equal(narrowHostnames('a.example.com', ['b.example.com']), null);
});

const label = constantFrom('a', 'b', 'c');
const host = array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const pattern = oneof(
  constant(''),
  host,
  host.map((suffix) => `*.${suffix}`),
);

/** The specification's sentence, read literally. */
function takes(hostPattern: string, name: string): boolean {
  if (hostPattern === '') return true;
  if (!hostPattern.startsWith('*.')) return hostPattern === name;
  const wanted = hostPattern.slice(2).split('.');
  const labels = name.split('.');
  return (
    labels.length > wanted.length && labels.slice(-wanted.length).join('.') === wanted.join('.')
  );
}

test('the intersection takes exactly the hosts that both take', () => {
  check(
    property(pattern, pattern, host, (a, b, name) => {
      const common = intersectHostname(a, b);
      const both = takes(a, name) && takes(b, name);
      assert.equal(common !== null && takes(common, name), both);
    }),
    { numRuns: 2_000 },
  );
});
