/**
 * Backends: from an object reference to the name of a cluster, or to why there is none. Each object
 * (and port) is looked at once, however many rules refer to it; a cluster is built when a route in
 * force needs it.
 */

import type { Cluster, Discovery } from '../../config/cluster.ts';
import type { Resource } from '../resource.ts';
import type { BackendSpec, ServicePort, ServiceSpec } from '../schema/types.ts';
import type { BackendObjectRef } from '../schema/types-http-route.ts';
import type { Reason } from '../status/status.ts';
import { soundnessOf } from './broken.ts';
import { clusterSettings } from './cluster-settings.ts';
import type { Context } from './context.ts';
import { CORE_GROUP, GATEWAY_GROUP, TULLE_GROUP } from './groups.ts';
import { targetKey } from './policies.ts';
import { compareText } from './report.ts';
import { SPEC, specOf } from './resource-index.ts';
import {
  discoverService,
  indexSlices,
  isExternalName,
  type SliceIndex,
} from './service-endpoints.ts';

export interface Fault {
  readonly reason: Reason;
  /** Problem code. */
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** A backend that was found: `service` and `port` are '' but for a Service. */
export interface Target {
  readonly cluster: string;
  readonly service: string;
  readonly portName: string;
  readonly discovery: Discovery;
  readonly policy: Resource | undefined;
}

export type Resolution = { readonly target: Target } | { readonly fault: Fault };

/** appProtocol values that plain HTTP/1.1 can serve. */
const PLAIN_HTTP: ReadonlySet<string> = new Set(['', 'http']);
/** What filters can call: gRPC too, over HTTP/2 without TLS. */
const CALLABLE: ReadonlySet<string> = new Set([
  '',
  'http',
  'http2',
  'grpc',
  'h2c',
  'kubernetes.io/h2c',
]);

export class Backends {
  readonly #context: Context;
  readonly #policies: ReadonlyMap<string, Resource>;
  readonly #usableServices: ReadonlySet<string>;
  readonly #slices: SliceIndex;
  readonly #resolutions = new Map<string, Resolution>();
  readonly #used = new Map<string, Target>();

  /** `usableServices`: ids of the WasmServices that this version can run. */
  constructor(
    context: Context,
    policies: ReadonlyMap<string, Resource>,
    usableServices: ReadonlySet<string>,
  ) {
    this.#context = context;
    this.#policies = policies;
    this.#usableServices = usableServices;
    this.#slices = indexSlices(context.index, context.report);
  }

  /** A reference made by an HTTPRoute of `namespace`. Kind, grant, existence: in this order. */
  resolve(ref: BackendObjectRef, namespace: string): Resolution {
    const group = ref.group ?? CORE_GROUP;
    const kind = ref.kind ?? 'Service';
    if (!isBackendKind(group, kind)) return { fault: invalidKind(group, kind) };
    const to = { group, kind, namespace: ref.namespace ?? namespace, name: ref.name };
    if (to.namespace !== namespace) {
      const from = { group: GATEWAY_GROUP, kind: 'HTTPRoute', namespace };
      if (!this.#context.grants.permits(from, to)) return { fault: notPermitted(kind, to) };
    }
    const key = `${to.namespace}/${ref.name}`;
    const name = `${kind} ${key}:${ref.port ?? ''}`;
    let resolution = this.#resolutions.get(name);
    if (resolution === undefined) {
      resolution = this.#find(group, kind, key, ref.port);
      this.#resolutions.set(name, resolution);
    }
    return resolution;
  }

  /** An object (and port) as something a filter calls; null where it cannot be used. Reports nothing. */
  callable(group: string, kind: string, key: string, port: number | undefined): Target | null {
    const known = this.#resolutions.get(`${kind} ${key}:${port ?? ''}`);
    if (known !== undefined && 'target' in known) return known.target;
    const resource = this.#context.index.get(group, kind, key);
    if (resource === undefined) return null;
    const resolution =
      kind === 'Service'
        ? this.#calledService(resource, key, port)
        : this.#find(group, kind, key, port);
    return resolution !== null && 'target' in resolution ? resolution.target : null;
  }

  /** Where endpoints are known. Unlike routes, filters speak gRPC, so a port may ask for it. */
  #calledService(resource: Resource, key: string, number: number | undefined): Resolution | null {
    if (number === undefined || soundnessOf(resource).outside([]) !== null) return null;
    const found = findPort(specOf<ServiceSpec>(resource), number, CALLABLE);
    if (typeof found === 'string') return null;
    const { discovery, known } = discoverService(resource, found, this.#slices.get(key));
    if (!known) return null;
    const cluster = `service/${key}:${number}`;
    return this.#target('Service', key, discovery, { cluster, portName: found.name ?? '' });
  }

  #find(group: string, kind: string, key: string, port: number | undefined): Resolution {
    const resource = this.#context.index.get(group, kind, key);
    if (resource === undefined) {
      return {
        fault: fault(
          'BackendNotFound',
          'dangling-reference',
          `there is no ${kind} ${key}`,
          'Write it, or mend the name.',
        ),
      };
    }
    if (kind === 'Service') return this.#service(resource, key, port);
    if (kind === 'Backend') return this.#backend(resource, key);
    if (!this.#usableServices.has(key)) {
      return {
        fault: fault(
          'UnsupportedValue',
          'not-served',
          `WasmService ${key} cannot be used`,
          'Mend the WasmService; its own problems say why.',
        ),
      };
    }
    return this.#target(
      'WasmService',
      key,
      { type: 'wasm', service: key },
      { cluster: `wasm/${key}` },
    );
  }

