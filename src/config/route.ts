/**
 * HTTPRoute as the data plane needs it: references resolved to cluster names, defaults filled in.
 * The order of `routes` in a listener is the specification's tie-break (oldest first, then
 * namespace/name); the order of rules and matches is the author's.
 */

export interface Route {
  /** `namespace/name`. */
  readonly name: string;
  /** Exact hosts or `*.suffix`, already narrowed to the listener's; empty: every host of the listener. */
  readonly hostnames: readonly string[];
  readonly rules: readonly Rule[];
}

export interface Rule {
  /** `namespace/route/rule-name`, or the rule's index where it has no name. Unique; the metric label. */
  readonly name: string;
  /** Alternatives; never empty (a rule without matches gets PathPrefix /). */
  readonly matches: readonly Match[];
  readonly filters: readonly RouteFilter[];
  /** Ids of WasmFilters attached to the HTTPRoute or to this rule, in chain order. */
  readonly wasmFilters: readonly string[];
  readonly backends: readonly BackendRef[];
  readonly timeouts: Timeouts;
  readonly retry: Retry | null;
  /** Why the rule cannot be served; each request it matches gets 500. */
  readonly invalid: string | null;
}

export interface Match {
  readonly path: StringMatch<'Exact' | 'PathPrefix' | 'RegularExpression'>;
  readonly headers: readonly FieldMatch[];
  readonly query: readonly FieldMatch[];
  /** '' matches every method. */
  readonly method: string;
}

export interface StringMatch<T extends string> {
  readonly type: T;
  readonly value: string;
}

/** Header names are lower case; query names are as written. */
export interface FieldMatch extends StringMatch<'Exact' | 'RegularExpression'> {
  readonly name: string;
}

export interface BackendRef {
  /** Key of a {@link Cluster}; '' when invalid. */
  readonly cluster: string;
  readonly weight: number;
  readonly filters: readonly RouteFilter[];
  /** Why it cannot be used; its share of requests gets 500. */
  readonly invalid: string | null;
}

/** `request`: first byte to last byte of the answer. `backendRequest`: one attempt. 0: no limit. */
export interface Timeouts {
  readonly requestMs: number;
  readonly backendRequestMs: number;
}

/** GEP-1731. `codes` empty: only connection errors are retried. */
export interface Retry {
  readonly codes: readonly number[];
  /** Attempts after the first. */
  readonly attempts: number;
  readonly backoffMs: number;
}

export type NameValue = readonly [name: string, value: string];

/** Field names lower case. */
export interface HeaderModifier {
  readonly set: readonly NameValue[];
  readonly add: readonly NameValue[];
  readonly remove: readonly string[];
}

export type PathModifier =
  | { readonly type: 'ReplaceFullPath'; readonly value: string }
  /** `prefix` is the matched PathPrefix, without a trailing slash. */
  | { readonly type: 'ReplacePrefixMatch'; readonly value: string };

export interface RequestRedirect {
  readonly type: 'RequestRedirect';
  /** '' keeps the request's. */
  readonly scheme: string;
  readonly hostname: string;
  readonly path: PathModifier | null;
  /** 0: derived as the specification says (well-known port of a given scheme, else the listener's). */
  readonly port: number;
  readonly listenerPort: number;
  readonly statusCode: number;
}

export interface UrlRewrite {
  readonly type: 'URLRewrite';
  readonly hostname: string;
  readonly path: PathModifier | null;
}

/** GEP-1767 as Fetch defines CORS. Empty lists: not given. */
export interface Cors {
  readonly type: 'CORS';
  /** Origins, `*`, or with one wildcard such as `https://*.example.com`. */
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeS: number;
}

export interface RequestMirror {
  readonly type: 'RequestMirror';
  /** '' when invalid: nothing is mirrored, requests go on. */
  readonly cluster: string;
  /** Share of requests: numerator of denominator. */
  readonly numerator: number;
  readonly denominator: number;
}

export type RouteFilter =
  | ({ readonly type: 'RequestHeaderModifier' } & HeaderModifier)
  | ({ readonly type: 'ResponseHeaderModifier' } & HeaderModifier)
  | RequestRedirect
  | UrlRewrite
  | Cors
  | RequestMirror;
