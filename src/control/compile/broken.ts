/**
 * Which parts of a resource its schema errors touch. Compile reads a body through the types of
 * `schema/types.ts`, which hold only where there is no error: so every reader asks here first and
 * leaves out the smallest part that cannot be trusted.
 */

import type { Resource } from '../resource.ts';

/** As many errors the schema notes of one resource. */
const FINDINGS_MAX = 100;

/** Schema errors of one resource; warnings do not count. */
class Broken {
  readonly #paths: readonly string[];
  readonly #unknown: ReadonlySet<string>;

  constructor(resource: Resource) {
    const errors = resource.problems.filter((problem) => problem.severity === 'error');
    // Beyond the bound nobody noted what else is wrong: nothing in it can be trusted.
    const isWhole = errors.length < FINDINGS_MAX;
    this.#paths = isWhole ? errors.map((problem) => problem.path) : [''];
    this.#unknown = new Set(
      errors.filter((problem) => problem.code === 'unknown-field').map((problem) => problem.path),
    );
  }

  get any(): boolean {
    return this.#paths.length > 0;
  }

  /** Whether an error stands at the path, inside it or at a parent of it. */
  touches(path: string): boolean {
    return this.#paths.some((error) => isInside(error, path) || isInside(path, error));
  }

  /** Whether an error stands at the path or inside it. */
  holds(path: string): boolean {
    return this.#paths.some((error) => isInside(error, path));
  }

  /** The path of an error outside all of the given parts (and outside metadata's extras), if any. */
  outside(parts: readonly string[]): string | null {
    for (const error of this.#paths) {
      if (isHarmless(error) || parts.some((part) => isInside(error, part))) continue;
      return error;
    }
    return null;
  }

  /** Whether the object at the path has a field that nobody knows (and that may be a misspelt one). */
  hasUnknownField(path: string): boolean {
    for (const error of this.#unknown) {
      if (error.startsWith(`${path}.`) && !/[.[]/.test(error.slice(path.length + 1))) return true;
    }
    return false;
  }
}

const SOUND: Pick<Broken, 'any' | 'touches' | 'holds' | 'outside' | 'hasUnknownField'> = {
  any: false,
  touches: () => false,
  holds: () => false,
  outside: () => null,
  hasUnknownField: () => false,
};

export type Soundness = typeof SOUND;

/** Almost every resource is sound: they share one answer. */
export function soundnessOf(resource: Resource): Soundness {
  if (resource.problems.length === 0) return SOUND;
  const broken = new Broken(resource);
  return broken.any ? broken : SOUND;
}

function isInside(path: string, part: string): boolean {
  if (part === '' || path === part) return true;
  if (!path.startsWith(part)) return false;
  const next = path.charAt(part.length);
  return next === '.' || next === '[';
}

/** Labels, annotations and what else metadata holds decide nothing here but by name. */
function isHarmless(path: string): boolean {
  return path.startsWith('metadata.') && path !== 'metadata.name' && path !== 'metadata.namespace';
}