  #service(resource: Resource, key: string, number: number | undefined): Resolution {
    const path = soundnessOf(resource).outside([]);
    if (path !== null) return { fault: hasErrors('Service', key, path) };
    if (number === undefined) {
      return {
        fault: fault(
          'BackendNotFound',
          'missing-field',
          `the reference to Service ${key} has no port`,
          'Add the port of the Service.',
        ),
      };
    }
    const spec = specOf<ServiceSpec>(resource);
    const found = findPort(spec, number);
    if (typeof found === 'string') {
      const reason = found === '' ? 'BackendNotFound' : 'UnsupportedProtocol';
      const message =
        found === ''
          ? `Service ${key} has no port ${number}`
          : `port ${number} of Service ${key} speaks ${found}, which this version does not serve`;
      const remedy =
        found === '' ? 'Use a port that spec.ports lists.' : 'Use a port that speaks HTTP/1.1.';
      const code = found === '' ? 'dangling-reference' : 'not-served';
      return { fault: fault(reason, code, message, remedy) };
    }
    const { discovery, known } = discoverService(resource, found, this.#slices.get(key));
    if (!known) this.#warnNoEndpoints(resource);
    const cluster = `service/${key}:${number}`;
    return this.#target('Service', key, discovery, { cluster, portName: found.name ?? '' });
  }

  #warnNoEndpoints(service: Resource): void {
    this.#context.report.warning(
      service,
      SPEC,
      'no-endpoints',
      `nothing says where the endpoints of the Service are; requests get 503`,
      `Write an EndpointSlice with the label kubernetes.io/service-name: ${service.name}, or give the Service a clusterIP or an externalName.`,
    );
  }

  #backend(resource: Resource, key: string): Resolution {
    const sound = soundnessOf(resource);
    const spec = specOf<BackendSpec>(resource);
    const path = sound.outside(['spec.endpoints']);
    if (path !== null) return { fault: hasErrors('Backend', key, path) };
    if (spec.hostname !== undefined) {
      const hostname = spec.hostname.toLowerCase().replace(/\.$/, '');
      const discovery: Discovery = { type: 'dns', hostname, port: spec.port ?? 80 };
      return this.#target('Backend', key, discovery, { cluster: `backend/${key}` });
    }
    if (!Array.isArray(spec.endpoints))
      return { fault: hasErrors('Backend', key, 'spec.endpoints') };
    const endpoints = (spec.endpoints ?? [])
      .filter((_, position) => !sound.touches(`spec.endpoints[${position}]`))
      .map(({ address, port, weight }) => ({ address, port, weight: weight ?? 1 }));
    return this.#target(
      'Backend',
      key,
      { type: 'static', endpoints },
      { cluster: `backend/${key}` },
    );
  }

  #target(
    kind: string,
    key: string,
    discovery: Discovery,
    { cluster, portName = '' }: { readonly cluster: string; readonly portName?: string },
  ): Resolution {
    const policy =
      (portName === '' ? undefined : this.#policies.get(targetKey(kind, key, portName))) ??
      this.#policies.get(targetKey(kind, key));
    const service = kind === 'Service' ? key : '';
    return { target: { cluster, service, portName, discovery, policy } };
  }

  /** A route in force sends requests to it. */
  use(target: Target): void {
    this.#used.set(target.cluster, target);
  }

  /** Clusters of all used targets, by name. */
  clusters(): readonly Cluster[] {
    const targets = [...this.#used.values()].sort((a, b) => compareText(a.cluster, b.cluster));
    return targets.map(({ cluster, discovery, policy }) => ({
      name: cluster,
      discovery,
      ...clusterSettings(policy),
    }));
  }
}

function isBackendKind(group: string, kind: string): boolean {
  if (group === CORE_GROUP) return kind === 'Service';
  return group === TULLE_GROUP && (kind === 'Backend' || kind === 'WasmService');
}

/** The TCP port of that number; else '' or the protocol that cannot be served. */
function findPort(
  spec: ServiceSpec,
  number: number,
  protocols: ReadonlySet<string> = PLAIN_HTTP,
): ServicePort | string {
  const numbered = (spec.ports ?? []).filter((port) => port.port === number);
  if (numbered.length === 0) return isExternalName(spec) ? { port: number } : '';
  const port = numbered.find(({ protocol }) => (protocol ?? 'TCP') === 'TCP');
  if (port === undefined) return numbered[0]?.protocol ?? '';
  const protocol = port.appProtocol ?? '';
  return protocols.has(protocol.toLowerCase()) ? port : protocol;
}

function fault(reason: Reason, code: string, message: string, remedy: string): Fault {
  return { reason, code, message, remedy };
}

function hasErrors(kind: string, key: string, path: string): Fault {
  const message = `${kind} ${key} has an error at ${path === '' ? 'its top' : path}`;
  return fault('UnsupportedValue', 'broken-reference', message, 'Mend that object.');
}

function invalidKind(group: string, kind: string): Fault {
  const text = group === '' ? kind : `${group}/${kind}`;
  return fault(
    'InvalidKind',
    'invalid-kind',
    `a backend of kind ${text} is not possible`,
    'Use Service, or Backend or WasmService with group tulle.dev.',
  );
}

function notPermitted(
  kind: string,
  to: { readonly namespace: string; readonly name: string },
): Fault {
  return fault(
    'RefNotPermitted',
    'not-permitted',
    `no ReferenceGrant lets the route refer to ${kind} ${to.namespace}/${to.name}`,
    `Write a ReferenceGrant in namespace ${to.namespace} from HTTPRoute to ${kind}.`,
  );
}
