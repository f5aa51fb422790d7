/** Served listeners grouped by socket address, and what a Gateway's status says of all of them. */

import type { Bind, Listener } from '../../config/listener.ts';
import type { Resource } from '../resource.ts';
import {
  ACCEPTED,
  isFalse,
  isTrue,
  NOT_CONFLICTED,
  PROGRAMMED,
  RESOLVED,
} from '../status/conditions.ts';
import type { Condition, ListenerStatus } from '../status/status.ts';
import { clientSettings } from './client-settings.ts';
import { isServed } from './conflicts.ts';
import { addStatus, type Context } from './context.ts';
import type { GatewayPlan, ListenerPlan } from './gateways.ts';
import { targetKey } from './policies.ts';
import { compareText, resourceText } from './report.ts';

interface BindPlan {
  readonly address: string;
  readonly port: number;
  readonly listeners: Listener[];
  /** Of the first listener that has one. */
  policy: Resource | undefined;
}

/** By port, then address. */
export function compileBinds(
  context: Context,
  gateways: readonly GatewayPlan[],
  policies: ReadonlyMap<string, Resource>,
  filtersOf: (listener: ListenerPlan) => readonly string[],
): readonly Bind[] {
  const binds = new Map<string, BindPlan>();
  for (const gateway of gateways) {
    for (const plan of gateway.listeners) {
      if (!isServed(plan)) continue;
      const { name, hostname, routes } = plan;
      const listener: Listener = { name, hostname, routes, filters: filtersOf(plan) };
      for (const address of gateway.addresses) {
        const bind = bindAt(binds, address, plan.port);
        bind.listeners.push(listener);
        govern(context, bind, plan, policies);
      }
    }
  }
  return [...binds.values()]
    .sort((a, b) => a.port - b.port || compareText(a.address, b.address))
    .map(({ address, port, listeners, policy }) => ({
      address,
      port,
      listeners,
      client: clientSettings(policy),
    }));
}

function bindAt(binds: Map<string, BindPlan>, address: string, port: number): BindPlan {
  const key = `${address} ${port}`;
  let bind = binds.get(key);
  if (bind === undefined) {
    bind = { address, port, listeners: [], policy: undefined };
    binds.set(key, bind);
  }
  return bind;
}

function govern(
  context: Context,
  bind: BindPlan,
  { gateway, section, port }: ListenerPlan,
  policies: ReadonlyMap<string, Resource>,
): void {
  const policy =
    policies.get(targetKey('Gateway', gateway.key, section)) ??
    policies.get(targetKey('Gateway', gateway.key));
  if (policy === undefined || policy === bind.policy) return;
  if (bind.policy === undefined) {
    bind.policy = policy;
    return;
  }
  context.report.warning(
    policy,
    ['spec', 'targetRefs'],
    'conflict',
    `port ${port} is governed by ${resourceText(bind.policy)}, whose listener comes first`,
    'One port has one ClientPolicy: join the two, or use ports of their own.',
  );
}

/** Once routes are attached. */
export function addGatewayStatus(context: Context, gateway: GatewayPlan): void {
  const listeners = gateway.listeners.map(listenerStatus);
  const bad = gateway.listeners.filter((listener) => !isServed(listener));
  addStatus(context, gateway.resource, gatewayConditions(gateway, bad), { listeners });
}

function gatewayConditions(gateway: GatewayPlan, bad: readonly ListenerPlan[]): Condition[] {
  const { refused } = gateway;
  if (refused !== null) {
    const isAddress = refused.reason === 'UnsupportedAddress';
    return [
      isFalse('Accepted', refused.reason, refused.message),
      isFalse('Programmed', isAddress ? 'AddressNotUsable' : 'Invalid', refused.message),
    ];
  }
  if (bad.length === 0) return [ACCEPTED, PROGRAMMED];
  const names = bad.map((listener) => listener.section).join(', ');
  const message = `not served: ${names}`;
  if (bad.length === gateway.listeners.length) {
    return [
      isFalse('Accepted', 'ListenersNotValid', message),
      isFalse('Programmed', 'Invalid', message),
    ];
  }
  return [isTrue('Accepted', 'ListenersNotValid', message), PROGRAMMED];
}

function listenerStatus(plan: ListenerPlan): ListenerStatus {
  const { refused, conflict } = plan;
  const fault = conflict ?? refused;
  // A port that an older Gateway holds is the same to its user as one another process holds.
  return {
    name: plan.section,
    supportedKinds: plan.supportedKinds,
    attachedRoutes: plan.attachedRoutes,
    conditions: [
      fault === null ? ACCEPTED : isFalse('Accepted', fault.reason, fault.message),
      fault === null ? PROGRAMMED : isFalse('Programmed', 'Invalid', fault.message),
      plan.hasInvalidKinds
        ? isFalse('ResolvedRefs', 'InvalidRouteKinds', 'allowedRoutes.kinds has a kind not served')
        : RESOLVED,
      conflict === null ? NOT_CONFLICTED : isTrue('Conflicted', conflict.reason, conflict.message),
    ],
  };
}
