/**
 * The rules of the house that no linter knows, as tests over the tree: which room may import which,
 * how long files and functions get, which calls have a replacement, and that every limit and error
 * code is documented. A rule that has to be broken is changed here, in sight.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** A room imports itself and the rooms before it. */
const ROOMS: readonly string[] = [
  'base',
  'config',
  'observe',
  'runtime',
  'data/connection',
  'data/codec',
  'data/route',
  'data/filter',
  'data/cluster',
  'data/upstream',
  'data/exchange',
  'data/callout',
  'data/listen',
  'data/apply',
  'control',
  'xds',
  'identity',
  'admin',
  'app',
  'cli',
];

/** What the request path may import, types apart loaded by those who use it only. */
const ENGINES: ReadonlySet<string> = new Set(['re2js', '@marcbachmann/cel-js']);

const FILE_LINES_MAX = 500;
/** Tables that are long because what they list is. */
const LONG_TABLES: ReadonlySet<string> = new Set<string>([]);

interface Ban {
  readonly pattern: RegExp;
  /** Paths, from the root, where it is allowed. */
  readonly except: RegExp;
  readonly instead: string;
}

const BANS: readonly Ban[] = [
  {
    pattern: /\bDate\.now\(|\bperformance\.now\(/,
    except: /^src\/base\/clock\.ts$/,
    instead: 'take a Clock (base/clock.ts)',
  },
  {
    pattern: /\bprocess\.env\b/,
    except: /^src\/(cli|app)\//,
    instead: 'have app/ or cli/ hand the value in',
  },
  { pattern: /\bconsole\.\w+\(/, except: /^src\/cli\//, instead: 'take a Log (base/log.ts)' },
  {
    pattern: /\bBuffer\.concat\(/,
    except: /^src\/(control|admin|cli|app|observe)\/|^src\/data\/exchange\/server-connection\.ts$/,
    instead: 'keep chunks as they are, or grow one buffer',
  },
  {
    pattern: /from '(?:node:http|node:http2|node:https|undici)'/,
    // gRPC calls of filters, until there is an HTTP/2 codec of ours.
    except: /^src\/(admin|cli)\/|^src\/data\/callout\/(grpc-call|http2-sessions)\.ts$/,
    instead: 'the request path has codecs of its own (data/codec)',
  },
  { pattern: /\bexport \* from\b/, except: /^$/, instead: 'import from the file that has it' },
  {
    pattern: /\b(?:TODO|FIXME|XXX)\b/,
    except: /^$/,
    instead: 'finish it, or write it down in docs/plan.md',
  },
];

interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

function filesBelow(folder: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/node_modules/') && !path.includes('/target/'))
    .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }));
}

const SOURCES = filesBelow('src');
const PRODUCT = SOURCES.filter(({ path }) => !isTest(path));

function isTest(path: string): boolean {
  return /\.test\.ts$|\/testing\//.test(path);
}

function roomOf(path: string): string | undefined {
  const inside = path.replace(/^src\//, '');
  return ROOMS.find((room) => inside.startsWith(`${room}/`));
}

function importsOf({ path, text }: SourceFile): string[] {
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return [...found].map(([, target = '']) => relative(ROOT, resolve(ROOT, dirname(path), target)));
}

describe('the house', () => {
  it('has every file in a room', () => {
    assert.deepEqual(
      SOURCES.filter(({ path }) => roomOf(path) === undefined).map(({ path }) => path),
      [],
    );
  });

  it('imports only upwards', () => {
    const wrong: string[] = [];
    for (const file of PRODUCT) {
      const room = ROOMS.indexOf(roomOf(file.path) ?? '');
      for (const target of importsOf(file)) {
        const other = roomOf(target);
        if (other === undefined || ROOMS.indexOf(other) > room)
          wrong.push(`${file.path} -> ${target}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('keeps the request path free of packages but the engines of regular expressions and CEL', () => {
    const wrong: string[] = [];
    for (const { path, text } of PRODUCT) {
      if (!/^src\/(base|config|observe|runtime|data)\//.test(path)) continue;
      for (const [, name = ''] of text.matchAll(/from '([^.'][^']*)'/g)) {
        if (!name.startsWith('node:') && !ENGINES.has(name)) wrong.push(`${path}: ${name}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('has no file over 500 lines', () => {
    const files = [
      ...SOURCES,
      ...filesBelow('test'),
      ...filesBelow('bench'),
      ...filesBelow('tools'),
    ];
    const long = files
      .filter(({ path }) => !LONG_TABLES.has(path))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > FILE_LINES_MAX);
    assert.deepEqual(long, []);
  });

  it('has a median file under 130 lines', () => {
    const lines = PRODUCT.map(({ text }) => text.split('\n').length - 1).sort((a, b) => a - b);
    assert.ok((lines[lines.length >> 1] ?? 0) < 130, `median is ${lines[lines.length >> 1]}`);
  });

  it('begins every product file with what it is', () => {
    const without = PRODUCT.filter(({ text }) => !text.startsWith('/**')).map(({ path }) => path);
    assert.deepEqual(without, []);
  });

  for (const { pattern, except, instead } of BANS) {
    it(`does without ${pattern.source}: ${instead}`, () => {
      const wrong = PRODUCT.filter(({ path, text }) => !except.test(path) && pattern.test(text));
      assert.deepEqual(
        wrong.map(({ path }) => path),
        [],
      );
    });
  }

  it('gives a reason wherever a check is turned off', () => {
    const bare = SOURCES.filter(({ text }) =>
      /(?:oxlint|eslint)-disable[^\n]*$/m.test(text.replaceAll(/-disable[^\n]* -- \S[^\n]*/g, '')),
    );
    assert.deepEqual(
      bare.map(({ path }) => path),
      [],
    );
  });

  it('skips no test without a reason', () => {
    const files = [...SOURCES, ...filesBelow('test'), ...filesBelow('bench')];
    const bare = files.filter(({ text }) =>
      /\bskip: true\b|\b(?:it|test|describe)\.(?:skip|todo|only)\(/.test(text),
    );
    assert.deepEqual(
      bare.map(({ path }) => path),
      [],
    );
  });
});

describe('the limits', () => {
  it('have their unit last', () => {
    const text = readFileSync(join(ROOT, 'src/base/limits.ts'), 'utf8');
    const names = [...text.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name);
    assert.ok(names.length > 30);
    assert.deepEqual(
      names.filter((name) => !/(?:Ms|Bytes|Max)$/.test(name)),
      [],
    );
  });
});

describe('the documentation', () => {
  it('names every error code', () => {
    const errors = readFileSync(join(ROOT, 'src/base/errors.ts'), 'utf8');
    const codes = [...errors.matchAll(/^ {2}(\w+): entry\(/gm)].map(([, code = '']) => code);
    assert.ok(codes.length > 30);
    const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
    assert.deepEqual(
      codes.filter((code) => !page.includes(`\`${code}\``)),
      [],
    );
  });

  it('names every limit', () => {
    const text = readFileSync(join(ROOT, 'src/base/limits.ts'), 'utf8');
    const names = [...text.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name);
    const page = readFileSync(join(ROOT, 'docs/limits.md'), 'utf8');
    assert.deepEqual(
      names.filter((name) => !page.includes(`\`${name}\``)),
      [],
    );
  });
});
