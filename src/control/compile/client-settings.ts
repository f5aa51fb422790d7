/**
 * A ClientPolicy on top of the defaults of `base/limits.ts`. Its settings hold for a whole socket
 * address, as much happens before a hostname is known.
 */

import { LIMITS } from '../../base/limits.ts';
import type { ClientSettings } from '../../config/listener.ts';
import type { Resource } from '../resource.ts';
import type { ClientPolicySpec } from '../schema/types.ts';
import { parseQuantityBytes } from '../schema/units.ts';
import { durationMs } from './cluster-settings.ts';
import type { Context } from './context.ts';
import { GATEWAY_GROUP } from './groups.ts';
import { attachPolicies, notFound, refuseTarget } from './policies.ts';
import { specOf } from './resource-index.ts';
import type { GatewayTarget } from './wasm-plugins.ts';

const DEFAULTS: ClientSettings = {
  trustedProxies: [],
  requestHeadMs: LIMITS.requestHeadMs,
  idleMs: LIMITS.downstreamIdleMs,
  streamIdleMs: LIMITS.streamIdleMs,
  connectionsMax: LIMITS.connectionsMax,
  headBytesMax: LIMITS.headBytesMax,
  targetBytesMax: LIMITS.targetBytesMax,
  headerCountMax: LIMITS.headerCountMax,
};

export function clientSettings(policy: Resource | undefined): ClientSettings {
  if (policy === undefined) return DEFAULTS;
  const { trustedProxies, timeouts, limits } = specOf<ClientPolicySpec>(policy);
  return {
    trustedProxies: trustedProxies ?? DEFAULTS.trustedProxies,
    requestHeadMs: durationMs(timeouts?.requestHead, DEFAULTS.requestHeadMs),
    idleMs: durationMs(timeouts?.idle, DEFAULTS.idleMs),
    streamIdleMs: durationMs(timeouts?.stream, DEFAULTS.streamIdleMs),
    connectionsMax: limits?.connections ?? DEFAULTS.connectionsMax,
    headBytesMax: bytes(limits?.headBytes, DEFAULTS.headBytesMax),
    targetBytesMax: bytes(limits?.targetBytes, DEFAULTS.targetBytesMax),
    headerCountMax: limits?.headerCount ?? DEFAULTS.headerCountMax,
  };
}

function bytes(quantity: string | number | undefined, defaultBytes: number): number {
  return quantity === undefined ? defaultBytes : (parseQuantityBytes(quantity) ?? defaultBytes);
}

const TARGET_KINDS = [[GATEWAY_GROUP, 'Gateway']] as const;

/** `gateways`: those we serve, by `namespace/name`. */
export function attachClientPolicies(
  context: Context,
  gateways: ReadonlyMap<string, GatewayTarget>,
): ReadonlyMap<string, Resource> {
  return attachPolicies(context, 'ClientPolicy', (ref, namespace) => {
    const refusal = refuseTarget(context, ref, namespace, TARGET_KINDS);
    if (refusal !== null) return refusal;
    const key = `${namespace}/${ref.name}`;
    const gateway = gateways.get(key);
    if (gateway === undefined) {
      return notFound(
        `Gateway ${key} is not of a class of ours`,
        'Target a Gateway of class tulle.',
      );
    }
    if (ref.sectionName === undefined || gateway.sections.has(ref.sectionName)) return null;
    return notFound(
      `Gateway ${key} has no listener named ${ref.sectionName}`,
      'Name a listener of the Gateway, or leave sectionName out.',
    );
  });
}
