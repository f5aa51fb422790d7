/**
 * A port of a Service as something to connect to. EndpointSlices say it where there are any (as in
 * a cluster); a Service written by hand may instead have an externalName or a clusterIP.
 */

import { isIP } from 'node:net';
import type { Discovery, Endpoint } from '../../config/cluster.ts';
import type { Resource } from '../resource.ts';
import type { EndpointSliceBody, ServicePort, ServiceSpec } from '../schema/types.ts';
import { soundnessOf } from './broken.ts';
import { CORE_GROUP, DISCOVERY_GROUP } from './groups.ts';
import { compareText, type Report } from './report.ts';
import { type ResourceIndex, specOf } from './resource-index.ts';

/** The label by which an EndpointSlice names its Service. */
const SERVICE_LABEL = 'kubernetes.io/service-name';

/** EndpointSlices by the `namespace/name` of their Service, in order of their own names. */
export type SliceIndex = ReadonlyMap<string, readonly Resource[]>;

export function indexSlices(index: ResourceIndex, report: Report): SliceIndex {
  const slices = new Map<string, Resource[]>();
  for (const slice of index.all(DISCOVERY_GROUP, 'EndpointSlice').values()) {
    const service = slice.labels[SERVICE_LABEL];
    if (service === undefined) {
      report.warning(
        slice,
        ['metadata', 'labels'],
        'not-attached',
        'the EndpointSlice belongs to no Service',
        `Add the label ${SERVICE_LABEL} with the name of its Service.`,
      );
      continue;
    }
    const key = `${slice.namespace}/${service}`;
    if (index.get(CORE_GROUP, 'Service', key) === undefined) {
      report.warning(
        slice,
        ['metadata', 'labels', SERVICE_LABEL],
        'dangling-reference',
        `there is no Service ${key}`,
        'Write the Service, or mend the label.',
      );
    }
    if (isUsable(slice, report)) {
      const known = slices.get(key);
      if (known === undefined) slices.set(key, [slice]);
      else known.push(slice);
    }
  }
  for (const list of slices.values()) list.sort((a, b) => compareText(a.name, b.name));
  return slices;
}

function isUsable(slice: Resource, report: Report): boolean {
  if (soundnessOf(slice).outside(['endpoints']) !== null) return false;
  if (!Array.isArray(slice.body['endpoints'])) return false;
  if ((slice.body as unknown as EndpointSliceBody).addressType !== 'FQDN') return true;
  report.warning(
    slice,
    ['addressType'],
    'not-served',
    'addressType FQDN is not served by this version',
    'List IP addresses, or use a Backend with a hostname.',
  );
  return false;
}

/** What a Service's port leads to. `known` false: nobody ever said where its endpoints are. */
export interface ServiceTarget {
  readonly discovery: Discovery;
  readonly known: boolean;
}

export function discoverService(
  service: Resource,
  port: ServicePort,
  slices: readonly Resource[] | undefined,
): ServiceTarget {
  const spec = specOf<ServiceSpec>(service);
  if (isExternalName(spec)) {
    const hostname = (spec.externalName ?? '').toLowerCase().replace(/\.$/, '');
    return { discovery: { type: 'dns', hostname, port: port.port }, known: true };
  }
  if (slices !== undefined) {
    return { discovery: { type: 'static', endpoints: readyEndpoints(slices, port) }, known: true };
  }
  const clusterIp = spec.clusterIP ?? '';
  const endpoints =
    isIP(clusterIp) === 0 ? [] : [{ address: clusterIp, port: port.port, weight: 1 }];
  return { discovery: { type: 'static', endpoints }, known: endpoints.length > 0 };
}

export function isExternalName(spec: ServiceSpec): boolean {
  return (
    spec.type === 'ExternalName' || (spec.type === undefined && spec.externalName !== undefined)
  );
}

function readyEndpoints(slices: readonly Resource[], port: ServicePort): readonly Endpoint[] {
  const endpoints: Endpoint[] = [];
  const seen = new Set<string>();
  for (const slice of slices) {
    const body = slice.body as unknown as EndpointSliceBody;
    const number = slicePort(body, port);
    if (number === null) continue;
    const sound = soundnessOf(slice);
    for (const [position, endpoint] of body.endpoints.entries()) {
      if (sound.touches(`endpoints[${position}]`) || endpoint.conditions?.ready === false) continue;
      for (const address of endpoint.addresses) {
        const key = `${address} ${number}`;
        if (seen.has(key)) continue;
        seen.add(key);
        endpoints.push({ address, port: number, weight: 1 });
      }
    }
  }
  return endpoints;
}

/**
 * The number behind a Service port in one slice: Kubernetes gives both the same name. Slices written
 * by hand may leave names out, so the targetPort (by name, then number) will do too. A slice with
 * no ports at all has every port (discovery.k8s.io/v1), so the number comes from the Service.
 */
function slicePort(slice: EndpointSliceBody, port: ServicePort): number | null {
  const target = port.targetPort ?? port.port;
  const ports = (slice.ports ?? []).filter((entry) => (entry.protocol ?? 'TCP') === 'TCP');
  if (slice.ports === undefined || slice.ports.length === 0) {
    return typeof target === 'number' ? target : null;
  }
  const found =
    ports.find((entry) => (entry.name ?? '') === (port.name ?? '')) ??
    ports.find((entry) => entry.name === target) ??
    ports.find((entry) => (entry.name ?? '') === '' && entry.port === target);
  if (found === undefined) return null;
  return found.port ?? (typeof target === 'number' ? target : null);
}
