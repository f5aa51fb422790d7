/** GatewayClass, Gateway, ListenerSet and ReferenceGrant of the Gateway API. */

import {
  DOMAIN_PATH,
  GROUP,
  HOSTNAME,
  IP_ADDRESS,
  KIND,
  NAMESPACE,
  REF_NAME,
  SECTION_NAME,
} from './formats.ts';
import { withSpec } from './metadata.ts';
import { objectRef } from './references.ts';
import { type Format, int, oneOf, text, textMap, textUpTo } from './scalars.ts';
import {
  freeForm,
  list,
  notServed,
  object,
  type Rule,
  required,
  type Schema,
  shorten,
} from './schema.ts';
import type {
  AllowedRoutes,
  GatewayAddress,
  GatewayClassSpec,
  GatewayListener,
  GatewaySpec,
  LabelSelector,
  ListenerTls,
  ObjectRef,
  ReferenceGrantSpec,
} from './types.ts';

export const gatewayClass: Schema = withSpec(
  object<GatewayClassSpec>({
    controllerName: required(text(DOMAIN_PATH)),
    description: textUpTo(64),
    parametersRef: object<NonNullable<GatewayClassSpec['parametersRef']>>({
      group: required(text(GROUP)),
      kind: required(text(KIND)),
      name: required(text(REF_NAME)),
      namespace: text(NAMESPACE),
    }),
  }),
);

type Expression = NonNullable<LabelSelector['matchExpressions']>[number];

const valuesFitOperator: Rule<Expression> = (expression, inspection) => {
  const wantsValues = expression.operator === 'In' || expression.operator === 'NotIn';
  const hasValues = (expression.values ?? []).length > 0;
  if (wantsValues === hasValues) return;
  const message = `"values" does not fit operator ${expression.operator}`;
  const remedy = 'Give In and NotIn at least one value, Exists and DoesNotExist none.';
  inspection.errorAt(['values'], 'conflict', message, remedy);
};

const labelSelector: Schema = object<LabelSelector>({
  matchLabels: textMap,
  matchExpressions: list(
    object<Expression>(
      {
        key: required(textUpTo(317, 1)),
        operator: required(oneOf('In', 'NotIn', 'Exists', 'DoesNotExist')),
        values: list(text()),
      },
      valuesFitOperator,
    ),
  ),
});

type AllowedNamespaces = NonNullable<AllowedRoutes['namespaces']>;

const selectorWhereAsked: Rule<AllowedNamespaces> = (namespaces, inspection) => {
  if (namespaces.from !== 'Selector' || namespaces.selector !== undefined) return;
  const message = '"selector" is missing, from is Selector';
  inspection.errorAt(['selector'], 'missing-field', message, 'Add it, or use from: Same or All.');
};

const allowedNamespaces: Schema = object<AllowedNamespaces>(
  { from: oneOf('All', 'Same', 'Selector', 'None'), selector: labelSelector },
  selectorWhereAsked,
);

const allowedRoutes: Schema = object<AllowedRoutes>({
  namespaces: allowedNamespaces,
  kinds: list(
    object<NonNullable<AllowedRoutes['kinds']>[number]>({
      group: text(GROUP),
      kind: required(text(KIND)),
    }),
    { max: 8 },
  ),
});

const listenerTls: Schema = object<ListenerTls>({
  mode: oneOf('Terminate', 'Passthrough'),
  certificateRefs: list(objectRef, { max: 64 }),
  options: textMap,
});

const PROTOCOL: Format = {
  what: 'a protocol',
  remedy: 'Use HTTP, HTTPS, TLS, TCP or UDP.',
  lengthMax: 255,
  matches: (value) =>
    /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(value) || DOMAIN_PATH.matches(value),
};

/** The specification begins at 1; 0 lets the system choose, which a trial run may want. */
const listenerPort: Schema = (value, inspection) => {
  int(0, 65_535)(value, inspection);
  if (value !== 0) return;
  const remedy = 'Write a number from 1 to 65535 where clients must find it again.';
  inspection.warning('any-port', 'port 0: the system chooses a free one', remedy);
};

