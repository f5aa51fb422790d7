/**
 * WasmPlugins: where each filter applies, and in which order.
 *
 * - `targetRefs`: a Gateway (sectionName = one listener), an HTTPRoute (sectionName = one rule), a
 *   Service (every rule that sends it requests; sectionName = the name of its port), or, in the root
 *   namespace, a GatewayClass. Targets are of the plugin's namespace.
 * - `selector`: Gateways of the namespace by their labels; `gateway.networking.k8s.io/gateway-name`
 *   is one of them. As in Istio, a plugin of the root namespace selects in every namespace.
 * - neither: the rules that name it by an ExtensionRef filter, if there are any; else every Gateway of
 *   the namespace (in the root namespace every Gateway).
 *
 * Filters of a listener run before those of a rule. Inside each group: AUTHN, AUTHZ, STATS, then those
 * without a phase (Istio puts these last, next to the router); then the higher priority; then name.
 */

import type { WasmFilter } from '../../config/wasm.ts';
import type { Resource } from '../resource.ts';
import type { TargetRef, WasmPluginSpec } from '../schema/types.ts';
import type { HttpRouteSpec } from '../schema/types-http-route.ts';
import { ACCEPTED, isFalse, PROGRAMMED } from '../status/conditions.ts';
import type { ParentStatus } from '../status/status.ts';
import { type Soundness, soundnessOf } from './broken.ts';
import { addStatus, type Context } from './context.ts';
import { CORE_GROUP, GATEWAY_GROUP } from './groups.ts';
import { matchesLabels } from './label-selector.ts';
import { moduleFault } from './module-source.ts';
import { ROOT_NAMESPACE } from './options.ts';
import {
  notFound,
  type Refusal,
  refuseTarget,
  reportTarget,
  targetKey,
  targetStatus,
} from './policies.ts';
import { compareText } from './report.ts';
import { specOf } from './resource-index.ts';
import { compileFilter, orderedPlugins, portsOf } from './wasm-filter.ts';

export interface Plugin {
  readonly id: string;
  readonly resource: Resource;
  readonly filter: WasmFilter;
  /** Position among all plugins. */
  readonly order: number;
  /** Ports of listeners it applies to; null: all of them. */
  readonly ports: ReadonlySet<number> | null;
}

/** What attachment needs to know of a Gateway. */
export interface GatewayTarget {
  readonly resource: Resource;
  readonly className: string;
  readonly sections: ReadonlySet<string>;
}

const TARGET_KINDS = [
  [GATEWAY_GROUP, 'Gateway'],
  [GATEWAY_GROUP, 'HTTPRoute'],
  [CORE_GROUP, 'Service'],
  [GATEWAY_GROUP, 'GatewayClass'],
] as const;

const NO_PLUGINS: readonly Plugin[] = [];

export class Plugins {
  readonly #context: Context;
  readonly #gateways: ReadonlyMap<string, GatewayTarget>;
  readonly #byId = new Map<string, Plugin>();
  readonly #byTarget = new Map<string, Plugin[]>();
  readonly #used = new Set<Plugin>();
  /** Ids that ExtensionRef filters name. */
  readonly #extensions: ReadonlySet<string>;

  /** `gateways`: those we serve, by `namespace/name`. */
  constructor(context: Context, gateways: ReadonlyMap<string, GatewayTarget>) {
    this.#context = context;
    this.#gateways = gateways;
    const plugins = orderedPlugins(context);
    this.#extensions = plugins.length === 0 ? new Set() : namedByRoutes(context);
    for (const [order, resource] of plugins.entries()) this.#add(resource, order);
  }

