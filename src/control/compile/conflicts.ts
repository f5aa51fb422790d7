/**
 * Listeners that no request could tell apart. Inside one Gateway all of them are Conflicted and
 * none is served, as the Gateway API asks. Between Gateways that share a socket address the older
 * keeps what it has: a new Gateway must not be able to take a running one out of service.
 */

import type { FieldPath } from '../resource.ts';
import type { Context } from './context.ts';
import type { GatewayPlan, ListenerPlan, Refused } from './gateways.ts';

/** Marks conflicts; `gateways` in order of precedence. */
export function findConflicts(context: Context, gateways: readonly GatewayPlan[]): void {
  for (const gateway of gateways) findWithin(context, gateway);
  const holders = new Map<string, ListenerPlan>();
  for (const gateway of gateways) {
    for (const listener of gateway.listeners) claim(context, listener, holders);
  }
}

/** Protocols that need a TCP port of their own and that the specification tells apart by hostname. */
const BY_HOSTNAME: ReadonlySet<string> = new Set(['HTTP', 'HTTPS', 'TLS']);

function findWithin(context: Context, gateway: GatewayPlan): void {
  const byPort = new Map<number, ListenerPlan[]>();
  for (const listener of gateway.listeners) {
    // Port 0 is any free one; what cannot be read cannot be compared.
    if (!BY_HOSTNAME.has(listener.protocol) || listener.port === 0) continue;
    const others = byPort.get(listener.port);
    if (others === undefined) byPort.set(listener.port, [listener]);
    else others.push(listener);
  }
  for (const listeners of byPort.values()) {
    for (const listener of listeners) {
      const conflict = conflictAmong(listener, listeners);
      if (conflict !== null) mark(context, listener, conflict);
    }
  }
}

function conflictAmong(listener: ListenerPlan, others: readonly ListenerPlan[]): Refused | null {
  const other = others.find(({ protocol }) => protocol !== listener.protocol);
  if (other !== undefined) {
    return {
      reason: 'ProtocolConflict',
      message: `listener ${other.section} has port ${listener.port} with protocol ${other.protocol}`,
    };
  }
  const twin = others.find(
    (candidate) => candidate !== listener && candidate.hostname === listener.hostname,
  );
  if (twin === undefined) return null;
  return {
    reason: 'HostnameConflict',
    message: `listener ${twin.section} has the same port and ${hostText(listener)}`,
  };
}

function claim(context: Context, listener: ListenerPlan, holders: Map<string, ListenerPlan>): void {
  if (listener.refused !== null || listener.conflict !== null || listener.port === 0) return;
  const keys = listener.gateway.addresses.map(
    (address) => `${address} ${listener.port} ${listener.hostname}`,
  );
  const taken = keys.map((key) => holders.get(key)).find((holder) => holder !== undefined);
  if (taken !== undefined) {
    const message = `listener ${taken.name} of an older Gateway has the same address, port and ${hostText(listener)}`;
    mark(context, listener, { reason: 'HostnameConflict', message });
    return;
  }
  for (const key of keys) holders.set(key, listener);
}

function hostText({ hostname }: ListenerPlan): string {
  return hostname === '' ? 'no hostname either' : `hostname ${hostname}`;
}

function mark(context: Context, listener: ListenerPlan, conflict: Refused): void {
  listener.conflict = conflict;
  const path: FieldPath = ['spec', 'listeners', listener.position];
  context.report.error(
    listener.gateway.resource,
    path,
    'conflict',
    `${conflict.message}: this listener is not served`,
    'Give each a port or a hostname of its own, or bind Gateways to addresses of their own.',
  );
}

/** Whether requests can reach it. */
export function isServed(listener: ListenerPlan): boolean {
  return listener.refused === null && listener.conflict === null;
}