const tlsFitsProtocol: Rule<GatewayListener> = (listener, inspection) => {
  const { protocol, tls } = listener;
  const plain = protocol === 'HTTP' || protocol === 'TCP' || protocol === 'UDP';
  if (plain && tls !== undefined) {
    const message = `"tls" does not go with protocol ${protocol}`;
    inspection.errorAt(['tls'], 'conflict', message, 'Remove it, or use HTTPS or TLS.');
    return;
  }
  if (protocol === 'HTTPS' && tls?.mode === 'Passthrough') {
    const message = 'Passthrough does not go with protocol HTTPS';
    inspection.errorAt(['tls', 'mode'], 'conflict', message, 'Use protocol TLS, or Terminate.');
  }
  if (protocol === 'TLS' && tls?.mode === undefined) {
    const message = '"tls.mode" is missing, protocol is TLS';
    inspection.errorAt(['tls', 'mode'], 'missing-field', message, 'Add Terminate or Passthrough.');
  }
  if (tls !== undefined && tls.mode !== 'Passthrough' && !hasCertificate(tls)) {
    const message = 'there is no certificate to terminate TLS with';
    const remedy = 'Name a Secret in certificateRefs.';
    inspection.errorAt(['tls', 'certificateRefs'], 'missing-field', message, remedy);
  }
};

function hasCertificate(tls: ListenerTls): boolean {
  return (tls.certificateRefs ?? []).length > 0 || Object.keys(tls.options ?? {}).length > 0;
}

const hostnameFitsProtocol: Rule<GatewayListener> = ({ protocol, hostname }, inspection) => {
  if (hostname === undefined || (protocol !== 'TCP' && protocol !== 'UDP')) return;
  const message = `"hostname" does not go with protocol ${protocol}`;
  inspection.errorAt(['hostname'], 'conflict', message, 'Remove it.');
};

const listeners: Schema = list<GatewayListener>(
  object<GatewayListener>(
    {
      name: required(text(SECTION_NAME)),
      hostname: text(HOSTNAME),
      port: required(listenerPort),
      protocol: required(text(PROTOCOL)),
      tls: listenerTls,
      allowedRoutes,
      filters: notServed(freeForm),
    },
    tlsFitsProtocol,
    hostnameFitsProtocol,
  ),
  { min: 1, max: 64, uniqueBy: (listener) => listener.name },
);

const ADDRESS_TYPE: Format = {
  what: 'a type of address',
  remedy: 'Use IPAddress, Hostname or NamedAddress.',
  lengthMax: 253,
  matches: (value) =>
    /^(?:IPAddress|Hostname|NamedAddress)$/.test(value) || DOMAIN_PATH.matches(value),
};

const addressFitsType: Rule<GatewayAddress> = ({ type = 'IPAddress', value }, inspection) => {
  const format = type === 'Hostname' ? HOSTNAME : type === 'IPAddress' ? IP_ADDRESS : undefined;
  if (value === undefined || format === undefined || format.matches(value)) return;
  const message = `"${shorten(value)}" is not ${format.what}`;
  inspection.errorAt(['value'], 'bad-format', message, 'Mend the value, or set "type".');
};

export const gateway: Schema = withSpec(
  object<GatewaySpec>({
    gatewayClassName: required(text(REF_NAME)),
    listeners: required(listeners),
    addresses: list<GatewayAddress>(
      object<GatewayAddress>(
        { type: text(ADDRESS_TYPE), value: textUpTo(253), routability: textUpTo(253) },
        addressFitsType,
      ),
      {
        max: 16,
        uniqueBy: ({ type = 'IPAddress', value }) =>
          value === undefined ? null : `${type} ${value}`,
      },
    ),
    infrastructure: freeForm,
    allowedListeners: notServed(freeForm),
    tls: notServed(freeForm),
    defaultScope: notServed(oneOf('All', 'None')),
  }),
);

export const listenerSet: Schema = withSpec(
  object<{
    readonly parentRef: ObjectRef;
    readonly listeners: readonly GatewayListener[];
  }>({ parentRef: required(objectRef), listeners: required(listeners) }),
);

type GrantFrom = ReferenceGrantSpec['from'][number];
type GrantTo = ReferenceGrantSpec['to'][number];

export const referenceGrant: Schema = withSpec(
  object<ReferenceGrantSpec>({
    from: required(
      list(
        object<GrantFrom>({
          group: required(text(GROUP)),
          kind: required(text(KIND)),
          namespace: required(text(NAMESPACE)),
        }),
        { min: 1, max: 16 },
      ),
    ),
    to: required(
      list(
        object<GrantTo>({
          group: required(text(GROUP)),
          kind: required(text(KIND)),
          name: text(REF_NAME),
        }),
        { min: 1, max: 16 },
      ),
    ),
  }),
);
