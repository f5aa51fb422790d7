import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  anything,
  array,
  assert as check,
  constantFrom,
  integer,
  nat,
  oneof,
  property,
  record,
  shuffledSubarray,
  string,
} from 'fast-check';
import type { Resource } from '../resource.ts';
import { type Admitted, admit } from '../source/admit.ts';
import { compile } from './compile.ts';
import { goldenNames, TESTDATA } from './testing/golden.ts';
import { backend, FILE, gateway, mesh, OPTIONS, readMesh, route, to } from './testing/mesh.ts';

function golden(name: string): string {
  return readFileSync(new URL(`${name}.in.yaml`, TESTDATA), 'utf8');
}

/** All golden inputs as one mesh: more than one Gateway, route and policy of each sort. */
const EVERYTHING: readonly Resource[] = goldenNames().flatMap((name) => {
  return readMesh(golden(name)).resources.map((resource) => ({
    ...resource,
    namespace: resource.namespace === '' ? '' : `${name}-${resource.namespace}`,
  }));
});

test('nothing in, nothing out', () => {
  assert.deepEqual(compile([], OPTIONS), {
    snapshot: { version: 1, binds: [], clusters: [], filters: [], services: [], callees: [] },
    problems: [],
    status: [],
  });
});

test('the version is the one handed in', () => {
  assert.equal(compile([], { ...OPTIONS, version: 42 }).snapshot.version, 42);
});

test('a snapshot can be posted to a worker', () => {
  const { snapshot } = mesh(golden('wasm'));
  assert.deepEqual(structuredClone(snapshot), snapshot);
});

test('the order of resources changes nothing', () => {
  const expected = compile(EVERYTHING, OPTIONS);
  check(
    property(shuffledSubarray([...EVERYTHING], { minLength: EVERYTHING.length }), (shuffled) => {
      assert.deepEqual(compile(shuffled, OPTIONS), expected);
    }),
    { numRuns: 30 },
  );
});

test('resources are not changed', () => {
  const before = structuredClone(EVERYTHING.map(({ body }) => body));
  compile(EVERYTHING, OPTIONS);
  assert.deepEqual(
    EVERYTHING.map(({ body }) => body),
    before,
  );
});

/** Replaces, removes or adds one field somewhere in a body. */
interface Damage {
  /** Which document, and a way down into it, each number modulo what is there. */
  readonly document: number;
  readonly way: readonly number[];
  readonly kind: 'replace' | 'remove' | 'add';
  readonly value: unknown;
}

const junk = oneof(
  constantFrom<unknown>(null, '', 0, -1, 1e12, true, [], {}, [null], [[]], [{}], { name: null }),
  string(),
  anything({ maxDepth: 2 }),
);

const damages = array(
  record<Damage>({
    document: nat(),
    way: array(nat(), { minLength: 1, maxLength: 9 }),
    kind: constantFrom('replace', 'remove', 'add'),
    value: junk,
  }),
  { minLength: 1, maxLength: 6 },
);

const BODIES = goldenNames().flatMap((name) =>
  readMesh(golden(name)).resources.map((resource) => ({ name, body: resource.body })),
);

function damaged(all: readonly Damage[]): unknown[] {
  const bodies = structuredClone(BODIES.map(({ body }) => body)) as unknown[];
  for (const { document, way, kind, value } of all) {
    let at = bodies[document % bodies.length];
    for (const [step, number] of way.entries()) {
      if (typeof at !== 'object' || at === null) break;
      const keys = Object.keys(at);
      const key = keys[number % Math.max(keys.length, 1)];
      if (key === undefined) break;
      const container = at as Record<string, unknown>;
      const inner = container[key];
      const isLast = step === way.length - 1 || typeof inner !== 'object' || inner === null;
      if (!isLast) {
        at = inner;
        continue;
      }
      if (kind === 'replace') container[key] = value;
      else if (kind === 'add') container[`${key}x`] = value;
      else if (Array.isArray(at)) at.splice(number % at.length, 1);
      else delete container[key];
      break;
    }
  }
  return bodies;
}

test('whatever is wrong in a resource, compile does not throw', () => {
  check(
    property(damages, (all) => {
      const admitted: Admitted = { resources: [], problems: [] };
      const place = { file: FILE, line: 1, column: 1 };
      for (const body of damaged(all)) admit(body, () => place, admitted);
      const { snapshot } = compile(admitted.resources, OPTIONS);
      // What a worker is given must be data: no function, no undefined where a field is due.
      assert.deepEqual(structuredClone(snapshot), snapshot);
    }),
    { numRuns: 300 },
  );
});

for (const rules of [
  '1',
  '[]',
  '{a: 1}',
  '"x"',
  '[{}]',
  '[{matches: 1}]',
  '[{backendRefs: [{}]}]',
]) {
  test(`a bad route leaves its neighbour as it was: rules: ${rules}`, () => {
    const good = route('good', `  rules: [{backendRefs: [${to('main')}]}]`) + backend('main');
    const bad = route('bad', `  rules: ${rules}\n  hostnames: [bad.example.com]`);
    const [alone] = mesh(gateway() + good).snapshot.binds[0]?.listeners ?? [];
    const [both] = mesh(gateway() + bad + good).snapshot.binds[0]?.listeners ?? [];
    const kept = both?.routes.filter(({ name }) => name === 'default/good');
    assert.equal(kept?.length, 1);
    assert.deepEqual(kept, alone?.routes);
  });
}

/** Counts how often the routes are looked at: work, which no busy machine changes. */
function reads(count: number): number {
  let total = 0;
  const text =
    gateway() +
    backend('main') +
    Array.from({ length: count }, (_, index) =>
      route(
        `r${index}`,
        `  hostnames: [h${index}.example.com]\n  rules: [{backendRefs: [${to('main')}]}]`,
      ),
    ).join('');
  const resources = readMesh(text).resources.map((resource) => {
    return new Proxy(resource, {
      get(target, field) {
        total += 1;
        return Reflect.get(target, field);
      },
    });
  });
  compile(resources, OPTIONS);
  return total;
}

test('work grows with the number of routes, not with its square', () => {
  const few = reads(100);
  const many = reads(1_000);
  assert.ok(many < few * 15, `${many} reads for ten times the routes of ${few}`);
});

test('the damage done above reaches every document', () => {
  // A guard for the generator above: it must be able to touch each golden document.
  const touched = new Set<number>();
  check(
    property(integer({ min: 0, max: BODIES.length - 1 }), (document) => {
      const bodies = damaged([{ document, way: [0], kind: 'remove', value: null }]);
      assert.notDeepEqual(bodies[document], BODIES[document]?.body);
      touched.add(document);
    }),
    { numRuns: BODIES.length * 10 },
  );
  assert.ok(touched.size > BODIES.length / 2);
});
