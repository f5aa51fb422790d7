/**
 * What filters may call: as soon as one Wasm filter is in force, every Backend, Service port and
 * WasmService that can be used. A filter reaches those of its own namespace, and those of another
 * where a ReferenceGrant there permits references from WasmPlugins of the filter's namespace.
 *
 * Nobody wrote these references down, so what cannot be used is left out without a word.
 */

import type { Callee } from '../../config/callee.ts';
import type { WasmFilter } from '../../config/wasm.ts';
import type { BackendSpec, ServiceSpec } from '../schema/types.ts';
import { soundnessOf } from './broken.ts';
import type { Backends, Target } from './clusters.ts';
import { type Context, keyOf } from './context.ts';
import { CORE_GROUP, ISTIO_GROUP, TULLE_GROUP } from './groups.ts';
import { compareText } from './report.ts';
import { specOf } from './resource-index.ts';

interface Found {
  readonly group: string;
  readonly kind: Callee['kind'];
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly hostname: string;
  readonly target: Target;
}

/** Adds their clusters to `backends`. */
export function compileCallees(
  context: Context,
  backends: Backends,
  filters: readonly WasmFilter[],
): readonly Callee[] {
  if (filters.length === 0) return [];
  const namespaces = [...new Set(filters.map(({ id }) => id.slice(0, id.indexOf('/'))))].sort();
  const callees: Callee[] = [];
  for (const found of [...backendsOf(context, backends), ...servicesOf(context, backends)]) {
    const { group, kind, namespace, name, port, hostname, target } = found;
    const callers = namespaces.filter(
      (from) =>
        from !== namespace &&
        context.grants.permits(
          { group: ISTIO_GROUP, kind: 'WasmPlugin', namespace: from },
          { group, kind, namespace, name },
        ),
    );
    if (callers.length === 0 && !namespaces.includes(namespace)) continue;
    backends.use(target);
    callees.push({ kind, namespace, name, port, hostname, cluster: target.cluster, callers });
  }
  return callees.sort((a, b) => compareText(a.cluster, b.cluster));
}

function backendsOf({ index }: Context, backends: Backends): Found[] {
  const found: Found[] = [];
  for (const kind of ['Backend', 'WasmService'] as const) {
    for (const resource of index.all(TULLE_GROUP, kind).values()) {
      const target = backends.callable(TULLE_GROUP, kind, keyOf(resource), undefined);
      if (target === null) continue;
      const { namespace, name } = resource;
      const isBackend = kind === 'Backend';
      const place = isBackend ? placeOf(specOf<BackendSpec>(resource)) : NO_PLACE;
      found.push({ group: TULLE_GROUP, kind, namespace, name, ...place, target });
    }
  }
  return found;
}

const NO_PLACE = { port: 0, hostname: '' };

/** A list of addresses is one Backend whatever their ports. */
function placeOf({ hostname, port }: BackendSpec): { port: number; hostname: string } {
  if (hostname === undefined) return NO_PLACE;
  return { port: port ?? 80, hostname: hostname.toLowerCase().replace(/\.$/, '') };
}

function servicesOf({ index }: Context, backends: Backends): Found[] {
  const found: Found[] = [];
  for (const resource of index.all(CORE_GROUP, 'Service').values()) {
    if (soundnessOf(resource).any) continue;
    const { ports = [] } = specOf<ServiceSpec>(resource);
    const numbers = new Set(ports.map(({ port }) => port));
    for (const port of numbers) {
      const target = backends.callable(CORE_GROUP, 'Service', keyOf(resource), port);
      if (target === null) continue;
      const { namespace, name } = resource;
      found.push({
        group: CORE_GROUP,
        kind: 'Service',
        namespace,
        name,
        port,
        hostname: '',
        target,
      });
    }
  }
  return found;
}
