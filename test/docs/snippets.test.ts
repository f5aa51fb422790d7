/**
 * Whatever README and docs tell a reader to write or run is written and run, in the page's order;
 * what may stand in a page is said in docs/README.md.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkFiles } from '../../src/app/check.ts';
import { formatProblem } from '../../src/control/schema/report.ts';
import { fileNameOf, missingLine, type Page, readPage, type Snippet } from './support/markdown.ts';
import { pages, ROOT } from './support/pages.ts';
import { openSession, type Session } from './support/session.ts';

const LANGUAGES: readonly string[] = ['sh', 'yaml', 'text', 'rust', 'toml'];

describe('snippets', { concurrency: 2 }, () => {
  for (const path of pages()) {
    const page = readPage(readFileSync(join(ROOT, path), 'utf8'));
    test(`${path}: its fences name what is in them`, () => {
      const odd = page.snippets.filter(({ language }) => !LANGUAGES.includes(language));
      assert.deepEqual(
        odd.map(({ line, language }) => `${path}:${line}: ${language}`),
        [],
      );
    });
    if (!page.snippets.some(({ language }) => language === 'sh' || language === 'yaml')) continue;
    test(`${path}: what it says works`, { skip: missingFor(page) }, () => follow(path, page));
  }
});

async function follow(path: string, page: Page): Promise<void> {
  const session = await openSession();
  try {
    const files = new Set<string>();
    /** Objects without a file of their own belong together. */
    let loose = '';
    let output: (() => string) | null = null;
    for (const snippet of page.snippets) {
      const place = `${path}:${snippet.line}`;
      const name = fileNameOf(snippet);
      if (name !== null) {
        const file = await session.write(name, snippet.text);
        if (snippet.language === 'yaml') await assertChecks(place, files.add(file));
      } else if (snippet.language === 'sh') output = await runSnippet(place, session, snippet);
      else if (snippet.language === 'text' && snippet.follows && output !== null) {
        await assertShows(place, session.local(snippet.text), output);
      } else if (snippet.language === 'yaml' && /^kind: /m.test(snippet.text)) {
        loose += `# line ${snippet.line}\n${snippet.text}---\n`;
      }
      if (snippet.language !== 'sh') output = null;
    }
    if (loose !== '') await assertChecks(path, [await session.write('page.yaml', loose)]);
  } finally {
    await session.close();
  }
}

async function runSnippet(
  place: string,
  session: Session,
  { text }: Snippet,
): Promise<() => string> {
  try {
    return await session.run(text);
  } catch (error) {
    throw new Error(`${place} failed`, { cause: error });
  }
}

async function assertChecks(place: string, files: Iterable<string>): Promise<void> {
  const { problems } = await checkFiles([...files]);
  assert.deepEqual(problems.map(formatProblem), [], place);
}

/** A proxy prints its table after it is ready: some patience. */
async function assertShows(place: string, expected: string, output: () => string): Promise<void> {
  let missing = missingLine(expected, output());
  for (let left = 100; left > 0 && missing !== null; left--) {
    await sleep(20);
    missing = missingLine(expected, output());
  }
  assert.equal(missing, null, `${place}: a line is not in the output:\n${output()}`);
}

/** Why the page's snippets cannot run here; false if they can. */
function missingFor({ needs }: Page): string | false {
  if (spawnSync('curl', ['--version']).status !== 0) return 'needs curl';
  if (needs === '') return false;
  return needs === 'rust' ? missingRust() : `needs ${needs}, which this test cannot find`;
}

/** Nothing is fetched, so the crate has to be there. */
function missingRust(): string | false {
  const target = spawnSync('rustc', ['--print', 'target-libdir', '--target', 'wasm32-wasip1']);
  if (target.status !== 0 || !existsSync(target.stdout.toString().trim())) {
    return 'needs Rust: rustup target add wasm32-wasip1';
  }
  const home = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo');
  const crates = join(home, 'registry/cache/*/proxy-wasm-0.2.*.crate');
  return globSync(crates).length > 0
    ? false
    : 'needs the crate: cargo fetch in test/guests/header-filter';
}
