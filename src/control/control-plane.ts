/**
 * Configuration from files: read, keep what was good, compile, and hand out a snapshot where the
 * outcome is another one. Nothing here waits or watches: whoever sees a change calls `reload()`.
 *
 * Whatever the files hold, there is a configuration in force afterwards. A file or resource that is
 * broken keeps its last good version (`source/last-good.ts`), a broken part of a new one is left out
 * (`compile/`), and should compile itself throw, the whole of the last snapshot stays.
 */

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { RouteFilter } from '../config/route.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { type Compilation, compile } from './compile/compile.ts';
import type { CompileOptions } from './compile/options.ts';
import { byPlace } from './compile/report.ts';
import type { Problem, Resource } from './resource.ts';
import { sameData } from './same-data.ts';
import { ReadCache, readFiles } from './source/file/read.ts';
import { type InForce, keepLastGood, NOTHING_IN_FORCE } from './source/last-good.ts';
import type { ResourceStatus } from './status/status.ts';

export interface FileControlOptions {
  /** Files and directories, as in `-f`. */
  readonly paths: readonly string[];
  /** Why a regular expression cannot be used, or null: the data plane's own answer. */
  readonly checkRegex: (pattern: string) => string | null;
  /** What speaks against a filter, or null: the data plane's own answer. */
  readonly checkFilter?: (filter: RouteFilter) => string | null;
  /** Environment that `valueFrom: HOST` may name. Default: none. */
  readonly env?: (name: string) => string | undefined;
  /** See {@link CompileOptions.rootNamespace}. */
  readonly rootNamespace?: string;
  /** Default: {@link compile}. */
  readonly compile?: (resources: readonly Resource[], options: CompileOptions) => Compilation;
}

export type SnapshotListener = (snapshot: Snapshot) => void;

const NOTHING: Compilation = {
  snapshot: { version: 0, binds: [], clusters: [], filters: [], services: [], callees: [] },
  problems: [],
  status: [],
};

export class FileControl {
  readonly #options: FileControlOptions;
  readonly #cache = new ReadCache();
  readonly #listeners = new Set<SnapshotListener>();
  #inForce: InForce = NOTHING_IN_FORCE;
  #compilation: Compilation = NOTHING;
  #problems: readonly Problem[] = [];
  #files: readonly string[] = [];

  constructor(options: FileControlOptions) {
    this.#options = options;
  }

  /** In force; version 0, and empty, before the first {@link load}. */
  get snapshot(): Snapshot {
    return this.#compilation.snapshot;
  }

  /** Everything wrong in the files as they were read last, by place. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Of the resources in force. */
  get status(): readonly ResourceStatus[] {
    return this.#compilation.status;
  }

  /** In force, some perhaps in their last good version; with the place of each field. */
  get resources(): readonly Resource[] {
    return this.#inForce.resources;
  }

  /** Files that were found at the paths. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** Called with each new version, not with the present one. Returns how to stop that. */
  onSnapshot(listener: SnapshotListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The first {@link reload}; a snapshot of version 1 comes out of it even where there is nothing. */
  load(): Snapshot {
    this.reload();
    return this.snapshot;
  }

  /**
   * Reads everything again. True, after the listeners were told, if the outcome differs from what
   * was in force; problems and status are fresh either way.
   */
  reload(): boolean {
    const read = readFiles(this.#options.paths, this.#cache);
    const inForce = keepLastGood(this.#inForce, read);
    this.#files = read.files;
    let compilation: Compilation;
    try {
      compilation = this.#compile(inForce.resources);
    } catch (error) {
      this.#problems = [this.#bug(error), ...read.problems];
      return false;
    }
    this.#inForce = inForce;
    this.#problems = [...inForce.problems, ...compilation.problems].sort(byPlace);
    const previous = this.#compilation.snapshot;
    const isSame = previous.version > 0 && isSameOutcome(previous, compilation.snapshot);
    this.#compilation = isSame ? { ...compilation, snapshot: previous } : compilation;
    if (isSame) return false;
    for (const listener of this.#listeners) listener(compilation.snapshot);
    return true;
  }

  #compile(resources: readonly Resource[]): Compilation {
    const { checkRegex, checkFilter, env, rootNamespace } = this.#options;
    const version = this.#compilation.snapshot.version + 1;
    return (this.#options.compile ?? compile)(resources, {
      version,
      baseDirOf,
      fileExists: existsSync,
      checkRegex,
      ...(checkFilter === undefined ? {} : { checkFilter }),
      ...(env === undefined ? {} : { env }),
      ...(rootNamespace === undefined ? {} : { rootNamespace }),
    });
  }

  #bug(error: unknown): Problem {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      severity: 'error',
      code: 'internal',
      resource: '',
      path: '',
      location: { file: this.#files[0] ?? this.#options.paths[0] ?? '', line: 1, column: 1 },
      message: `the configuration could not be compiled; the last good one stays in force: ${text}`,
      remedy: 'This is an error of Tulle. Report it with the files that lead to it.',
    };
  }
}

/** Relative paths of a resource start where its file is. */
function baseDirOf(resource: Resource): string {
  return dirname(resolve(resource.at([]).file));
}

function isSameOutcome(a: Snapshot, b: Snapshot): boolean {
  return sameData({ ...a, version: 0 }, { ...b, version: 0 });
}
