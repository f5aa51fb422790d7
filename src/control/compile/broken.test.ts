import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem, Resource } from '../resource.ts';
import { soundnessOf } from './broken.ts';

function resource(...paths: readonly string[]): Resource {
  return withProblems(paths.map((path) => problem(path)));
}

function problem(path: string, more: Partial<Problem> = {}): Problem {
  return {
    severity: 'error',
    code: 'wrong-type',
    resource: '',
    path,
    location: { file: '', line: 1, column: 1 },
    message: '',
    remedy: '',
    ...more,
  };
}

function withProblems(problems: readonly Problem[]): Resource {
  return {
    group: '',
    version: 'v1',
    kind: 'Service',
    namespace: 'default',
    name: 'a',
    labels: {},
    annotations: {},
    createdMs: 0,
    body: {},
    problems,
    at: () => ({ file: '', line: 1, column: 1 }),
  };
}

test('warnings break nothing', () => {
  const sound = soundnessOf(withProblems([problem('spec', { severity: 'warning' })]));
  assert.equal(sound.any, false);
  assert.equal(sound.touches('spec'), false);
});

test('touches: at the path, inside it, above it; not beside it', () => {
  const sound = soundnessOf(resource('spec.rules[1].matches[0].path'));
  assert.equal(sound.touches('spec.rules[1].matches'), true);
  assert.equal(sound.touches('spec.rules[1].matches[0].path.value'), true);
  assert.equal(sound.touches('spec.rules[1].filters'), false);
  assert.equal(sound.touches('spec.rules[10]'), false);
});

test('holds: not from above', () => {
  const sound = soundnessOf(resource('spec.rules[1]'));
  assert.equal(sound.holds('spec.rules[1]'), true);
  assert.equal(sound.holds('spec.rules[1].matches'), false);
});

test('an error of the whole touches everything', () => {
  assert.equal(soundnessOf(resource('')).touches('spec.rules[0]'), true);
});

test('outside: the first error in none of the parts, metadata but its name aside', () => {
  const parts = ['spec.rules[0]', 'spec.rules[1]'];
  assert.equal(soundnessOf(resource('spec.rules[1].name')).outside(parts), null);
  assert.equal(soundnessOf(resource('spec.rules')).outside(parts), 'spec.rules');
  assert.equal(soundnessOf(resource('spec.rules[10]')).outside(parts), 'spec.rules[10]');
  assert.equal(soundnessOf(resource('metadata.labels.a')).outside(parts), null);
  assert.equal(soundnessOf(resource('metadata.name')).outside(parts), 'metadata.name');
  assert.equal(soundnessOf(resource('metadata')).outside(parts), 'metadata');
});

const unknown = (path: string): Problem => problem(path, { code: 'unknown-field' });

test('unknown fields of an object itself, not of what is below it', () => {
  const sound = soundnessOf(
    withProblems([unknown('spec.rules[0].match'), unknown('spec.rules[1].retry.x')]),
  );
  assert.equal(sound.hasUnknownField('spec.rules[0]'), true);
  assert.equal(sound.hasUnknownField('spec.rules[1]'), false);
  assert.equal(sound.hasUnknownField('spec.rules[1].retry'), true);
});

test('a resource with as many errors as are noted is broken as a whole', () => {
  const many = Array.from({ length: 100 }, (_, index) => problem(`spec.rules[${index}].name`));
  assert.equal(soundnessOf(withProblems(many)).outside(['spec']), '');
});
