/** ReferenceGrants: which references may cross a namespace border. Indexed once, asked in O(1). */

import type { ReferenceGrantSpec } from '../schema/types.ts';
import { soundnessOf } from './broken.ts';
import { GATEWAY_GROUP } from './groups.ts';
import { type ResourceIndex, specOf } from './resource-index.ts';

export interface Referrer {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

export interface Referent extends Referrer {
  readonly name: string;
}

/** A grant may name no object: then every one of the kind in its namespace. */
const EVERY = '*';

export class Grants {
  readonly #names = new Map<string, Set<string>>();

  /** A grant with schema errors grants nothing: a misspelt `name` would open the whole kind. */
  constructor(index: ResourceIndex) {
    for (const resource of index.all(GATEWAY_GROUP, 'ReferenceGrant').values()) {
      if (soundnessOf(resource).any) continue;
      const spec = specOf<ReferenceGrantSpec>(resource);
      for (const from of spec.from) {
        for (const to of spec.to) {
          this.#add(from, { ...to, namespace: resource.namespace }, to.name ?? EVERY);
        }
      }
    }
  }

  #add(from: Referrer, to: Referrer, name: string): void {
    const key = keyOf(from, to);
    const names = this.#names.get(key);
    if (names === undefined) this.#names.set(key, new Set([name]));
    else names.add(name);
  }

  permits(from: Referrer, to: Referent): boolean {
    if (from.namespace === to.namespace) return true;
    const names = this.#names.get(keyOf(from, to));
    return names !== undefined && (names.has(EVERY) || names.has(to.name));
  }
}

function keyOf(from: Referrer, to: Referrer): string {
  return `${from.group}/${from.kind}/${from.namespace}>${to.group}/${to.kind}/${to.namespace}`;
}
