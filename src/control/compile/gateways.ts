/**
 * Gateways of our class and their listeners: which are served, and why not. A Gateway binds the
 * addresses it asks for, `::` (all addresses of both families) where it asks for none; a machine without IPv6
 * is the accepting side's concern, which then takes 0.0.0.0.
 */

import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import type { Route } from '../../config/route.ts';
import type { Resource } from '../resource.ts';
import type { GatewayClassSpec, GatewayListener, GatewaySpec } from '../schema/types.ts';
import { ACCEPTED } from '../status/conditions.ts';
import type { Reason } from '../status/status.ts';
import { type Soundness, soundnessOf } from './broken.ts';
import { addStatus, type Context, keyOf } from './context.ts';
import { CLASS_NAME, CONTROLLER_NAME, GATEWAY_GROUP } from './groups.ts';
import { specOf } from './resource-index.ts';

export interface Refused {
  readonly reason: Reason;
  readonly message: string;
}

export interface ListenerPlan {
  /** `namespace/gateway/section` */
  readonly name: string;
  readonly section: string;
  readonly gateway: GatewayPlan;
  readonly position: number;
  /** '' where unreadable. */
  readonly protocol: string;
  readonly port: number;
  /** Lower case; '' for any. */
  readonly hostname: string;
  readonly allowedRoutes: GatewayListener['allowedRoutes'];
  /** Kinds of allowedRoutes.kinds that we serve here; empty: no route may attach. */
  readonly supportedKinds: readonly RouteKind[];
  /** Whether allowedRoutes.kinds names one that we do not serve. */
  readonly hasInvalidKinds: boolean;
  /** Why it is not served; conflicts are found later. */
  refused: Refused | null;
  conflict: Refused | null;
  attachedRoutes: number;
  /** Routes in force, each narrowed to this listener. */
  readonly routes: Route[];
}

interface RouteKind {
  readonly group: string;
  readonly kind: string;
}

export interface GatewayPlan {
  readonly key: string;
  readonly resource: Resource;
  readonly className: string;
  /** Canonical text, without repetitions. */
  readonly addresses: readonly string[];
  /** Why no listener is served. */
  readonly refused: Refused | null;
  readonly listeners: readonly ListenerPlan[];
}

const HTTP_ROUTE: RouteKind = { group: GATEWAY_GROUP, kind: 'HTTPRoute' };
const NO_KINDS: readonly RouteKind[] = [];

/** Names of the classes that are ours. */
function compileClasses(context: Context): ReadonlySet<string> {
  const ours = new Set([CLASS_NAME]);
  for (const [name, resource] of context.index.clusterScoped(GATEWAY_GROUP, 'GatewayClass')) {
    const { controllerName, parametersRef } = specOf<GatewayClassSpec>(resource);
    if (controllerName !== CONTROLLER_NAME) {
      // Unreadable is not somebody else's.
      if (!soundnessOf(resource).touches('spec.controllerName')) ours.delete(name);
      continue;
    }
    ours.add(name);
    if (parametersRef !== undefined) {
      context.report.warning(
        resource,
        ['spec', 'parametersRef'],
        'not-served',
        'parametersRef is not looked at',
        'Use a ClientPolicy or a BackendPolicy.',
      );
    }
    addStatus(context, resource, [ACCEPTED]);
  }
  return ours;
}

/** In order of precedence. */
export function planGateways(context: Context): readonly GatewayPlan[] {
  const classes = compileClasses(context);
  const plans: GatewayPlan[] = [];
  for (const resource of context.index.all(GATEWAY_GROUP, 'Gateway').values()) {
    const { gatewayClassName } = specOf<GatewaySpec>(resource);
    const sound = soundnessOf(resource);
    if (!sound.touches('spec.gatewayClassName') && !classes.has(gatewayClassName)) {
      context.report.warning(
        resource,
        ['spec', 'gatewayClassName'],
        'not-ours',
        `class ${gatewayClassName} is not Tulle's: the Gateway is ignored`,
        `Use gatewayClassName: ${CLASS_NAME}, or a GatewayClass with controllerName ${CONTROLLER_NAME}.`,
      );
      continue;
    }
    plans.push(planGateway(context, resource, sound));
  }
  return plans;
}

function planGateway(context: Context, resource: Resource, sound: Soundness): GatewayPlan {
  const spec = specOf<GatewaySpec>(resource);
  const listeners: ListenerPlan[] = [];
  const broken = sound.outside(indexedPaths(spec.listeners));
  const addresses =
    broken === null
      ? planAddresses(context, resource, spec)
      : {
          reason: BROKEN,
          message: `an error at ${broken === '' ? 'the top' : broken} keeps the Gateway out`,
        };
  const plan: GatewayPlan = {
    key: keyOf(resource),
    resource,
    className: typeof spec.gatewayClassName === 'string' ? spec.gatewayClassName : '',
    addresses: 'reason' in addresses ? [] : addresses,
    refused: 'reason' in addresses ? addresses : null,
    listeners,
  };
  warnUnserved(context, resource, spec);
  for (const [position, listener] of listOf(spec.listeners).entries()) {
    const isBroken = sound.touches(`spec.listeners[${position}]`) && broken === null;
    listeners.push(planListener(context, plan, listener, position, isBroken));
  }
  return plan;
}

