import assert from 'node:assert/strict';
import { test } from 'node:test';
import { END_MARK, insertReport, START_MARK } from './docs.ts';

test('what stood between the marks is replaced, all else stays', () => {
  const page = `# Title\n\n${START_MARK}\nold\n${END_MARK}\n\nend $& $1\n`;
  const once = insertReport(page, 'new $& text\n');
  assert.equal(once, `# Title\n\n${START_MARK}\nnew $& text\n${END_MARK}\n\nend $& $1\n`);
  assert.equal(insertReport(once, 'new $& text'), once);
});

test('a page without the marks, or with them in disorder, is refused', () => {
  for (const page of [
    '',
    START_MARK,
    `${END_MARK}${START_MARK}`,
    `${START_MARK}${START_MARK}${END_MARK}`,
  ]) {
    assert.throws(() => insertReport(page, 'x'), /needs one/);
  }
});
