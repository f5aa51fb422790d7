/** A WasmPlugin by itself: its place in the chain, its module and configuration, its ports. */

import { LIMITS } from '../../base/limits.ts';
import type { WasmFilter } from '../../config/wasm.ts';
import type { Resource } from '../resource.ts';
import type { WasmPluginSpec } from '../schema/types.ts';
import { parseDurationMs } from '../schema/units.ts';
import type { Soundness } from './broken.ts';
import { type Context, keyOf } from './context.ts';
import { ISTIO_GROUP } from './groups.ts';
import { guestEnv, moduleSource } from './module-source.ts';
import { compareText } from './report.ts';
import { specOf } from './resource-index.ts';

const UNSPECIFIED = 'UNSPECIFIED_PHASE';
/** Istio puts plugins without a phase last, next to the router. */
const PHASES: readonly string[] = ['AUTHN', 'AUTHZ', 'STATS', UNSPECIFIED];

/** In chain order. */
export function orderedPlugins(context: Context): readonly Resource[] {
  const plugins = [...context.index.all(ISTIO_GROUP, 'WasmPlugin').values()];
  return plugins.sort((a, b) => {
    return (
      phaseOf(a) - phaseOf(b) ||
      priorityOf(b) - priorityOf(a) ||
      compareText(a.name, b.name) ||
      compareText(a.namespace, b.namespace)
    );
  });
}

function phaseOf(plugin: Resource): number {
  const phase = PHASES.indexOf(specOf<WasmPluginSpec>(plugin).phase ?? UNSPECIFIED);
  return phase === -1 ? PHASES.indexOf(UNSPECIFIED) : phase;
}

function priorityOf(plugin: Resource): number {
  const { priority } = specOf<WasmPluginSpec>(plugin);
  return typeof priority === 'number' ? priority : 0;
}

/** A plugin with errors keeps its place in the chain, without a module: it fails as it says. */
export function compileFilter(
  context: Context,
  resource: Resource,
  spec: WasmPluginSpec,
  sound: Soundness,
): WasmFilter {
  const failOpen = !sound.touches('spec.failStrategy') && spec.failStrategy === 'FAIL_OPEN';
  if (sound.outside(['spec.targetRefs']) !== null) {
    const url = typeof spec.url === 'string' ? spec.url : '';
    return {
      id: keyOf(resource),
      module: { url, path: '', sha256: '' },
      pluginName: '',
      configuration: '',
      failOpen,
      headersStopIteration: false,
      env: [],
    };
  }
  const served = isHttpFilter(context, resource, spec);
  const module = moduleSource(context, resource, {
    path: ['spec', 'url'],
    url: spec.url,
    sha256: spec.sha256,
    imagePullPolicy: spec.imagePullPolicy,
    imagePullSecret: spec.imagePullSecret,
  });
  return {
    id: keyOf(resource),
    module: served ? module : { url: spec.url, path: '', sha256: module.sha256 },
    pluginName: spec.pluginName ?? '',
    configuration: configurationText(spec.pluginConfig),
    failOpen,
    headersStopIteration: stopsHeadersOnly(context, resource),
    ...cpuLimit(context, resource),
    env: guestEnv(context, resource, spec.vmConfig?.env, ['spec', 'vmConfig', 'env']),
  };
}

const STOP_ITERATION = 'tulle.dev/allow-on-headers-stop-iteration';

/** Istio's WasmPlugin has no field for it, so it is an annotation. */
function stopsHeadersOnly({ report }: Context, resource: Resource): boolean {
  const value = resource.annotations[STOP_ITERATION];
  if (value === undefined || value === 'true' || value === 'false') return value === 'true';
  report.error(
    resource,
    ['metadata', 'annotations', STOP_ITERATION],
    'bad-value',
    `"${value}" is neither "true" nor "false"`,
    'Write "true" where the filter wants body callbacks while it holds a head.',
  );
  return false;
}

const CPU_LIMIT = 'tulle.dev/filter-cpu-limit';

/** Istio's WasmPlugin has no field for it, either. */
function cpuLimit({ report }: Context, resource: Resource): { readonly cpuMs?: number } {
  const value = resource.annotations[CPU_LIMIT];
  if (value === undefined) return {};
  const cpuMs = parseDurationMs(value) ?? 0;
  if (cpuMs > 0 && cpuMs <= LIMITS.filterCpuMsMax) return { cpuMs };
  report.error(
    resource,
    ['metadata', 'annotations', CPU_LIMIT],
    'bad-value',
    `"${value}" is not a duration of 1ms to ${LIMITS.filterCpuMsMax}ms`,
    'Write how long one callback of the filter may run, such as "200ms".',
  );
  return {};
}

function configurationText(config: WasmPluginSpec['pluginConfig']): string {
  if (config === undefined) return '';
  return typeof config === 'string' ? config : JSON.stringify(config);
}

/** Whether it is an HTTP filter; an error if not. */
function isHttpFilter({ report }: Context, resource: Resource, spec: WasmPluginSpec): boolean {
  if (spec.type !== 'NETWORK') return true;
  report.error(
    resource,
    ['spec', 'type'],
    'not-served',
    'network filters are not served by this version',
    'Use type HTTP with an HTTP filter.',
  );
  return false;
}

/**
 * `match` as Istio reads it at a Gateway, which counts as a client. An entry for servers only never
 * holds there, so a plugin with no other entry applies to no port.
 */
export function portsOf(
  context: Context,
  resource: Resource,
  spec: WasmPluginSpec,
  sound: Soundness,
): ReadonlySet<number> | null {
  if (spec.match === undefined || spec.match.length === 0 || sound.touches('spec.match'))
    return null;
  const ports = new Set<number>();
  for (const { mode, ports: wanted = [] } of spec.match) {
    if (mode === 'SERVER') continue;
    if (wanted.length === 0) return null;
    for (const { number } of wanted) ports.add(number);
  }
  if (ports.size === 0) {
    context.report.warning(
      resource,
      ['spec', 'match'],
      'not-attached',
      'mode SERVER never holds at a Gateway: the plugin runs nowhere',
      'Use mode CLIENT or CLIENT_AND_SERVER.',
    );
  }
  return ports;
}
