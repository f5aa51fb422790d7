/**
 * All resources by kind and name, read once. Lists are in the Gateway API's order of precedence
 * (older first, then namespace/name), so nothing later depends on the order of files.
 */

import type { FieldPath, Resource } from '../resource.ts';
import { CORE_GROUP } from './groups.ts';
import type { Labels } from './label-selector.ts';
import { compareText } from './report.ts';

const NOTHING: ReadonlyMap<string, Resource> = new Map();

export class ResourceIndex {
  readonly #byKind = new Map<string, Map<string, Resource>>();

  constructor(resources: readonly Resource[]) {
    for (const resource of [...resources].sort(byAge)) {
      const kind = `${resource.group}/${resource.kind}`;
      let named = this.#byKind.get(kind);
      if (named === undefined) {
        named = new Map();
        this.#byKind.set(kind, named);
      }
      named.set(`${resource.namespace}/${resource.name}`, resource);
    }
  }

  /** Keyed by `namespace/name`, in order of precedence. */
  all(group: string, kind: string): ReadonlyMap<string, Resource> {
    return this.#byKind.get(`${group}/${kind}`) ?? NOTHING;
  }

  get(group: string, kind: string, key: string): Resource | undefined {
    return this.#byKind.get(`${group}/${kind}`)?.get(key);
  }

  /** By name alone: cluster-scoped kinds, whatever namespace a source gave them. */
  clusterScoped(group: string, kind: string): ReadonlyMap<string, Resource> {
    const named = new Map<string, Resource>();
    for (const resource of this.all(group, kind).values()) {
      if (!named.has(resource.name)) named.set(resource.name, resource);
    }
    return named;
  }
}

/** Older first; then namespace/name (Gateway API, conflict resolution). */
function byAge(a: Resource, b: Resource): number {
  return (
    a.createdMs - b.createdMs ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name) ||
    compareText(a.kind, b.kind)
  );
}

/** Labels of a Namespace. The one Kubernetes always sets is there even where no object is. */
export function namespaceLabels(index: ResourceIndex): (namespace: string) => Labels {
  const objects = index.clusterScoped(CORE_GROUP, 'Namespace');
  const known = new Map<string, Labels>();
  return (namespace) => {
    let labels = known.get(namespace);
    if (labels === undefined) {
      const object = objects.get(namespace);
      labels = { ...object?.labels, 'kubernetes.io/metadata.name': namespace };
      known.set(namespace, labels);
    }
    return labels;
  };
}

export const SPEC: FieldPath = ['spec'];

/** `resource.body.spec` as the type of its kind; {} where it is missing (the schema said so). */
export function specOf<T extends object>(resource: Resource): T {
  const spec = resource.body['spec'];
  return (typeof spec === 'object' && spec !== null ? spec : {}) as T;
}
