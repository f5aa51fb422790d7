/**
 * One stretch of YAML through the `yaml` package: values with the place of each field, and every
 * syntax error. This is the complete reader; `plain.ts` is the fast one for common shapes.
 *
 * Values are built here rather than by the package, for three reasons: an alias becomes a copy, so
 * that no two fields share an object, and the copies are counted, so that a small file cannot
 * become a huge value; `<<` merges; repeated keys are found in linear time.
 */

import { createRequire } from 'node:module';
import type { Document, Node } from 'yaml';
import type { FieldPath } from '../../resource.ts';

/** A syntax error or a value that cannot be built. */
export interface SyntaxProblem {
  readonly severity: 'error' | 'warning';
  readonly offset: number;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export interface Tree {
  readonly value: unknown;
  /** Where the document begins. */
  readonly offset: number;
  /** Offset of a field's key or a list's entry; the nearest parent's where it is absent. */
  offsetOf(path: FieldPath): number;
}

export interface Trees {
  readonly trees: readonly Tree[];
  readonly problems: readonly SyntaxProblem[];
}

/** Values that aliases of one document may add by being copied. */
const ALIAS_VALUES_MAX = 100_000;
const DEPTH_MAX = 128;

type YamlPackage = typeof import('yaml');

let loaded: YamlPackage | undefined;

/** The package takes 30 ms and 7 MB to load; files in the common shapes never need it. */
function yaml(): YamlPackage {
  loaded ??= createRequire(import.meta.url)('yaml') as YamlPackage;
  return loaded;
}

/** Documents with an error are left out of `trees`. Never throws. */
export function parseTrees(text: string): Trees {
  try {
    return buildTrees(text);
  } catch (error) {
    // The package recurses; what it cannot take is nested thousands of levels deep.
    if (!(error instanceof RangeError)) throw error;
    return { trees: [], problems: [tooDeep(0)] };
  }
}

function buildTrees(text: string): Trees {
  const documents = yaml().parseAllDocuments(text, {
    keepSourceTokens: false,
    prettyErrors: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    logLevel: 'silent',
  });
  const trees: Tree[] = [];
  const problems: SyntaxProblem[] = [];
  for (const document of documents) {
    const found = syntaxProblems(document);
    const builder = new TreeBuilder(found);
    const value = builder.build(document.contents);
    if (!found.some(({ severity }) => severity === 'error')) {
      trees.push({
        value,
        offset: startOf(document.contents, 0),
        offsetOf: (path) => builder.offsetOf(document.contents, path),
      });
    }
    problems.push(...found);
  }
  return { trees, problems };
}

function syntaxProblems(document: Document.Parsed | Document): SyntaxProblem[] {
  const found = document.errors.slice(0, PROBLEMS_MAX).map((error) => {
    if (error.code === 'RESOURCE_EXHAUSTION') return tooDeep(error.pos[0]);
    const remedy = 'Mend the YAML here; look at quotes, brackets and indentation nearby.';
    return problem(error.pos[0], 'bad-yaml', error.message, remedy);
  });
  for (const warning of document.warnings.slice(0, PROBLEMS_MAX)) {
    const remedy = 'Remove the tag; the value is read as if it had none.';
    found.push({
      ...problem(warning.pos[0], 'yaml-tag', warning.message, remedy),
      severity: 'warning',
    });
  }
  return found;
}

function problem(offset: number, code: string, message: string, remedy: string): SyntaxProblem {
  return { severity: 'error', offset, code, message: firstLine(message), remedy };
}

function firstLine(message: string): string {
  const end = message.indexOf('\n');
  return end < 0 ? message : message.slice(0, end);
}

function tooDeep(offset: number): SyntaxProblem {
  const remedy = `Keep to ${DEPTH_MAX} levels; no kind needs more.`;
  return problem(offset, 'too-deep', 'is nested too deeply', remedy);
}

function startOf(node: unknown, fallback: number): number {
  return (node as Node | null | undefined)?.range?.[0] ?? fallback;
}

class TreeBuilder {
  readonly #problems: SyntaxProblem[];
  readonly #nodeOfAnchor = new Map<string, unknown>();
  /** Each alias with the node its anchor had where it stands: anchors can be given again. */
  readonly #nodeOfAlias = new Map<unknown, unknown>();
  readonly #open = new Set<unknown>();
  /** Above 0 while what is built is a copy. */
  #copying = 0;
  #copied = 0;
  #depth = 0;

  constructor(problems: SyntaxProblem[]) {
    this.#problems = problems;
  }

