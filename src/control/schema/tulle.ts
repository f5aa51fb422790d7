/** Our own kinds beside WasmService: Backend, BackendPolicy, ClientPolicy. */

import { IP_ADDRESS, IP_OR_CIDR, PRECISE_HOSTNAME } from './formats.ts';
import { withSpec } from './metadata.ts';
import { port, targetRefs } from './references.ts';
import { duration, int, oneOf, quantity, text } from './scalars.ts';
import { list, object, type Rule, required, type Schema } from './schema.ts';
import type { BackendPolicySpec, BackendSpec, ClientPolicySpec, TargetRef } from './types.ts';

type Endpoint = NonNullable<BackendSpec['endpoints']>[number];

const endpointsOrHostname: Rule<BackendSpec> = (spec, inspection) => {
  const { endpoints, hostname } = spec;
  if (endpoints === undefined && hostname === undefined) {
    const remedy = 'Add endpoints: [{address: 127.0.0.1, port: 9000}], or hostname and port.';
    inspection.error('missing-field', 'has neither "endpoints" nor "hostname"', remedy);
  } else if (endpoints !== undefined && hostname !== undefined) {
    const message = '"hostname" does not go with "endpoints"';
    inspection.errorAt(['hostname'], 'conflict', message, 'Keep one of the two.');
  } else if (hostname !== undefined && spec.port === undefined) {
    const message = '"port" is missing, "hostname" needs it';
    inspection.errorAt(['port'], 'missing-field', message, 'Add it beside "hostname".');
  } else if (endpoints !== undefined && spec.port !== undefined) {
    const message = '"port" does not go with "endpoints"';
    inspection.errorAt(['port'], 'conflict', message, 'Write it into each endpoint.');
  }
};

export const backend: Schema = withSpec(
  object<BackendSpec>(
    {
      endpoints: list<Endpoint>(
        object<Endpoint>({
          address: required(text(IP_ADDRESS)),
          port: required(port),
          weight: int(1, 1_000_000),
        }),
        { max: 10_000, uniqueBy: (endpoint) => `${endpoint.address} ${endpoint.port}` },
      ),
      hostname: text(PRECISE_HOSTNAME),
      port,
      protocol: oneOf('HTTP'),
    },
    endpointsOrHostname,
  ),
);

/** Refuses targets that the policy cannot be for; `known` is `group/kind`. */
function targetsOf(what: string, ...known: readonly string[]): Schema {
  return (value, inspection) => {
    const errorsBefore = inspection.errorCount;
    targetRefs(value, inspection);
    if (inspection.errorCount !== errorsBefore) return;
    for (const [index, { group, kind }] of (value as readonly TargetRef[]).entries()) {
      if (known.includes(`${group}/${kind}`)) continue;
      const message = `a ${what} is not for ${kind} of group "${group}"`;
      const remedy = `Target one of ${known.map(describe).join(', ')}.`;
      inspection.errorAt([index], 'bad-value', message, remedy);
    }
  };
}

function describe(groupKind: string): string {
  const [group = '', kind = ''] = groupKind.split('/');
  return `${kind} (group "${group}")`;
}

type BackendTimeouts = NonNullable<BackendPolicySpec['timeouts']>;
type BackendLimits = NonNullable<BackendPolicySpec['limits']>;

export const backendPolicy: Schema = withSpec(
  object<BackendPolicySpec>({
    targetRefs: required(
      targetsOf('BackendPolicy', '/Service', 'tulle.dev/Backend', 'tulle.dev/WasmService'),
    ),
    loadBalancer: oneOf('RoundRobin', 'LeastRequest', 'Random'),
    timeouts: object<BackendTimeouts>({ connect: duration, idle: duration, stream: duration }),
    limits: object<BackendLimits>({ connections: int(1), pending: int(0), requests: int(1) }),
  }),
);

type ClientTimeouts = NonNullable<ClientPolicySpec['timeouts']>;
type ClientLimits = NonNullable<ClientPolicySpec['limits']>;

export const clientPolicy: Schema = withSpec(
  object<ClientPolicySpec>({
    targetRefs: required(targetsOf('ClientPolicy', 'gateway.networking.k8s.io/Gateway')),
    trustedProxies: list<string>(text(IP_OR_CIDR), { max: 1024, uniqueBy: (block) => block }),
    timeouts: object<ClientTimeouts>({ requestHead: duration, idle: duration, stream: duration }),
    limits: object<ClientLimits>({
      connections: int(1),
      headBytes: quantity(1024),
      targetBytes: quantity(64),
      headerCount: int(1, 10_000),
    }),
  }),
);
