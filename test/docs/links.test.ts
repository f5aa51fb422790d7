/** Links between pages, and from pages to files, lead somewhere; every page can be found. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { pages, ROOT } from './support/pages.ts';

interface Link {
  readonly text: string;
  /** From the root. */
  readonly file: string;
  readonly anchor: string;
}

function linksOf(path: string): Link[] {
  const prose = readFileSync(join(ROOT, path), 'utf8').replaceAll(/^(`{3,})[^]*?^\1$/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((text) => {
      const [file = '', anchor = ''] = text.split('#');
      return { text, file: file === '' ? path : join(dirname(path), file), anchor };
    });
}

/** As they are linked to: lower case, hyphens for blanks, no punctuation. */
function anchorsOf(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function leads({ file, anchor }: Link): boolean {
  if (!existsSync(join(ROOT, file))) return false;
  return anchor === '' || anchorsOf(file).includes(anchor);
}

describe('links', () => {
  for (const path of pages()) {
    it(`of ${path} lead somewhere`, () => {
      const broken = linksOf(path).filter((link) => !leads(link));
      assert.deepEqual(
        broken.map(({ text }) => text),
        [],
      );
    });
  }

  it('reach every page from docs/README.md', () => {
    const index = new Set(linksOf('docs/README.md').map(({ file }) => relative('.', file)));
    const missing = pages().filter((path) => path.startsWith('docs/') && !index.has(path));
    assert.deepEqual(
      missing.filter((path) => path !== 'docs/README.md'),
      [],
    );
  });
});
