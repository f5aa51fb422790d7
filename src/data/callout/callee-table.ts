/**
 * From the name a filter calls to a cluster. Understood are `name` and `name:port` in the filter's
 * own namespace, `namespace/name` and `namespace/name:port`, and Istio's `outbound|PORT||HOST`, where
 * HOST is `name.namespace.svc.cluster.local` or the hostname of a Backend.
 *
 * Of things of the same name a Backend goes before a Service, and that before a WasmService. A
 * Service without a port in the name means the first it lists.
 */

import type { Callee } from '../../config/callee.ts';
import type { RuntimeCluster } from '../exchange/tables.ts';

interface Entry {
  readonly callee: Callee;
  readonly cluster: RuntimeCluster;
}

interface Wanted {
  readonly namespace: string;
  readonly name: string;
  /** 0: any. */
  readonly port: number;
}

const ORDER: readonly Callee['kind'][] = ['Backend', 'Service', 'WasmService'];
const NAME = /^(?:([a-z0-9-]+)\/)?([a-z0-9.-]+?)(?::(\d{1,5}))?$/;
const ISTIO = /^outbound\|(\d{1,5})\|[^|]*\|([^|]+)$/;
const SERVICE_HOST = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/;
const NONE: readonly Entry[] = [];

export class CalleeTable {
  readonly #byName = new Map<string, Entry[]>();
  readonly #byHost = new Map<string, Entry[]>();

  constructor(callees: readonly Callee[], clusters: ReadonlyMap<string, RuntimeCluster>) {
    const ordered = callees.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
    for (const callee of ordered) {
      const cluster = clusters.get(callee.cluster);
      if (cluster === undefined) continue;
      const entry = { callee, cluster };
      addTo(this.#byName, `${callee.namespace}/${callee.name}`, entry);
      if (callee.hostname !== '') addTo(this.#byHost, callee.hostname, entry);
    }
  }

  /** `namespace`: the filter's. Null: nothing of that name, or nothing it may call. */
  find(namespace: string, target: string): RuntimeCluster | null {
    const istio = ISTIO.exec(target);
    if (istio !== null) {
      const host = (istio[2] as string).toLowerCase().replace(/\.$/, '');
      return this.#ofHost(namespace, host, Number(istio[1]));
    }
    const plain = NAME.exec(target);
    if (plain === null) return null;
    const [, ofNamespace = namespace, name = '', port = '0'] = plain;
    return this.#named(namespace, { namespace: ofNamespace, name, port: Number(port) });
  }

  #ofHost(namespace: string, host: string, port: number): RuntimeCluster | null {
    const service = SERVICE_HOST.exec(host);
    if (service !== null) {
      const [, name = '', ofNamespace = ''] = service;
      return this.#named(namespace, { namespace: ofNamespace, name, port });
    }
    const entries = this.#byHost.get(host) ?? NONE;
    const fits = entries.filter(({ callee }) => callee.port === port && mayCall(namespace, callee));
    const own = fits.find(({ callee }) => callee.namespace === namespace);
    return (own ?? fits[0])?.cluster ?? null;
  }

  #named(namespace: string, wanted: Wanted): RuntimeCluster | null {
    const entries = this.#byName.get(`${wanted.namespace}/${wanted.name}`) ?? NONE;
    for (const { callee, cluster } of entries) {
      if (wanted.port !== 0 && callee.port !== 0 && callee.port !== wanted.port) continue;
      if (mayCall(namespace, callee)) return cluster;
    }
    return null;
  }
}

function mayCall(namespace: string, callee: Callee): boolean {
  return callee.namespace === namespace || callee.callers.includes(namespace);
}

function addTo(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}
