/**
 * What stays in force when part of what was read is broken. Pure: the state before and a fresh read
 * give the state after.
 *
 * - A file that cannot be read, or is no YAML, keeps everything it held.
 * - A resource with schema errors keeps its last version without; if there never was one it passes
 *   with its problems, and compile leaves out just what they touch.
 * - A resource that is gone from a readable file is gone.
 *
 * Problems are always the fresh ones: what was kept is not what the user wants to hear about.
 */

import { dirname, resolve } from 'node:path';
import type { Problem, Resource } from '../resource.ts';
import { type ReadResult, resourceKey } from './file/read.ts';

export interface InForce {
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
  readonly resourcesOf: ReadonlyMap<string, readonly Resource[]>;
}

export const NOTHING_IN_FORCE: InForce = {
  resources: [],
  problems: [],
  resourcesOf: new Map(),
};

export function keepLastGood(previous: InForce, fresh: ReadResult): InForce {
  const keptFiles = filesToKeep(previous, fresh.unreadable);
  const lastGood = new Map<string, Resource>();
  for (const resource of previous.resources) {
    if (resource.problems.length === 0) lastGood.set(resourceKey(resource), resource);
  }
  const resourcesOf = new Map<string, readonly Resource[]>();
  const taken = new Set<string>();
  const take = (file: string, candidates: readonly Resource[]): void => {
    const resources = candidates.filter((candidate) => !taken.has(resourceKey(candidate)));
    for (const resource of resources) taken.add(resourceKey(resource));
    resourcesOf.set(file, resources);
  };
  for (const [file, resources] of fresh.resourcesOf) {
    if (keptFiles.has(file)) continue;
    take(
      file,
      resources.map((resource) => goodVersion(resource, lastGood)),
    );
  }
  // Last, so that an object that moved to a file that can be read is taken from there.
  for (const file of keptFiles) take(file, previous.resourcesOf.get(file) ?? []);
  return { resources: [...resourcesOf.values()].flat(), problems: fresh.problems, resourcesOf };
}

function goodVersion(resource: Resource, lastGood: ReadonlyMap<string, Resource>): Resource {
  if (resource.problems.length === 0) return resource;
  return lastGood.get(resourceKey(resource)) ?? resource;
}

/** Files of the state before whose content is not known now: named themselves, or by directory. */
function filesToKeep(previous: InForce, unreadable: readonly string[]): Set<string> {
  const lost = new Set(unreadable.map((path) => resolve(path)));
  const kept = new Set<string>();
  for (const [file, resources] of previous.resourcesOf) {
    const unknown = lost.has(resolve(file)) || lost.has(dirname(resolve(file)));
    if (unknown && resources.length > 0) kept.add(file);
  }
  return kept;
}
