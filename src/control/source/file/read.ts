/**
 * Resource files to resources: list, read, parse, check, and find objects given twice. Synchronous:
 * it runs on the supervising thread, at start and after a change, and touches no request.
 *
 * A path or file that cannot be read, is empty or is no YAML is named in `unreadable`:
 * `last-good.ts` then keeps what it held before.
 */

import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Location, Problem, Resource } from '../../resource.ts';
import { type Admitted, admit } from '../admit.ts';
import { readDocuments, TreeCache } from './documents.ts';
import { failureOf, listFiles } from './list.ts';

/** Larger files are refused. */
export const FILE_BYTES_MAX: number = 16 * 1024 * 1024;

export interface ReadResult {
  /** Each object once; an object with schema errors carries them. */
  readonly resources: readonly Resource[];
  /** Everything that is wrong, also what the resources carry. */
  readonly problems: readonly Problem[];
  /** All that belong to the paths, readable or not. */
  readonly files: readonly string[];
  /** Files and directories whose content is not known for now. */
  readonly unreadable: readonly string[];
  readonly resourcesOf: ReadonlyMap<string, readonly Resource[]>;
}

interface FileContent extends Admitted {
  /** False: what is in it is not, or not wholly, known. */
  readonly readable: boolean;
}

/** What one read leaves for the next: a file or document that has not changed is not parsed again. */
export class ReadCache {
  readonly trees: TreeCache = new TreeCache();
  #contents = new Map<string, { readonly text: string; readonly content: FileContent }>();

  content(file: string, text: string, make: () => FileContent): FileContent {
    const known = this.#contents.get(file);
    if (known?.text === text) return known.content;
    const content = make();
    this.#contents.set(file, { text, content });
    return content;
  }

  endRound(files: ReadonlySet<string>): void {
    for (const file of this.#contents.keys()) if (!files.has(file)) this.#contents.delete(file);
    this.trees.endRound();
  }
}

/**
 * Reads `paths` (files, or directories as in `list.ts`). Never throws for what is on disk. Hand in
 * the same cache again to read a changed set fast.
 */
export function readFiles(
  paths: readonly string[],
  cache: ReadCache = new ReadCache(),
): ReadResult {
  const problems: Problem[] = [];
  const unreadable: string[] = [];
  const contents = new Map<string, FileContent>();
  const seen = new Set<string>();
  for (const path of paths) {
    const { files, failure } = listFiles(path);
    if (failure !== '') {
      problems.push(unreadableProblem(path, failure));
      unreadable.push(path);
    }
    for (const file of files) {
      if (seen.has(resolve(file))) continue;
      seen.add(resolve(file));
      contents.set(file, readOne(file, cache));
    }
  }
  for (const [file, content] of contents) {
    problems.push(...content.problems);
    if (!content.readable) unreadable.push(file);
  }
  cache.endRound(new Set(contents.keys()));
  const resourcesOf = withoutRepeats(contents, problems);
  return {
    resources: [...resourcesOf.values()].flat(),
    problems,
    files: [...contents.keys()],
    unreadable,
    resourcesOf,
  };
}

function readOne(file: string, cache: ReadCache): FileContent {
  const text = readText(file);
  if (typeof text !== 'string') return { resources: [], problems: [text], readable: false };
  return cache.content(file, text, () => parse(file, text, cache.trees));
}

function parse(file: string, text: string, trees: TreeCache): FileContent {
  const { documents, problems: syntax } = readDocuments(file, text, trees);
  const admitted: Admitted = { resources: [], problems: [] };
  for (const problem of syntax) admitted.problems.push({ ...problem, resource: '', path: '' });
  for (const { value, at } of documents) {
    if (value !== null) admit(value, at, admitted);
  }
  return { ...admitted, readable: !syntax.some(({ severity }) => severity === 'error') };
}

/** The text of a file, or why there is none. */
function readText(file: string): string | Problem {
  let bytes: Buffer;
  try {
    // Opening a pipe would wait for its writer.
    if (!statSync(file).isFile()) {
      const remedy = 'Give a file or a directory with *.yaml, *.yml or *.json.';
      return fileProblem(file, 'unreadable', 'is not a regular file', remedy);
    }
    const descriptor = openSync(file, 'r');
    try {
      const { size } = fstatSync(descriptor);
      if (size > FILE_BYTES_MAX) return tooLarge(file, size);
      bytes = readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return unreadableProblem(file, failureOf(error));
  }
  if (bytes.length > FILE_BYTES_MAX) return tooLarge(file, bytes.length);
  if (bytes.length === 0) return emptyFile(file);
  if (!isUtf8(bytes)) {
    return fileProblem(file, 'bad-encoding', 'is not UTF-8', 'Save it in UTF-8 encoding.');
  }
  const text = bytes.toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function fileProblem(file: string, code: string, message: string, remedy: string): Problem {
  const location: Location = { file, line: 1, column: 1 };
  return { severity: 'error', code, resource: '', path: '', location, message, remedy };
}

function tooLarge(file: string, bytes: number): Problem {
  const message = `is ${bytes} bytes large, at most ${FILE_BYTES_MAX} are read`;
  return fileProblem(file, 'too-large', message, 'Spread its objects over several files.');
}

/** Most often a file that is just being written; nobody empties one to remove what it held. */
function emptyFile(file: string): Problem {
  const remedy = 'If it is meant to hold nothing, remove the file.';
  const message = 'is empty; what it held before stays in force';
  return { ...fileProblem(file, 'empty-file', message, remedy), severity: 'warning' };
}

const REMEDY_OF_FAILURE: Readonly<Record<string, string>> = {
  ENOENT: 'Check the path; nothing is there.',
  EACCES: 'Give the user that runs Tulle the permission to read it.',
  EPERM: 'Give the user that runs Tulle the permission to read it.',
  ELOOP: 'Mend the symbolic link; it leads back to itself.',
};

function unreadableProblem(path: string, failure: string): Problem {
  const remedy = REMEDY_OF_FAILURE[failure] ?? 'Check the path and the file system.';
  return fileProblem(path, 'unreadable', `cannot be read (${failure})`, remedy);
}

/** The first of several objects with the same name stays; the others become problems. */
function withoutRepeats(
  contents: ReadonlyMap<string, FileContent>,
  problems: Problem[],
): Map<string, readonly Resource[]> {
  const first = new Map<string, Resource>();
  const resourcesOf = new Map<string, readonly Resource[]>();
  for (const [file, { resources }] of contents) {
    const kept = resources.filter((resource) => {
      const key = resourceKey(resource);
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, resource);
      else problems.push(repeated(resource, earlier));
      return earlier === undefined;
    });
    resourcesOf.set(file, kept);
  }
  return resourcesOf;
}

/** The same for two objects exactly when Kubernetes would take them for one. */
export function resourceKey({ group, kind, namespace, name }: Resource): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

function repeated(resource: Resource, earlier: Resource): Problem {
  const { kind, namespace, name } = resource;
  const { file, line, column } = earlier.at([]);
  return {
    severity: 'error',
    code: 'duplicate-resource',
    resource: `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`,
    path: '',
    location: resource.at([]),
    message: `is already defined at ${file}:${line}:${column}, which stays in force`,
    remedy: 'Remove or rename one of the two.',
  };
}
