import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { PathModifier } from '../../config/route.ts';
import { editTarget, pathEdit, pathModifierProblem } from './path-modifier.ts';

function edited(modifier: PathModifier, target: string, matchedPrefix: string): string {
  const edit = pathEdit(modifier);
  assert.ok(edit !== null);
  return editTarget(edit, target, matchedPrefix);
}

describe('ReplacePrefixMatch', () => {
  // The table of HTTPPathModifier in the Gateway API reference, then what it leaves open.
  const cases: readonly (readonly [path: string, prefix: string, value: string, result: string])[] =
    [
      ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
      ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
      ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
      ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
      ['/foo', '/foo', '/xyz', '/xyz'],
      ['/foo/', '/foo', '/xyz', '/xyz/'],
      ['/foo/bar', '/foo', '', '/bar'],
      ['/foo/', '/foo', '', '/'],
      ['/foo', '/foo', '', '/'],
      ['/foo/', '/foo', '/', '/'],
      ['/foo', '/foo', '/', '/'],
      ['/foo', '/foo', '/xyz/', '/xyz'],
      ['/bar', '/', '/xyz', '/xyz/bar'],
      ['/', '/', '/xyz', '/xyz/'],
      ['/bar', '/', '/', '/bar'],
      ['/foo//bar', '/foo', '/xyz', '/xyz//bar'],
      ['/foo/a%2Fb', '/foo', '/xyz', '/xyz/a%2Fb'],
    ];
  for (const [path, prefix, value, result] of cases) {
    test(`${path} with ${prefix} replaced by "${value}" is ${result}`, () => {
      assert.equal(edited({ type: 'ReplacePrefixMatch', value }, path, prefix), result);
      assert.equal(
        edited({ type: 'ReplacePrefixMatch', value }, `${path}?q=/foo`, prefix),
        `${result}?q=/foo`,
      );
    });
  }

  test('a path that no longer has the prefix stays', () => {
    const modifier: PathModifier = { type: 'ReplacePrefixMatch', value: '/xyz' };
    assert.equal(edited(modifier, '/foo/bar?q', ''), '/foo/bar?q');
    assert.equal(edited(modifier, '/other', '/foo'), '/other');
    assert.equal(edited(modifier, '/foobar', '/foo'), '/foobar');
    assert.equal(edited(modifier, '*', '/'), '*');
  });
});

describe('ReplaceFullPath', () => {
  test('replaces the path and keeps the query', () => {
    const modifier: PathModifier = { type: 'ReplaceFullPath', value: '/new/' };
    assert.equal(edited(modifier, '/foo/bar', ''), '/new/');
    assert.equal(edited(modifier, '/foo?a=1?b', '/foo'), '/new/?a=1?b');
    assert.equal(edited({ type: 'ReplaceFullPath', value: '' }, '/foo?a', ''), '/?a');
  });
});

test('a value that is no path is refused, and edits nothing', () => {
  for (const type of ['ReplaceFullPath', 'ReplacePrefixMatch'] as const) {
    for (const value of ['foo', '/a b', '/a\r\nb', '/caf\u00e9', '/a?b', '/a#b', 'http://x/']) {
      assert.match(pathModifierProblem({ type, value }) ?? '', /not a path/);
      assert.equal(pathEdit({ type, value }), null);
    }
    assert.equal(pathModifierProblem({ type, value: "/a%20b/-._~!$&'()*+,;=:@" }), null);
  }
  assert.equal(pathEdit(null), null);
});

test('an edited target always begins with a slash and keeps its query', () => {
  const path = fc.array(fc.constantFrom('a', 'b', '')).map((segments) => `/${segments.join('/')}`);
  fc.assert(
    fc.property(
      path,
      path,
      path,
      fc.constantFrom('', '?', '?x=1'),
      (target, prefix, value, query) => {
        const result = edited({ type: 'ReplacePrefixMatch', value }, target + query, prefix);
        assert.ok(result.startsWith('/'));
        assert.ok(result.endsWith(query));
      },
    ),
  );
});
