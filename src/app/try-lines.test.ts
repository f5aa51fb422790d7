import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Resource } from '../control/resource.ts';
import { tryLines } from './try-lines.ts';

function resource(kind: string, text?: string): Resource {
  return {
    group: 'gateway.networking.k8s.io',
    version: 'v1',
    kind,
    namespace: 'default',
    name: 'edge',
    labels: {},
    annotations: text === undefined ? {} : { 'tulle.dev/try': text },
    createdMs: 0,
    body: {},
    problems: [],
    at: () => ({ file: 'mesh.yaml', line: 1, column: 1 }),
  };
}

describe('what a Gateway wants tried', () => {
  it('is nothing without the annotation', () => {
    assert.deepEqual(tryLines([resource('Gateway')]), []);
    assert.deepEqual(tryLines([resource('Gateway', ' \n')]), []);
  });

  it('is each line of it, in order, below a heading', () => {
    const lines = tryLines([resource('Gateway', 'curl a\n\ncurl b\n'), resource('Gateway', 'c')]);
    assert.deepEqual(lines, ['try:', '  curl a', '  curl b', '  c']);
  });

  it('is not what other kinds say', () => {
    assert.deepEqual(tryLines([resource('HTTPRoute', 'curl a')]), []);
  });

  it('cannot steer the terminal, nor fill it', () => {
    assert.deepEqual(tryLines([resource('Gateway', 'a\u001B[2Jb\u009Bc\r')]), ['try:', '  a[2Jbc']);
    assert.equal(tryLines([resource('Gateway', 'x\n'.repeat(100))]).length, 21);
  });
});
