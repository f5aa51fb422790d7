/** Filters of HTTPRoute rules and backendRefs. GRPCRoute uses the few it shares. */

import { HEADER_NAME, HEADER_VALUE, PRECISE_HOSTNAME } from './formats.ts';
import { backendRef, localRef, port } from './references.ts';
import { bool, type Format, int, oneOf, oneOfNumbers, text, textUpTo } from './scalars.ts';
import { list, object, type Rule, required, type Schema, taggedBy } from './schema.ts';
import type {
  HttpCors,
  HttpHeader,
  HttpHeaderModifier,
  HttpPathModifier,
  HttpRequestMirror,
  HttpRequestRedirect,
  HttpRouteFilter,
  HttpUrlRewrite,
} from './types-http-route.ts';

const headers: Schema = list<HttpHeader>(
  object<HttpHeader>({ name: required(text(HEADER_NAME)), value: required(text(HEADER_VALUE)) }),
  { max: 16, uniqueBy: (header) => header.name },
);

export const headerModifier: Schema = object<HttpHeaderModifier>({
  set: headers,
  add: headers,
  remove: list<string>(text(HEADER_NAME), { max: 16, uniqueBy: (name) => name }),
});

interface PathModifierFields {
  readonly type: HttpPathModifier['type'];
  readonly replaceFullPath?: string;
  readonly replacePrefixMatch?: string;
}

