import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Admitted, admit } from '../source/admit.ts';
import { compile } from './compile.ts';
import { goldenNames, TESTDATA } from './testing/golden.ts';
import { FILE, OPTIONS, readMesh } from './testing/mesh.ts';

/**
 * Every field of every golden mesh, one at a time, is taken away or holds something of another
 * type. The schema names it, and compile leaves out what it touches: it never throws.
 */
const DAMAGES: readonly (readonly [what: string, value: unknown])[] = [
  ['nothing', undefined],
  ['a number', 1],
  ['an empty list', []],
  ['a list of nulls', [null]],
  ['an empty object', {}],
];

type Container = Record<string, unknown>;

function* fieldsOf(value: unknown): Generator<readonly [container: Container, key: string]> {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    yield [value as Container, key];
    yield* fieldsOf((value as Container)[key]);
  }
}

function compileBodies(bodies: readonly unknown[]): void {
  const admitted: Admitted = { resources: [], problems: [] };
  const place = { file: FILE, line: 1, column: 1 };
  // The schema takes null fields out of what it is given.
  for (const body of structuredClone(bodies)) admit(body, () => place, admitted);
  compile(admitted.resources, OPTIONS);
}

for (const name of goldenNames()) {
  for (const [what, damage] of DAMAGES) {
    test(`${name}: ${what} in each field`, () => {
      const text = readFileSync(new URL(`${name}.in.yaml`, TESTDATA), 'utf8');
      const bodies = readMesh(text).resources.map((resource) => structuredClone(resource.body));
      for (const [container, key] of Array.from(fieldsOf(bodies))) {
        const before = container[key];
        container[key] = damage;
        assert.doesNotThrow(
          () => compileBodies(bodies),
          `at ${key} of ${JSON.stringify(container)}`,
        );
        container[key] = before;
      }
    });
  }
}
