/** A BackendPolicy on top of the defaults of `base/limits.ts`. */

import { LIMITS } from '../../base/limits.ts';
import type { Cluster } from '../../config/cluster.ts';
import type { Resource } from '../resource.ts';
import type { BackendPolicySpec, ServiceSpec, TargetRef } from '../schema/types.ts';
import { parseDurationMs } from '../schema/units.ts';
import { soundnessOf } from './broken.ts';
import type { Context } from './context.ts';
import { CORE_GROUP, TULLE_GROUP } from './groups.ts';
import { attachPolicies, notFound, type Refusal, refuseTarget } from './policies.ts';
import { specOf } from './resource-index.ts';

export type ClusterSettings = Omit<Cluster, 'name' | 'discovery'>;

const DEFAULTS: ClusterSettings = {
  loadBalancer: 'RoundRobin',
  connectMs: LIMITS.upstreamConnectMs,
  idleMs: LIMITS.upstreamIdleMs,
  streamIdleMs: LIMITS.streamIdleMs,
  limits: {
    connectionsMax: LIMITS.upstreamConnectionsMax,
    pendingMax: LIMITS.upstreamPendingMax,
    requestsMax: LIMITS.upstreamRequestsMax,
  },
};

export function clusterSettings(policy: Resource | undefined): ClusterSettings {
  if (policy === undefined) return DEFAULTS;
  const { loadBalancer, timeouts, limits } = specOf<BackendPolicySpec>(policy);
  return {
    loadBalancer: loadBalancer ?? DEFAULTS.loadBalancer,
    connectMs: durationMs(timeouts?.connect, DEFAULTS.connectMs),
    idleMs: durationMs(timeouts?.idle, DEFAULTS.idleMs),
    streamIdleMs: durationMs(timeouts?.stream, DEFAULTS.streamIdleMs),
    limits: {
      connectionsMax: limits?.connections ?? DEFAULTS.limits.connectionsMax,
      pendingMax: limits?.pending ?? DEFAULTS.limits.pendingMax,
      requestsMax: limits?.requests ?? DEFAULTS.limits.requestsMax,
    },
  };
}

/** The default where the text is absent (or no duration: then the schema has said so). */
export function durationMs(text: string | undefined, defaultMs: number): number {
  return text === undefined ? defaultMs : (parseDurationMs(text) ?? defaultMs);
}

const TARGET_KINDS = [
  [CORE_GROUP, 'Service'],
  [TULLE_GROUP, 'Backend'],
  [TULLE_GROUP, 'WasmService'],
] as const;

export function attachBackendPolicies(context: Context): ReadonlyMap<string, Resource> {
  return attachPolicies(context, 'BackendPolicy', (ref, namespace) => {
    return (
      refuseTarget(context, ref, namespace, TARGET_KINDS) ?? refuseSection(context, ref, namespace)
    );
  });
}

function refuseSection(context: Context, ref: TargetRef, namespace: string): Refusal | null {
  if (ref.sectionName === undefined) return null;
  const service = context.index.get(ref.group, ref.kind, `${namespace}/${ref.name}`);
  // Its ports cannot be read; the Service's own problem says so.
  if (service !== undefined && soundnessOf(service).any) return null;
  const ports = ref.kind === 'Service' && service ? specOf<ServiceSpec>(service).ports : [];
  if ((ports ?? []).some((port) => port.name === ref.sectionName)) return null;
  return notFound(
    `${ref.kind} ${namespace}/${ref.name} has no port named ${ref.sectionName}`,
    'Name a port of the Service, or leave sectionName out.',
  );
}
