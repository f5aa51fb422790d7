import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { renderTable } from './table.ts';

test('columns align, empty cells are dashes, lines end clean', () => {
  assert.equal(
    renderTable(
      ['name', 'state'],
      [
        ['a', 'ready'],
        ['longer', ''],
      ],
    ),
    'NAME    STATE\na       ready\nlonger  -\n',
  );
  assert.equal(renderTable(['a'], []), 'A\n');
});

test('a short row is filled, a colour touches the header alone', () => {
  assert.equal(renderTable(['a', 'b'], [['1']], true), '\u001B[1mA  B\u001B[0m\n1  -\n');
});

test('no cell breaks its line', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string())), (rows) => {
      const lines = renderTable(['one', 'two'], rows).split('\n');
      assert.equal(lines.length, rows.length + 2);
      for (const line of lines) assert.doesNotMatch(line, /\p{Cc}/u);
    }),
  );
});
