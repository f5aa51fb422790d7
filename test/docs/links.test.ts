/** Links between pages, and from pages to files, lead somewhere; every page can be found. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

describe('links between pages', () => {
  for (const path of pages()) {
    it(`of ${path} lead somewhere`, () => {
      const broken = linksOf(path).filter((link) => !leads(link));
      assert.deepEqual(
        broken.map(({ text }) => text),
        [],
      );
    });
  }

  it('and names of source files are true', () => {
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
    const wrong: string[] = [];
    for (const path of pages()) {
      const text = readFileSync(join(ROOT, path), 'utf8');
      for (const [, name = ''] of text.matchAll(/`([\w./-]+\.ts)`/g)) {
        const known = files.some((file) => file === name || file.endsWith(`/${name}`));
        if (!known && !existsSync(join(ROOT, name))) wrong.push(`${path}: ${name}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('reach every page but the decisions from docs/README.md', () => {
    const index = new Set(linksOf('docs/README.md').map(({ file }) => file));
    const found = pages().filter((path) => path.startsWith('docs/') && path !== 'docs/README.md');
    const missing = found.filter((path) => !index.has(path));
    assert.deepEqual(
      missing.filter((path) => !path.startsWith('docs/decisions/')),
      [],
    );
  });
});
