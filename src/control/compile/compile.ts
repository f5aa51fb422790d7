/**
 * Resources in, snapshot out: references resolved, permissions checked, defaults filled in. Pure but
 * for what `options` hands in, and the same for the same resources in whatever order they come.
 *
 * The rule throughout: what is wrong is left out or answers 500, and nothing around it changes. Each
 * such place has a problem with its field, and a condition in the status of its resource.
 */

import type { Snapshot } from '../../config/snapshot.ts';
import type { Problem, Resource } from '../resource.ts';
import { isFalse } from '../status/conditions.ts';
import type { ResourceStatus } from '../status/status.ts';
import { Attacher } from './attach.ts';
import { addBackendStatus } from './backend-status.ts';
import { addGatewayStatus, compileBinds } from './binds.ts';
import { compileCallees } from './callees.ts';
import { attachClientPolicies } from './client-settings.ts';
import { attachBackendPolicies } from './cluster-settings.ts';
import { Backends } from './clusters.ts';
import { findConflicts } from './conflicts.ts';
import { addStatus, type Context } from './context.ts';
import { type GatewayPlan, type ListenerPlan, planGateways } from './gateways.ts';
import { Grants } from './grants.ts';
import { GATEWAY_GROUP } from './groups.ts';
import type { CompileOptions } from './options.ts';
import { compareText, Report } from './report.ts';
import { namespaceLabels, ResourceIndex } from './resource-index.ts';
import { compileRoutes } from './routes.ts';
import { type GatewayTarget, inChainOrder, Plugins } from './wasm-plugins.ts';
import { compileServices } from './wasm-services.ts';

export interface Compilation {
  readonly snapshot: Snapshot;
  /** What compile found; problems of the schema are in the resources and not repeated. */
  readonly problems: readonly Problem[];
  /** By group, kind, namespace and name. */
  readonly status: readonly ResourceStatus[];
}

export function compile(resources: readonly Resource[], options: CompileOptions): Compilation {
  const context = makeContext(resources, options);
  const gateways = planGateways(context);
  findConflicts(context, gateways);
  const targets = new Map(gateways.map((gateway) => [gateway.key, targetOf(gateway)]));
  const services = compileServices(context);
  const plugins = new Plugins(context, targets);
  const backends = new Backends(
    context,
    attachBackendPolicies(context),
    new Set(services.map((service) => service.id)),
  );
  const filtersOf = listenerFilters(plugins);
  compileRoutes({
    context,
    backends,
    plugins,
    regexes: new Map(),
    attacher: new Attacher(context, gateways),
    filtersOf,
  });
  const policies = attachClientPolicies(context, targets);
  const binds = compileBinds(context, gateways, policies, filtersOf);
  // Listeners and routes have said by now which filters run.
  const filters = plugins.filters();
  const callees = compileCallees(context, backends, filters);
  for (const gateway of gateways) addGatewayStatus(context, gateway);
  addBackendStatus(context);
  addUnservedStatus(context);
  return {
    snapshot: {
      version: options.version,
      binds,
      clusters: backends.clusters(),
      filters,
      callees,
      services,
    },
    problems: context.report.sorted(),
    status: context.status.sort(byKindAndName),
  };
}

function makeContext(resources: readonly Resource[], options: CompileOptions): Context {
  const index = new ResourceIndex(resources);
  return {
    index,
    grants: new Grants(index),
    options,
    report: new Report(),
    status: [],
    labelsOf: namespaceLabels(index),
  };
}

function targetOf({ resource, className, listeners }: GatewayPlan): GatewayTarget {
  return { resource, className, sections: new Set(listeners.map(({ section }) => section)) };
}

/** Ids of the filters on all requests of a listener, worked out once for each. */
function listenerFilters(plugins: Plugins): (listener: ListenerPlan) => readonly string[] {
  const known = new Map<ListenerPlan, readonly string[]>();
  return (listener) => {
    let ids = known.get(listener);
    if (ids === undefined) {
      const attached = plugins
        .attachedTo('Gateway', listener.gateway.key, listener.section)
        .filter(({ ports }) => ports === null || ports.has(listener.port));
      for (const plugin of attached) plugins.use(plugin);
      ids = inChainOrder(attached).map((plugin) => plugin.id);
      known.set(listener, ids);
    }
    return ids;
  };
}

const UNSERVED_KINDS = [
  'BackendTLSPolicy',
  'GRPCRoute',
  'ListenerSet',
  'TCPRoute',
  'TLSRoute',
  'UDPRoute',
];

function addUnservedStatus(context: Context): void {
  for (const kind of UNSERVED_KINDS) {
    for (const resource of context.index.all(GATEWAY_GROUP, kind).values()) {
      const message = `${kind} is not served by this version`;
      addStatus(context, resource, [isFalse('Accepted', 'NotServed', message)]);
    }
  }
}

function byKindAndName(a: ResourceStatus, b: ResourceStatus): number {
  return (
    compareText(a.group, b.group) ||
    compareText(a.kind, b.kind) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name)
  );
}