const REPLACEMENT: Format = {
  what: 'a path to put in',
  remedy: 'Begin it with "/" and use visible ASCII without "?" and "#"; a prefix may be empty.',
  lengthMax: 1024,
  matches: (value) => value === '' || (/^\/[!-~]*$/.test(value) && !/[?#]/.test(value)),
};

const pathModifier: Schema = object<PathModifierFields>(
  {
    type: required(oneOf('ReplaceFullPath', 'ReplacePrefixMatch')),
    replaceFullPath: text(REPLACEMENT),
    replacePrefixMatch: text(REPLACEMENT),
  },
  taggedBy<PathModifierFields>('type', {
    ReplaceFullPath: 'replaceFullPath',
    ReplacePrefixMatch: 'replacePrefixMatch',
  }),
);

/** The path modifier of a redirect or rewrite, if it has one. */
export function pathModifierOf(filter: HttpRouteFilter): HttpPathModifier | undefined {
  if (filter.type === 'RequestRedirect') return filter.requestRedirect.path;
  return filter.type === 'URLRewrite' ? filter.urlRewrite.path : undefined;
}

const requestRedirect: Schema = object<HttpRequestRedirect>({
  scheme: oneOf('http', 'https'),
  hostname: text(PRECISE_HOSTNAME),
  path: pathModifier,
  port,
  statusCode: oneOfNumbers(301, 302, 303, 307, 308),
});

const urlRewrite: Schema = object<HttpUrlRewrite>({
  hostname: text(PRECISE_HOSTNAME),
  path: pathModifier,
});

type Fraction = NonNullable<HttpRequestMirror['fraction']>;

const fractionIsPart: Rule<Fraction> = ({ numerator, denominator = 100 }, inspection) => {
  if (numerator <= denominator) return;
  const message = `${numerator} is more than the denominator (${denominator})`;
  inspection.errorAt(['numerator'], 'out-of-range', message, 'Lower it, or raise denominator.');
};

const oneShare: Rule<HttpRequestMirror> = ({ percent, fraction }, inspection) => {
  if (percent === undefined || fraction === undefined) return;
  const message = '"fraction" does not go with "percent"';
  inspection.errorAt(['fraction'], 'conflict', message, 'Remove one of the two.');
};

export const requestMirror: Schema = object<HttpRequestMirror>(
  {
    backendRef: required(backendRef),
    percent: int(0, 100),
    fraction: object<Fraction>(
      { numerator: required(int(0)), denominator: int(1) },
      fractionIsPart,
    ),
  },
  oneShare,
);

/** Scheme, host (its first label, or the whole, may be `*`) and perhaps a port. */
const ORIGIN: Format = {
  what: 'an origin',
  remedy: 'Write scheme://host[:port] as browsers send it, https://*.example.com, or "*".',
  lengthMax: 253,
  matches: (value) =>
    /^(?:\*|https?:\/\/(?:\*|(?:\*\.)?[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*)(?::\d{1,5})?)$/.test(
      value,
    ),
};

function starAlone(schema: Schema): Schema {
  return (value, inspection) => {
    schema(value, inspection);
    if (!Array.isArray(value) || value.length < 2 || !value.includes('*')) return;
    const message = '"*" does not go with other entries';
    inspection.errorAt([value.indexOf('*')], 'conflict', message, 'Keep "*" alone, or remove it.');
  };
}

const unique = { uniqueBy: (value: string): string => value };

const cors: Schema = object<HttpCors>({
  allowOrigins: starAlone(list<string>(text(ORIGIN), { max: 64, ...unique })),
  allowCredentials: bool,
  allowMethods: starAlone(
    list<string>(
      oneOf('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', '*'),
      { max: 9, ...unique },
    ),
  ),
  allowHeaders: starAlone(list<string>(text(HEADER_NAME), { max: 64, ...unique })),
  exposeHeaders: list<string>(text(HEADER_NAME), { max: 64, ...unique }),
  maxAge: int(1),
});

interface ExternalAuth {
  readonly protocol: 'HTTP' | 'GRPC';
  readonly backendRef: unknown;
  readonly grpc?: unknown;
  readonly http?: unknown;
  readonly forwardBody?: { readonly maxSize?: number };
}

interface ExternalAuthHttp {
  readonly path?: string;
  readonly allowedHeaders?: unknown;
  readonly allowedResponseHeaders?: unknown;
}

const externalAuth: Schema = object<ExternalAuth>(
  {
    protocol: required(oneOf('HTTP', 'GRPC')),
    backendRef: required(backendRef),
    grpc: object<{ readonly allowedHeaders?: unknown }>({
      allowedHeaders: list(textUpTo(256), { max: 64 }),
    }),
    http: object<ExternalAuthHttp>({
      path: text(REPLACEMENT),
      allowedHeaders: list(textUpTo(256), { max: 64 }),
      allowedResponseHeaders: list(textUpTo(256), { max: 64 }),
    }),
    forwardBody: object<{ readonly maxSize?: number }>({ maxSize: int(0) }),
  },
  taggedBy<ExternalAuth>('protocol', { HTTP: 'http', GRPC: 'grpc' }),
);

/** Field of each type; the types that a rule can have only once are below. */
const FIELD_OF_TYPE = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
  ExternalAuth: 'externalAuth',
  ExtensionRef: 'extensionRef',
} as const;

const REPEATABLE: ReadonlySet<string> = new Set(['RequestMirror', 'ExternalAuth', 'ExtensionRef']);

type FilterType = keyof typeof FIELD_OF_TYPE;
type FilterFields = { readonly type: FilterType } & {
  readonly [K in (typeof FIELD_OF_TYPE)[FilterType]]?: unknown;
};

const filter: Schema = object<FilterFields>(
  {
    type: required(oneOf(...Object.keys(FIELD_OF_TYPE))),
    requestHeaderModifier: headerModifier,
    responseHeaderModifier: headerModifier,
    requestMirror,
    requestRedirect,
    urlRewrite,
    cors,
    externalAuth,
    extensionRef: localRef,
  },
  taggedBy<FilterFields>('type', FIELD_OF_TYPE),
);

const filterList: Schema = list<FilterFields>(filter, {
  max: 16,
  uniqueBy: ({ type }) => (REPEATABLE.has(type) ? null : type),
});

export const filters: Schema = (value, inspection) => {
  const errorsBefore = inspection.errorCount;
  filterList(value, inspection);
  if (inspection.errorCount !== errorsBefore) return;
  const types = (value as readonly FilterFields[]).map(({ type }) => type);
  const rewrite = types.indexOf('URLRewrite');
  if (rewrite < 0 || !types.includes('RequestRedirect')) return;
  const message = 'URLRewrite does not go with RequestRedirect';
  inspection.errorAt([rewrite], 'conflict', message, 'Keep one of the two.');
};
