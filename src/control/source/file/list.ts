/**
 * Which files a `-f PATH` stands for. A directory stands for its *.yaml, *.yml and *.json, not those
 * of directories below it, as kubectl reads one. Names that begin with a dot are left out: editors'
 * temporary files, and the ..data of a mounted ConfigMap, whose files are linked from beside it.
 */

import { readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface Listing {
  /** In order of name. */
  readonly files: readonly string[];
  readonly directory: boolean;
  /** Why the path could not be read, as the system names it (`ENOENT`); '' if it could. */
  readonly failure: string;
}

const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);

export function isResourceFile(name: string): boolean {
  return !name.startsWith('.') && EXTENSIONS.has(extname(name));
}

export function listFiles(path: string): Listing {
  try {
    if (!statSync(path).isDirectory()) return { files: [path], directory: false, failure: '' };
    const names = readdirSync(path).filter(isResourceFile).sort();
    const files = names.map((name) => join(path, name)).filter((file) => !isDirectory(file));
    return { files, directory: true, failure: '' };
  } catch (error) {
    return { files: [], directory: false, failure: failureOf(error) };
  }
}

/** What cannot be looked at is kept: reading it will say why. */
function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The system's word for a failed call. */
export function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
