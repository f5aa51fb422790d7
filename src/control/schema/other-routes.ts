/**
 * Kinds of the Gateway API that are known but not served yet: their schema is checked, so that a
 * file is sound the day they are. L4 routes take what all their versions allowed.
 */

import { HEADER_NAME, HOSTNAME, PRECISE_HOSTNAME, SECTION_NAME } from './formats.ts';
import { headerModifier, requestMirror } from './http-filters.ts';
import { withSpec } from './metadata.ts';
import {
  backendRefFields,
  hostnames,
  localRef,
  parentRefs,
  servicePort,
  targetRefs,
  weight,
} from './references.ts';
import { oneOf, text, textMap, textUpTo } from './scalars.ts';
import {
  type FieldsOf,
  freeForm,
  list,
  object,
  type Rule,
  required,
  type Schema,
  taggedBy,
} from './schema.ts';
import type { BackendObjectRef, ParentRef } from './types-http-route.ts';

interface WeightedRef extends BackendObjectRef {
  readonly weight?: number;
}

interface CommonRoute {
  readonly parentRefs?: readonly ParentRef[];
  readonly useDefaultGateways?: string;
}

const commonRoute: FieldsOf<CommonRoute> = {
  parentRefs,
  useDefaultGateways: oneOf('All', 'None'),
};

interface L4Rule {
  readonly name?: string;
  readonly backendRefs: readonly WeightedRef[];
}

const l4Rules: Schema = list<L4Rule>(
  object<L4Rule>({
    name: text(SECTION_NAME),
    backendRefs: required(
      list(object<WeightedRef>({ ...backendRefFields, weight }, servicePort), { min: 1, max: 16 }),
    ),
  }),
  { min: 1, max: 16, uniqueBy: ({ name }) => name ?? null },
);

interface L4Route extends CommonRoute {
  readonly rules: readonly L4Rule[];
}

/** TCPRoute and UDPRoute. */
export const l4Route: Schema = withSpec(
  object<L4Route>({ ...commonRoute, rules: required(l4Rules) }),
);

export const tlsRoute: Schema = withSpec(
  object<L4Route & { readonly hostnames?: readonly string[] }>({
    ...commonRoute,
    hostnames: list(text(HOSTNAME), { max: 1024 }),
    rules: required(l4Rules),
  }),
);

interface GrpcMethod {
  readonly type?: string;
  readonly service?: string;
  readonly method?: string;
}

const methodSaysSomething: Rule<GrpcMethod> = ({ service, method }, inspection) => {
  if (service !== undefined || method !== undefined) return;
  const remedy = 'Add at least one of them, or remove the match.';
  inspection.error('missing-field', 'has neither "service" nor "method"', remedy);
};

interface GrpcHeader {
  readonly type?: string;
  readonly name: string;
  readonly value: string;
}

const grpcMatch: Schema = object<{ readonly method?: unknown; readonly headers?: unknown }>({
  method: object<GrpcMethod>(
    {
      type: oneOf('Exact', 'RegularExpression'),
      service: textUpTo(1024),
      method: textUpTo(1024),
    },
    methodSaysSomething,
  ),
  headers: list<GrpcHeader>(
    object<GrpcHeader>({
      type: oneOf('Exact', 'RegularExpression'),
      name: required(text(HEADER_NAME)),
      value: required(textUpTo(4096, 1)),
    }),
    { max: 16, uniqueBy: ({ name }) => name },
  ),
});

const GRPC_FIELD_OF_TYPE = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  ExtensionRef: 'extensionRef',
} as const;

type GrpcFilterType = keyof typeof GRPC_FIELD_OF_TYPE;
type GrpcFilter = { readonly type: GrpcFilterType } & {
  readonly [K in (typeof GRPC_FIELD_OF_TYPE)[GrpcFilterType]]?: unknown;
};

const grpcFilters: Schema = list<GrpcFilter>(
  object<GrpcFilter>(
    {
      type: required(oneOf(...Object.keys(GRPC_FIELD_OF_TYPE))),
      requestHeaderModifier: headerModifier,
      responseHeaderModifier: headerModifier,
      requestMirror,
      extensionRef: localRef,
    },
    taggedBy<GrpcFilter>('type', GRPC_FIELD_OF_TYPE),
  ),
  { max: 16, uniqueBy: ({ type }) => (type.endsWith('Modifier') ? type : null) },
);

interface GrpcRule {
  readonly name?: string;
  readonly matches?: unknown;
  readonly filters?: unknown;
  readonly backendRefs?: unknown;
  readonly sessionPersistence?: unknown;
}

export const grpcRoute: Schema = withSpec(
  object<CommonRoute & { readonly hostnames?: unknown; readonly rules?: readonly GrpcRule[] }>({
    ...commonRoute,
    hostnames,
    rules: list<GrpcRule>(
      object<GrpcRule>({
        name: text(SECTION_NAME),
        matches: list(grpcMatch, { max: 64 }),
        filters: grpcFilters,
        backendRefs: list(
          object<WeightedRef & { readonly filters?: unknown }>(
            { ...backendRefFields, weight, filters: grpcFilters },
            servicePort,
          ),
          { max: 16 },
        ),
        sessionPersistence: freeForm,
      }),
      { max: 16, uniqueBy: ({ name }) => name ?? null },
    ),
  }),
);

interface BackendTlsValidation {
  readonly hostname: string;
  readonly caCertificateRefs?: unknown;
  readonly wellKnownCACertificates?: string;
  readonly subjectAltNames?: unknown;
}

const oneTrust: Rule<BackendTlsValidation> = (validation, inspection) => {
  const named = validation.caCertificateRefs !== undefined;
  if (named !== (validation.wellKnownCACertificates !== undefined)) return;
  const message = 'needs either "caCertificateRefs" or "wellKnownCACertificates"';
  inspection.error('conflict', message, 'Keep exactly one of the two.');
};

interface SubjectAltName {
  readonly type: string;
  readonly hostname?: string;
  readonly uri?: string;
}

export const backendTlsPolicy: Schema = withSpec(
  object<{
    readonly targetRefs: unknown;
    readonly validation: unknown;
    readonly options?: unknown;
  }>({
    targetRefs: required(targetRefs),
    validation: required(
      object<BackendTlsValidation>(
        {
          hostname: required(text(PRECISE_HOSTNAME)),
          caCertificateRefs: list(localRef, { min: 1, max: 8 }),
          wellKnownCACertificates: textUpTo(253, 1),
          subjectAltNames: list(
            object<SubjectAltName>(
              {
                type: required(oneOf('Hostname', 'URI')),
                hostname: text(HOSTNAME),
                uri: textUpTo(253, 1),
              },
              taggedBy<SubjectAltName>('type', { Hostname: 'hostname', URI: 'uri' }),
            ),
            { max: 5 },
          ),
        },
        oneTrust,
      ),
    ),
    options: textMap,
  }),
);