  build(node: unknown): unknown {
    if (yaml().isAlias(node)) return this.#buildAlias(node);
    if (this.#copying > 0 && ++this.#copied > ALIAS_VALUES_MAX) return null;
    if (this.#copying === 0) {
      const anchor = (node as { anchor?: string } | null | undefined)?.anchor;
      if (anchor !== undefined) this.#nodeOfAnchor.set(anchor, node);
    }
    if (yaml().isScalar(node)) return node.value;
    if (!yaml().isMap(node) && !yaml().isSeq(node)) return null;
    if (this.#depth >= DEPTH_MAX) {
      this.#fail(tooDeep(startOf(node, 0)));
      return null;
    }
    this.#depth++;
    this.#open.add(node);
    const value = yaml().isMap(node)
      ? this.#buildMap(node.items)
      : node.items.map((i) => this.build(i));
    this.#open.delete(node);
    this.#depth--;
    return value;
  }

  #buildAlias(alias: { readonly source: string }): unknown {
    const offset = startOf(alias, 0);
    if (this.#copying === 0) this.#nodeOfAlias.set(alias, this.#nodeOfAnchor.get(alias.source));
    const target = this.#nodeOfAlias.get(alias);
    if (target === undefined) {
      const remedy = `Write &${alias.source} before it in the same document, or mend the name.`;
      const message = `*${alias.source} has no anchor`;
      this.#fail(problem(offset, 'bad-alias', message, remedy));
      return null;
    }
    if (this.#open.has(target)) {
      const remedy = 'Point the alias at something that does not contain it.';
      this.#fail(problem(offset, 'bad-alias', `*${alias.source} contains itself`, remedy));
      return null;
    }
    this.#copying++;
    const value = this.build(target);
    this.#copying--;
    if (this.#copied > ALIAS_VALUES_MAX && this.#copying === 0) {
      const message = `the aliases up to *${alias.source} stand for more than ${ALIAS_VALUES_MAX} values`;
      this.#fail(problem(offset, 'bad-alias', message, 'Write less by alias.'));
    }
    return value;
  }

  #buildMap(pairs: readonly { readonly key: unknown; readonly value: unknown }[]): unknown {
    const record: Record<string, unknown> = {};
    const merged: unknown[] = [];
    for (const { key, value } of pairs) {
      if (isMergeKey(key)) {
        merged.push(...this.#mergeSources(key, value));
        continue;
      }
      const name = this.#keyText(key);
      if (name === null) continue;
      if (Object.hasOwn(record, name)) {
        const message = `"${name.slice(0, 80)}" is given twice`;
        this.#fail(problem(startOf(key, 0), 'duplicate-key', message, 'Remove one of the two.'));
      }
      put(record, name, this.build(value));
    }
    for (const source of merged) mergeInto(record, source);
    return record;
  }

  #keyText(key: unknown): string | null {
    const value = yaml().isAlias(key)
      ? this.#buildAlias(key)
      : yaml().isScalar(key)
        ? key.value
        : undefined;
    if (yaml().isScalar(key)) this.build(key);
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    const remedy = 'Write the name of a field, or text in quotes.';
    this.#fail(problem(startOf(key, 0), 'bad-key', 'this cannot be a key', remedy));
    return null;
  }

  #mergeSources(key: unknown, value: unknown): unknown[] {
    const built = this.build(value);
    const sources = Array.isArray(built) ? built : [built];
    if (sources.every((source) => typeof source === 'object' && !Array.isArray(source))) {
      return sources;
    }
    const remedy = 'Give it an alias of an object, or a list of such aliases.';
    this.#fail(problem(startOf(key, 0), 'bad-merge', '"<<" merges objects only', remedy));
    return [];
  }

  #fail(found: SyntaxProblem): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(found);
  }

  offsetOf(root: unknown, path: FieldPath): number {
    let offset = startOf(root, 0);
    let node = this.#behind(root);
    for (const part of path) {
      const step = this.#step(node, part);
      if (step === null) break;
      offset = step.offset;
      node = this.#behind(step.node);
    }
    return offset;
  }

  #step(node: unknown, part: string | number): { offset: number; node: unknown } | null {
    if (yaml().isSeq(node)) {
      const item = typeof part === 'number' ? node.items[part] : undefined;
      return item === undefined ? null : { offset: startOf(item, 0), node: item };
    }
    if (!yaml().isMap(node)) return null;
    for (const { key, value } of node.items) {
      const name = this.#behind(key);
      if (yaml().isScalar(name) && !isMergeKey(key) && String(name.value) === String(part)) {
        return { offset: startOf(key, 0), node: value };
      }
    }
    for (const { key, value } of node.items) {
      if (!isMergeKey(key)) continue;
      const source = this.#behind(value);
      for (const each of yaml().isSeq(source) ? source.items : [source]) {
        const step = this.#step(this.#behind(each), part);
        if (step !== null) return step;
      }
    }
    return null;
  }

  #behind(node: unknown): unknown {
    return yaml().isAlias(node) ? this.#nodeOfAlias.get(node) : node;
  }
}

/** Nobody reads more of one document. */
const PROBLEMS_MAX = 100;

function isMergeKey(key: unknown): boolean {
  return yaml().isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

function put(record: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') {
    record[name] = value;
    return;
  }
  Object.defineProperty(record, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** What stands in the object itself wins, then the earlier source. */
function mergeInto(record: Record<string, unknown>, source: unknown): void {
  for (const [name, value] of Object.entries(source ?? {})) {
    if (!Object.hasOwn(record, name)) put(record, name, value);
  }
}
