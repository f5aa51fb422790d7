import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileNameOf, missingLine, readPage } from './markdown.ts';

const PAGE = `# Title

<!-- snippets need: rust -->

\`\`\`yaml
# mesh.yaml
kind: Gateway
\`\`\`

\`\`\`sh
echo a
\`\`\`

\`\`\`text
a
\`\`\`

Words.

\`\`\`\`text
\`\`\`
\`\`\`\`
`;

describe('a page', () => {
  const { snippets, needs } = readPage(PAGE);

  it('is its snippets in order, with their lines', () => {
    assert.deepEqual(
      snippets.map(({ language, line, follows }) => [language, line, follows]),
      [
        ['yaml', 5, false],
        ['sh', 10, true],
        ['text', 14, true],
        ['text', 20, false],
      ],
    );
    assert.equal(snippets[3]?.text, '```\n');
  });

  it('says what its snippets need', () => {
    assert.equal(needs, 'rust');
    assert.equal(readPage('').needs, '');
  });

  it('names the files it gives', () => {
    assert.deepEqual(snippets.map(fileNameOf), ['mesh.yaml', null, null, null]);
  });

  it('closes its fences', () => {
    assert.throws(() => readPage('a\n```sh\necho\n'), /line 2: the fence is never closed/);
  });
});

describe('what a page says of output', () => {
  it('is found line by line, in order', () => {
    assert.equal(missingLine('b\nd\n', 'a\nb\nc\nd\n'), null);
    assert.equal(missingLine('d\nb\n', 'a\nb\nc\nd\n'), 'b');
    assert.equal(missingLine('b\nb\n', 'b\n'), 'b');
  });

  it('may leave things open', () => {
    assert.equal(missingLine('date: ... GMT\n', 'date: Mon GMT\n'), null);
    assert.equal(missingLine('...\na.c\n', 'abc\n'), 'a.c');
  });

  it('does not depend on the width of columns', () => {
    assert.equal(missingLine('A  B\n', 'A     B  \r\n'), null);
  });
});
