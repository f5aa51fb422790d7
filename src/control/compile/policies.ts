/**
 * Direct policy attachment (GEP-713): a policy names its targets, in its own namespace. One policy
 * of a kind governs a target; of two the older wins and the other is Conflicted there. A target
 * with a sectionName is a target of its own, and the more specific one.
 */

import type { FieldPath, Resource } from '../resource.ts';
import type { TargetRef } from '../schema/types.ts';
import { ACCEPTED, isFalse } from '../status/conditions.ts';
import type { Condition, ParentStatus, Reason } from '../status/status.ts';
import { soundnessOf } from './broken.ts';
import { addStatus, type Context } from './context.ts';
import { GATEWAY_GROUP, TULLE_GROUP } from './groups.ts';
import { resourceText } from './report.ts';
import { specOf } from './resource-index.ts';

/** `Kind namespace/name`, or `Kind namespace/name#section`. */
export function targetKey(kind: string, key: string, sectionName = ''): string {
  return sectionName === '' ? `${kind} ${key}` : `${kind} ${key}#${sectionName}`;
}

/** Why a target cannot be one; null if it can. */
export interface Refusal {
  readonly reason: Reason;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** Judges one target; sections too. */
export type TargetCheck = (ref: TargetRef, namespace: string) => Refusal | null;

/** Policies of one kind by {@link targetKey}. Adds the problems and the status of each. */
export function attachPolicies(
  context: Context,
  kind: 'BackendPolicy' | 'ClientPolicy',
  check: TargetCheck,
): ReadonlyMap<string, Resource> {
  const attached = new Map<string, Resource>();
  for (const policy of context.index.all(TULLE_GROUP, kind).values()) {
    if (soundnessOf(policy).outside([]) !== null) {
      const message = 'the policy has errors and is not in force';
      addStatus(context, policy, [isFalse('Accepted', 'Invalid', message)]);
      continue;
    }
    const refs = specOf<{ targetRefs: readonly TargetRef[] }>(policy).targetRefs;
    const parents: ParentStatus[] = [];
    for (const [position, ref] of refs.entries()) {
      const refusal = check(ref, policy.namespace) ?? claim(attached, policy, ref);
      parents.push(targetStatus(policy, ref, refusal));
      if (refusal !== null)
        reportTarget(context, policy, ['spec', 'targetRefs', position], refusal);
    }
    addStatus(context, policy, [], { parents });
  }
  return attached;
}

function claim(attached: Map<string, Resource>, policy: Resource, ref: TargetRef): Refusal | null {
  const key = targetKey(ref.kind, `${policy.namespace}/${ref.name}`, ref.sectionName);
  const holder = attached.get(key);
  if (holder === undefined) {
    attached.set(key, policy);
    return null;
  }
  return {
    reason: 'Conflicted',
    code: 'conflict',
    message: `${key} already has ${resourceText(holder)}, which is older or first by name`,
    remedy: 'Join the two policies, or give this one another target.',
  };
}

export function reportTarget(
  context: Context,
  policy: Resource,
  path: FieldPath,
  refusal: Refusal,
): void {
  context.report.error(policy, path, refusal.code, refusal.message, refusal.remedy);
}

export function targetStatus(
  policy: Resource,
  ref: TargetRef,
  refusal: Refusal | null,
): ParentStatus {
  const conditions: readonly Condition[] =
    refusal === null ? [ACCEPTED] : [isFalse('Accepted', refusal.reason, refusal.message)];
  return {
    ref: {
      group: ref.group,
      kind: ref.kind,
      namespace: ref.namespace ?? policy.namespace,
      name: ref.name,
      sectionName: ref.sectionName ?? '',
      port: 0,
    },
    conditions,
  };
}

/** The checks every target shares: kind, namespace, existence. */
export function refuseTarget(
  context: Context,
  ref: TargetRef,
  namespace: string,
  kinds: readonly (readonly [group: string, kind: string])[],
): Refusal | null {
  if (!kinds.some(([group, kind]) => ref.group === group && ref.kind === kind)) {
    const names = kinds.map(([group, kind]) => (group === '' ? kind : `${group}/${kind}`));
    return {
      reason: 'InvalidKind',
      code: 'invalid-kind',
      message: `a target of kind ${ref.group === '' ? '' : `${ref.group}/`}${ref.kind} is not possible`,
      remedy: `Use ${names.join(' or ')} (group and kind).`,
    };
  }
  if (ref.namespace !== undefined && ref.namespace !== namespace) {
    return {
      reason: 'RefNotPermitted',
      code: 'not-permitted',
      message: `the target is in namespace ${ref.namespace}; a policy applies in its own only`,
      remedy: `Move the policy to namespace ${ref.namespace}.`,
    };
  }
  const key = `${namespace}/${ref.name}`;
  const exists =
    ref.kind === 'GatewayClass'
      ? context.index.clusterScoped(GATEWAY_GROUP, ref.kind).has(ref.name)
      : context.index.get(ref.group, ref.kind, key) !== undefined;
  if (exists) return null;
  return notFound(`there is no ${ref.kind} ${key}`, 'Write it, or mend the name.');
}

export function notFound(message: string, remedy: string): Refusal {
  return { reason: 'TargetNotFound', code: 'dangling-reference', message, remedy };
}
