import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { HeaderModifier } from '../../config/route.ts';
import { HeaderEdits, headerModifierProblem } from './header-edits.ts';

const NONE: HeaderModifier = { set: [], add: [], remove: [] };

function edited(fields: string[], modifier: Partial<HeaderModifier>): string[] {
  const copy = [...fields];
  new HeaderEdits({ ...NONE, ...modifier }).apply(copy);
  return copy;
}

describe('edits', () => {
  test('set replaces every line, or adds one', () => {
    assert.deepEqual(edited(['a', '1', 'b', '2', 'a', '3'], { set: [['a', 'x']] }), [
      'a',
      'x',
      'b',
      '2',
    ]);
    assert.deepEqual(edited(['b', '2'], { set: [['a', '']] }), ['b', '2', 'a', '']);
  });

  test('add appends to what is there, or adds a line', () => {
    const add = [['my-header', 'bar,baz']] as const;
    assert.deepEqual(edited(['my-header', 'foo'], { add }), ['my-header', 'foo,bar,baz']);
    assert.deepEqual(edited(['x', 'y'], { add }), ['x', 'y', 'my-header', 'bar,baz']);
    assert.deepEqual(edited(['my-header', '1', 'x', 'y', 'my-header', '2'], { add }), [
      'my-header',
      '1',
      'x',
      'y',
      'my-header',
      '2,bar,baz',
    ]);
  });

  test('cookies keep their own way of being joined', () => {
    assert.deepEqual(edited(['cookie', 'a=1'], { add: [['cookie', 'b=2']] }), [
      'cookie',
      'a=1; b=2',
    ]);
    assert.deepEqual(edited(['set-cookie', 'a=1'], { add: [['set-cookie', 'b=2']] }), [
      'set-cookie',
      'a=1',
      'set-cookie',
      'b=2',
    ]);
  });

  test('remove takes every line away', () => {
    assert.deepEqual(edited(['a', '1', 'b', '2', 'a', '3'], { remove: ['a', 'c'] }), ['b', '2']);
  });

  test('text beyond ASCII is written as UTF-8', () => {
    assert.deepEqual(edited([], { set: [['a', '\u00e9']] }), ['a', '\u00c3\u00a9']);
  });
});

describe('what is refused', () => {
  for (const name of ['content-length', 'transfer-encoding', 'connection', 'upgrade', 'te']) {
    test(`${name} can be neither set nor added nor removed`, () => {
      for (const modifier of [
        { ...NONE, set: [[name, '1']] },
        { ...NONE, add: [[name, '1']] },
        { ...NONE, remove: [name] },
      ] as HeaderModifier[]) {
        assert.match(headerModifierProblem(modifier) ?? '', /framing/);
        const fields = [name, '5'];
        new HeaderEdits(modifier).apply(fields);
        assert.deepEqual(fields, [name, '5']);
      }
    });
  }

  test('a name that is no token', () => {
    for (const name of ['', ' a', 'a:', ':authority', 'a\r\nb', 'caf\u00e9', 'A']) {
      assert.match(
        headerModifierProblem({ ...NONE, set: [[name, '1']] }) ?? '',
        /not a header name/,
      );
      assert.match(headerModifierProblem({ ...NONE, remove: [name] }) ?? '', /not a header name/);
    }
  });

  test('a value that could end the field', () => {
    for (const value of ['a\r\nb: c', 'a\n', '\0', '\x7f']) {
      assert.match(headerModifierProblem({ ...NONE, add: [['a', value]] }) ?? '', /control/);
    }
    assert.equal(headerModifierProblem({ ...NONE, add: [['a', 'x\ty \u00e9 \u{1f600}']] }), null);
  });

  test('two actions for one name', () => {
    assert.match(
      headerModifierProblem({ set: [['a', '1']], add: [], remove: ['a'] }) ?? '',
      /more than one action/,
    );
  });

  test('nothing that is built writes a line end or touches framing', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    const name = fc.oneof(text, fc.constantFrom('connection', 'content-length', 'a'));
    const pairs = fc.array(fc.tuple(name, text), { maxLength: 4 });
    fc.assert(
      fc.property(fc.record({ set: pairs, add: pairs, remove: fc.array(name) }), (modifier) => {
        const fields = ['connection', 'close', 'content-length', '3'];
        new HeaderEdits(modifier).apply(fields);
        assert.deepEqual(fields.slice(0, 4), ['connection', 'close', 'content-length', '3']);
        for (const part of fields) assert.doesNotMatch(part, /[\r\n\0]/);
      }),
    );
  });
});
