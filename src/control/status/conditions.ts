/** Conditions are many and mostly alike: the good ones are shared constants, the others are made here. */

import type { Resource } from '../resource.ts';
import type {
  Condition,
  ConditionType,
  ListenerStatus,
  ParentStatus,
  Reason,
  ResourceStatus,
} from './status.ts';

const good = (type: ConditionType, status: 'True' | 'False', reason: Reason): Condition => ({
  type,
  status,
  reason,
  message: '',
});

export const ACCEPTED: Condition = good('Accepted', 'True', 'Accepted');
export const RESOLVED: Condition = good('ResolvedRefs', 'True', 'ResolvedRefs');
export const PROGRAMMED: Condition = good('Programmed', 'True', 'Programmed');
export const NOT_CONFLICTED: Condition = good('Conflicted', 'False', 'NoConflicts');

export function isTrue(type: ConditionType, reason: Reason, message: string): Condition {
  return { type, status: 'True', reason, message };
}

export function isFalse(type: ConditionType, reason: Reason, message: string): Condition {
  return { type, status: 'False', reason, message };
}

/** What a kind may add to the plain list of conditions. */
export interface StatusParts {
  readonly listeners?: readonly ListenerStatus[];
  readonly parents?: readonly ParentStatus[];
}

const NONE: readonly never[] = [];

export function resourceStatus(
  resource: Resource,
  conditions: readonly Condition[],
  parts: StatusParts = {},
): ResourceStatus {
  const metadata = resource.body['metadata'] as { generation?: unknown } | null | undefined;
  const generation = metadata?.generation;
  return {
    group: resource.group,
    kind: resource.kind,
    namespace: resource.namespace,
    name: resource.name,
    observedGeneration: typeof generation === 'number' ? generation : 0,
    conditions,
    listeners: parts.listeners ?? NONE,
    parents: parts.parents ?? NONE,
  };
}
