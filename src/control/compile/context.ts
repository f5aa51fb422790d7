/** What every step of one compilation shares. Made once in `compile.ts`. */

import type { Resource } from '../resource.ts';
import { resourceStatus, type StatusParts } from '../status/conditions.ts';
import type { Condition, ResourceStatus } from '../status/status.ts';
import type { Grants } from './grants.ts';
import type { Labels } from './label-selector.ts';
import type { CompileOptions } from './options.ts';
import type { Report } from './report.ts';
import type { ResourceIndex } from './resource-index.ts';

export interface Context {
  readonly index: ResourceIndex;
  readonly grants: Grants;
  readonly options: CompileOptions;
  readonly report: Report;
  readonly status: ResourceStatus[];
  readonly labelsOf: (namespace: string) => Labels;
}

export function addStatus(
  context: Context,
  resource: Resource,
  conditions: readonly Condition[],
  parts?: StatusParts,
): void {
  context.status.push(resourceStatus(resource, conditions, parts));
}

export function keyOf(resource: Resource): string {
  return `${resource.namespace}/${resource.name}`;
}
