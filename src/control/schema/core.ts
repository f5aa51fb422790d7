/** Kubernetes' own kinds: Service, EndpointSlice, Secret, ConfigMap, Namespace. */

import { IP_ADDRESS, OBJECT_NAME } from './formats.ts';
import { body, withSpec } from './metadata.ts';
import { port } from './references.ts';
import { base64Map, bool, int, oneOf, text, textMap, textUpTo } from './scalars.ts';
import {
  anything,
  freeForm,
  list,
  object,
  type Rule,
  required,
  type Schema,
  wrongType,
} from './schema.ts';
import type {
  ConfigMapBody,
  EndpointSliceBody,
  SecretBody,
  ServicePort,
  ServiceSpec,
  SliceEndpoint,
} from './types.ts';

const protocol: Schema = oneOf('TCP', 'UDP', 'SCTP');
const portName: Schema = textUpTo(63);

const portOrName: Schema = (value, inspection) => {
  if (typeof value === 'string') textUpTo(63, 1)(value, inspection);
  else if (typeof value === 'number') port(value, inspection);
  else wrongType(value, 'a port', 'Write a number or the name of a port.', inspection);
};

const servicePort: Schema = object<ServicePort>({
  name: portName,
  port: required(port),
  targetPort: portOrName,
  protocol,
  appProtocol: textUpTo(317),
  nodePort: int(0, 65_535),
});

/** Where a cluster puts things; nothing of it concerns a process outside. */
type ClusterFields = {
  readonly [K in
    | 'allocateLoadBalancerNodePorts'
    | 'externalIPs'
    | 'externalTrafficPolicy'
    | 'healthCheckNodePort'
    | 'internalTrafficPolicy'
    | 'ipFamilies'
    | 'ipFamilyPolicy'
    | 'loadBalancerClass'
    | 'loadBalancerIP'
    | 'loadBalancerSourceRanges'
    | 'publishNotReadyAddresses'
    | 'sessionAffinity'
    | 'sessionAffinityConfig'
    | 'trafficDistribution']?: unknown;
};

const portsAreNamed: Rule<ServiceSpec> = ({ ports = [] }, inspection) => {
  if (ports.length < 2) return;
  for (const [index, { name }] of ports.entries()) {
    if (name !== undefined && name !== '') continue;
    const message = '"name" is missing, the Service has several ports';
    inspection.errorAt(['ports', index, 'name'], 'missing-field', message, 'Name each port.');
  }
};

const externalHasName: Rule<ServiceSpec> = ({ type, externalName }, inspection) => {
  if (type !== 'ExternalName' || (externalName ?? '') !== '') return;
  const message = '"externalName" is missing, type is ExternalName';
  inspection.errorAt(['externalName'], 'missing-field', message, 'Add the host it stands for.');
};

export const service: Schema = withSpec(
  object<ServiceSpec & ClusterFields>(
    {
      type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
      clusterIP: text(),
      clusterIPs: list(text()),
      externalName: textUpTo(253),
      selector: textMap,
      ports: list<ServicePort>(servicePort, { uniqueBy: ({ name }) => name ?? '' }),
      allocateLoadBalancerNodePorts: anything,
      externalIPs: anything,
      externalTrafficPolicy: anything,
      healthCheckNodePort: anything,
      internalTrafficPolicy: anything,
      ipFamilies: anything,
      ipFamilyPolicy: anything,
      loadBalancerClass: anything,
      loadBalancerIP: anything,
      loadBalancerSourceRanges: anything,
      publishNotReadyAddresses: anything,
      sessionAffinity: anything,
      sessionAffinityConfig: anything,
      trafficDistribution: anything,
    },
    portsAreNamed,
    externalHasName,
  ),
);

type SliceFields = Omit<EndpointSliceBody, 'apiVersion' | 'kind' | 'metadata'>;
type SlicePort = NonNullable<EndpointSliceBody['ports']>[number];
type WholeEndpoint = SliceEndpoint & {
  readonly [K in 'deprecatedTopology' | 'hints' | 'targetRef']?: unknown;
};

const sliceEndpoint: Schema = object<WholeEndpoint>({
  addresses: required(list(text(), { min: 1, max: 100 })),
  conditions: object<NonNullable<SliceEndpoint['conditions']>>({
    ready: bool,
    serving: bool,
    terminating: bool,
  }),
  hostname: textUpTo(63),
  nodeName: text(),
  zone: text(),
  deprecatedTopology: anything,
  hints: anything,
  targetRef: anything,
});

const addressesFitType: Rule<SliceFields> = ({ addressType, endpoints }, inspection) => {
  const format = addressType === 'FQDN' ? OBJECT_NAME : IP_ADDRESS;
  const colon = addressType === 'IPv6';
  for (const [index, { addresses }] of endpoints.entries()) {
    for (const [nth, address] of addresses.entries()) {
      const fits =
        format.matches(address) && (addressType === 'FQDN' || address.includes(':') === colon);
      if (fits) continue;
      const message = `"${address.slice(0, 80)}" is not of addressType ${addressType}`;
      const path = ['endpoints', index, 'addresses', nth];
      inspection.errorAt(path, 'bad-format', message, 'Mend the address or the addressType.');
    }
  }
};

export const endpointSlice: Schema = body<SliceFields>(
  {
    addressType: required(oneOf('IPv4', 'IPv6', 'FQDN')),
    endpoints: required(list(sliceEndpoint, { max: 1000 })),
    ports: list<SlicePort>(
      object<SlicePort>({ name: portName, port, protocol, appProtocol: textUpTo(317) }),
      { max: 20_000, uniqueBy: ({ name }) => name ?? '' },
    ),
  },
  addressesFitType,
);

export const secret: Schema = body<Omit<SecretBody, 'apiVersion' | 'kind' | 'metadata'>>({
  type: textUpTo(253),
  data: base64Map,
  stringData: textMap,
  immutable: bool,
});

export const configMap: Schema = body<Omit<ConfigMapBody, 'apiVersion' | 'kind' | 'metadata'>>({
  data: textMap,
  binaryData: base64Map,
  immutable: bool,
});

export const namespace: Schema = body<{ readonly spec?: unknown }>({ spec: freeForm });