const BROKEN = 'Invalid' as const;

function indexedPaths(listeners: unknown): readonly string[] {
  return listOf(listeners).map((_, position) => `spec.listeners[${position}]`);
}

function listOf(listeners: unknown): readonly GatewayListener[] {
  return Array.isArray(listeners)
    ? listeners.map((listener: unknown) =>
        typeof listener === 'object' && listener !== null ? (listener as GatewayListener) : EMPTY,
      )
    : [];
}

const EMPTY: GatewayListener = { name: '', port: 0, protocol: '' };
const ALL_ADDRESSES: readonly string[] = ['::'];

function planAddresses(
  context: Context,
  resource: Resource,
  spec: GatewaySpec,
): readonly string[] | Refused {
  const addresses = new Set<string>();
  for (const [position, { type, value }] of (spec.addresses ?? []).entries()) {
    const address = (type ?? 'IPAddress') === 'IPAddress' ? canonicalAddress(value ?? '::') : null;
    if (address !== null) {
      addresses.add(address);
      continue;
    }
    const message = `address ${value ?? ''} of type ${type ?? 'IPAddress'} cannot be bound`;
    context.report.error(
      resource,
      ['spec', 'addresses', position],
      'not-served',
      message,
      'Use type IPAddress with an address of this machine.',
    );
    return { reason: 'UnsupportedAddress', message };
  }
  return addresses.size === 0 ? ALL_ADDRESSES : [...addresses];
}

/** One text for each address, so that two Gateways that mean the same one share it. */
function canonicalAddress(text: string): string | null {
  if (isIPv4(text)) return text;
  return isIPv6(text) ? new SocketAddress({ address: text, family: 'ipv6' }).address : null;
}

function planListener(
  context: Context,
  gateway: GatewayPlan,
  spec: GatewayListener,
  position: number,
  isBroken: boolean,
): ListenerPlan {
  const unreadable = isBroken || gateway.refused?.reason === BROKEN;
  const section = typeof spec.name === 'string' && spec.name !== '' ? spec.name : `${position}`;
  const protocol = unreadable ? '' : spec.protocol;
  const refused = unreadable ? ERRORS_INSIDE : refuseProtocol(context, gateway, protocol, position);
  const kinds = refused === null ? servedKinds(context, gateway, spec, position) : null;
  return {
    name: `${gateway.key}/${section}`,
    section,
    gateway,
    position,
    protocol,
    port: unreadable ? 0 : spec.port,
    hostname: unreadable ? '' : (spec.hostname ?? '').toLowerCase(),
    allowedRoutes: unreadable ? undefined : spec.allowedRoutes,
    supportedKinds: kinds?.supported ?? NO_KINDS,
    hasInvalidKinds: kinds?.hasInvalid ?? false,
    refused: refused ?? gateway.refused,
    conflict: null,
    attachedRoutes: 0,
    routes: [],
  };
}

const ERRORS_INSIDE: Refused = { reason: 'Invalid', message: 'the listener has errors' };

function refuseProtocol(
  context: Context,
  { resource }: GatewayPlan,
  protocol: string,
  position: number,
): Refused | null {
  if (protocol === 'HTTP') return null;
  const message = `protocol ${protocol} is not served by this version`;
  context.report.error(
    resource,
    ['spec', 'listeners', position, 'protocol'],
    'not-served',
    message,
    'Use protocol HTTP.',
  );
  return { reason: 'UnsupportedProtocol', message };
}

function servedKinds(
  context: Context,
  { resource }: GatewayPlan,
  { allowedRoutes }: GatewayListener,
  position: number,
): { readonly supported: readonly RouteKind[]; readonly hasInvalid: boolean } {
  const kinds = allowedRoutes?.kinds ?? [];
  if (kinds.length === 0) return { supported: [HTTP_ROUTE], hasInvalid: false };
  let hasInvalid = false;
  let supported = NO_KINDS;
  for (const [at, { group = GATEWAY_GROUP, kind }] of kinds.entries()) {
    if (group === GATEWAY_GROUP && kind === 'HTTPRoute') {
      supported = [HTTP_ROUTE];
      continue;
    }
    hasInvalid = true;
    context.report.error(
      resource,
      ['spec', 'listeners', position, 'allowedRoutes', 'kinds', at],
      'invalid-kind',
      `a listener of protocol HTTP cannot serve ${group}/${kind}`,
      'Use kind HTTPRoute.',
    );
  }
  return { supported, hasInvalid };
}

function warnUnserved(context: Context, resource: Resource, spec: GatewaySpec): void {
  if (spec.infrastructure?.['parametersRef'] === undefined) return;
  context.report.warning(
    resource,
    ['spec', 'infrastructure', 'parametersRef'],
    'not-served',
    'parametersRef is not looked at',
    'Use a ClientPolicy for the Gateway.',
  );
}