  #add(resource: Resource, order: number): void {
    const context = this.#context;
    const sound = soundnessOf(resource);
    const spec = specOf<WasmPluginSpec>(resource);
    const filter = compileFilter(context, resource, spec, sound);
    const plugin = {
      id: filter.id,
      resource,
      filter,
      order,
      ports: portsOf(context, resource, spec, sound),
    };
    this.#byId.set(plugin.id, plugin);
    const parents = this.#attach(plugin, spec, sound);
    const fault = moduleFault(context, filter.module);
    const effect = filter.failOpen ? 'requests pass without the filter' : 'requests get 503';
    addStatus(
      context,
      resource,
      [
        sound.any ? isFalse('Accepted', 'Invalid', 'the plugin has errors') : ACCEPTED,
        fault === null
          ? PROGRAMMED
          : isFalse('Programmed', 'ModuleNotFound', `${fault}: ${effect}`),
      ],
      { parents },
    );
  }

  #attach(plugin: Plugin, spec: WasmPluginSpec, sound: Soundness): readonly ParentStatus[] {
    const fields = ['spec.targetRefs', 'spec.targetRef', 'spec.selector'];
    // Nobody knows where a plugin with an unreadable selector or list belongs.
    if (sound.outside(['spec']) !== null || sound.hasUnknownField('spec')) return [];
    const hasList = Array.isArray(spec.targetRefs) && spec.targetRefs.length > 0;
    if (!hasList && fields.some((field) => sound.touches(field))) return [];
    const refs = spec.targetRefs ?? (spec.targetRef === undefined ? [] : [spec.targetRef]);
    if (refs.length > 0) return this.#attachTargets(plugin, refs, sound);
    if (spec.selector === undefined && this.#extensions.has(plugin.id)) return [];
    let attached = 0;
    for (const [key, gateway] of this.#gateways) {
      if (!this.#selects(plugin, spec, gateway)) continue;
      this.#link(targetKey('Gateway', key), plugin);
      attached += 1;
    }
    if (attached === 0) {
      this.#context.report.warning(
        plugin.resource,
        ['spec', 'selector'],
        'not-attached',
        'the plugin applies to no Gateway',
        'Name its targets in spec.targetRefs.',
      );
    }
    return [];
  }

  #selects(plugin: Plugin, spec: WasmPluginSpec, { resource: gateway }: GatewayTarget): boolean {
    const { namespace } = plugin.resource;
    if (!this.#isRoot(namespace) && gateway.namespace !== namespace) return false;
    if (spec.selector === undefined) return true;
    const labels = { ...gateway.labels, 'gateway.networking.k8s.io/gateway-name': gateway.name };
    return matchesLabels(spec.selector, labels);
  }

  #isRoot(namespace: string): boolean {
    return namespace === (this.#context.options.rootNamespace ?? ROOT_NAMESPACE);
  }

  #attachTargets(
    plugin: Plugin,
    refs: readonly TargetRef[],
    sound: Soundness,
  ): readonly ParentStatus[] {
    const parents: ParentStatus[] = [];
    const { resource } = plugin;
    for (const [position, ref] of refs.entries()) {
      if (sound.touches(`spec.targetRefs[${position}]`)) continue;
      const refusal = this.#refuse(ref, resource.namespace);
      parents.push(targetStatus(resource, ref, refusal));
      if (refusal !== null) {
        reportTarget(this.#context, resource, ['spec', 'targetRefs', position], refusal);
      } else if (ref.kind === 'GatewayClass') {
        for (const [key, gateway] of this.#gateways) {
          if (gateway.className === ref.name) this.#link(targetKey('Gateway', key), plugin);
        }
      } else {
        const key = `${resource.namespace}/${ref.name}`;
        this.#link(targetKey(ref.kind, key, ref.sectionName), plugin);
      }
    }
    return parents;
  }

  #refuse(ref: TargetRef, namespace: string): Refusal | null {
    const refusal = refuseTarget(this.#context, ref, namespace, TARGET_KINDS);
    if (refusal !== null) return refusal;
    if (ref.kind === 'GatewayClass' && !this.#isRoot(namespace)) {
      return {
        reason: 'RefNotPermitted',
        code: 'not-permitted',
        message: 'only a plugin of the root namespace can target a GatewayClass',
        remedy: `Move the plugin to namespace ${this.#context.options.rootNamespace ?? ROOT_NAMESPACE}, or target Gateways.`,
      };
    }
    const key = `${namespace}/${ref.name}`;
    const missing = sectionIsMissing(this.#context, this.#gateways, ref, key);
    if (!missing) return null;
    return notFound(
      `${ref.kind} ${key} has no section named ${ref.sectionName}`,
      'Name a listener of the Gateway, a rule of the route or a port of the Service.',
    );
  }

  #link(key: string, plugin: Plugin): void {
    const linked = this.#byTarget.get(key);
    if (linked === undefined) this.#byTarget.set(key, [plugin]);
    else if (!linked.includes(plugin)) linked.push(plugin);
  }

  /** Whether anything can come out of {@link attachedTo}. */
  get none(): boolean {
    return this.#byTarget.size === 0;
  }

  get(id: string): Plugin | undefined {
    return this.#byId.get(id);
  }

  /** Plugins attached to the target as a whole or to one section of it, in no order. */
  attachedTo(kind: string, key: string, sectionName: string): readonly Plugin[] {
    const whole = this.#byTarget.get(targetKey(kind, key)) ?? NO_PLUGINS;
    if (sectionName === '') return whole;
    const section = this.#byTarget.get(targetKey(kind, key, sectionName)) ?? NO_PLUGINS;
    return section.length === 0 ? whole : [...whole, ...section];
  }

  use(plugin: Plugin): void {
    this.#used.add(plugin);
  }

  /** Filters that a listener or a route in force runs, by id. */
  filters(): readonly WasmFilter[] {
    return [...this.#used].map((plugin) => plugin.filter).sort((a, b) => compareText(a.id, b.id));
  }
}

/** Each once, in chain order. */
export function inChainOrder(plugins: readonly Plugin[]): readonly Plugin[] {
  if (plugins.length === 0) return NO_PLUGINS;
  return [...new Set(plugins)].sort((a, b) => a.order - b.order);
}

function namedByRoutes(context: Context): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const route of context.index.all(GATEWAY_GROUP, 'HTTPRoute').values()) {
    if (soundnessOf(route).any) continue;
    for (const { filters = [] } of specOf<HttpRouteSpec>(route).rules ?? []) {
      for (const filter of filters) {
        if (filter.type === 'ExtensionRef')
          ids.add(`${route.namespace}/${filter.extensionRef.name}`);
      }
    }
  }
  return ids;
}

function sectionIsMissing(
  context: Context,
  gateways: ReadonlyMap<string, GatewayTarget>,
  ref: TargetRef,
  key: string,
): boolean {
  const section = ref.sectionName;
  if (section === undefined || section === '') return false;
  if (ref.kind === 'Gateway') {
    const gateway = gateways.get(key);
    return gateway !== undefined && !gateway.sections.has(section);
  }
  const resource = context.index.get(ref.group, ref.kind, key);
  if (resource === undefined || soundnessOf(resource).any) return false;
  if (ref.kind === 'HTTPRoute') {
    return !(specOf<HttpRouteSpec>(resource).rules ?? []).some((rule) => rule.name === section);
  }
  const ports = specOf<{ ports?: readonly { name?: string }[] }>(resource).ports ?? [];
  return ref.kind === 'Service' && !ports.some((port) => port.name === section);
}
