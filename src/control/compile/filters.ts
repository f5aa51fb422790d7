/**
 * HTTPRoute filters in the data plane's shapes. A filter is never skipped: one that cannot be done
 * makes its rule (or backendRef) answer 500. RequestMirror is the exception the specification makes:
 * a mirror without a backend is dropped and the request goes on.
 */

import type { NameValue, PathModifier, RequestMirror, RouteFilter } from '../../config/route.ts';
import type { FieldPath } from '../resource.ts';
import type {
  BackendObjectRef,
  HttpCors,
  HttpHeader,
  HttpHeaderModifier,
  HttpPathModifier,
  HttpRequestMirror,
  HttpRequestRedirect,
  HttpRouteFilter,
  LocalObjectRef,
} from '../schema/types-http-route.ts';

/** How filters reach what is outside them. `path` is the filter's or the reference's own. */
export interface FilterScope {
  /** The cluster's name, or '' after the fault was reported. */
  mirrorCluster(ref: BackendObjectRef, path: FieldPath): string;
  /** Adds the plugin to the rule; a sentence if that cannot be. */
  extension(ref: LocalObjectRef, path: FieldPath): string | null;
  /** What the data plane has against the filter, reported; null: nothing. */
  refused(filter: RouteFilter, path: () => FieldPath): string | null;
  /** A filter that this version does not do. */
  unsupported(type: string, path: FieldPath): string;
}

export interface CompiledFilters {
  readonly filters: readonly RouteFilter[];
  readonly invalid: string | null;
}

const NO_FILTERS: CompiledFilters = { filters: [], invalid: null };

const NO_HEADERS: readonly HttpHeader[] = [];
const NO_VALUES: readonly NameValue[] = [];
const NO_NAMES: readonly string[] = [];

/** GEP-1767. */
const CORS_MAX_AGE_S = 5;
const REDIRECT_STATUS = 302;

/** `owner`: the path of the rule or backendRef that has the filters. */
export function compileFilters(
  filters: readonly HttpRouteFilter[] | undefined,
  scope: FilterScope,
  owner: FieldPath,
): CompiledFilters {
  if (filters === undefined || filters.length === 0) return NO_FILTERS;
  const compiled: RouteFilter[] = [];
  let invalid: string | null = null;
  for (const [position, filter] of filters.entries()) {
    const path = (): FieldPath => [...owner, 'filters', position];
    const result = compileFilter(filter, scope, path);
    if (typeof result === 'string') invalid ??= result;
    else if (result !== null) {
      invalid ??= scope.refused(result, path);
      compiled.push(result);
    }
  }
  return { filters: compiled, invalid };
}

/** A filter; null for one that runs elsewhere (Wasm); a sentence for one that cannot be. */
function compileFilter(
  filter: HttpRouteFilter,
  scope: FilterScope,
  path: () => FieldPath,
): RouteFilter | string | null {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return { type: filter.type, ...headerModifier(filter.requestHeaderModifier) };
    case 'ResponseHeaderModifier':
      return { type: filter.type, ...headerModifier(filter.responseHeaderModifier) };
    case 'RequestMirror':
      return mirror(filter.requestMirror, scope, [...path(), 'requestMirror', 'backendRef']);
    case 'RequestRedirect':
      return redirect(filter.requestRedirect);
    case 'URLRewrite': {
      const { hostname = '', path: modifier } = filter.urlRewrite;
      return {
        type: filter.type,
        hostname: hostname.toLowerCase(),
        path: pathModifier(modifier),
      };
    }
    case 'CORS':
      return cors(filter.cors);
    case 'ExtensionRef':
      return scope.extension(filter.extensionRef, [...path(), 'extensionRef']);
    default:
      return scope.unsupported((filter as { type: string }).type, [...path(), 'type']);
  }
}

function headerModifier({
  set = NO_HEADERS,
  add = NO_HEADERS,
  remove = NO_NAMES,
}: HttpHeaderModifier): {
  readonly set: readonly NameValue[];
  readonly add: readonly NameValue[];
  readonly remove: readonly string[];
} {
  return {
    set: set.length === 0 ? NO_VALUES : set.map(nameValue),
    add: add.length === 0 ? NO_VALUES : add.map(nameValue),
    remove: remove.length === 0 ? NO_NAMES : remove.map((name) => name.toLowerCase()),
  };
}

function nameValue({ name, value }: HttpHeader): NameValue {
  return [name.toLowerCase(), value];
}

function redirect(spec: HttpRequestRedirect): RouteFilter {
  return {
    type: 'RequestRedirect',
    scheme: spec.scheme ?? '',
    hostname: (spec.hostname ?? '').toLowerCase(),
    path: pathModifier(spec.path),
    port: spec.port ?? 0,
    // The listener is not known yet: `specialise` in routes.ts fills it in.
    listenerPort: 0,
    statusCode: spec.statusCode ?? REDIRECT_STATUS,
  };
}

/** A trailing slash of a replaced prefix means nothing (Gateway API, ReplacePrefixMatch table). */
function pathModifier(modifier: HttpPathModifier | undefined): PathModifier | null {
  if (modifier === undefined) return null;
  if (modifier.type === 'ReplaceFullPath') {
    return { type: modifier.type, value: modifier.replaceFullPath };
  }
  return { type: modifier.type, value: modifier.replacePrefixMatch.replace(/\/+$/, '') };
}

function cors(spec: HttpCors): RouteFilter {
  return {
    type: 'CORS',
    allowOrigins: spec.allowOrigins ?? [],
    allowMethods: spec.allowMethods ?? [],
    allowHeaders: spec.allowHeaders ?? [],
    exposeHeaders: spec.exposeHeaders ?? [],
    allowCredentials: spec.allowCredentials ?? false,
    maxAgeS: spec.maxAge ?? CORS_MAX_AGE_S,
  };
}

function mirror(spec: HttpRequestMirror, scope: FilterScope, path: FieldPath): RequestMirror {
  const { numerator, denominator } = share(spec);
  return {
    type: 'RequestMirror',
    cluster: scope.mirrorCluster(spec.backendRef, path),
    numerator,
    denominator,
  };
}

function share(spec: HttpRequestMirror): { numerator: number; denominator: number } {
  if (spec.percent !== undefined) return { numerator: spec.percent, denominator: 100 };
  if (spec.fraction === undefined) return { numerator: 1, denominator: 1 };
  return { numerator: spec.fraction.numerator, denominator: spec.fraction.denominator ?? 100 };
}
