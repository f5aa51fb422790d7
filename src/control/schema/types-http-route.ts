/** The body of an HTTPRoute (`gateway.networking.k8s.io/v1`); see `types.ts` for the conventions. */

export interface HttpRouteSpec {
  readonly parentRefs?: readonly ParentRef[];
  readonly useDefaultGateways?: string;
  readonly hostnames?: readonly string[];
  readonly rules?: readonly HttpRouteRule[];
}

export interface ParentRef {
  /** Default gateway.networking.k8s.io. */
  readonly group?: string;
  /** Default Gateway. */
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
}

export interface HttpRouteRule {
  readonly name?: string;
  /** Absent or empty: PathPrefix `/`. */
  readonly matches?: readonly HttpRouteMatch[];
  readonly filters?: readonly HttpRouteFilter[];
  readonly backendRefs?: readonly HttpBackendRef[];
  readonly timeouts?: HttpRouteTimeouts;
  readonly retry?: HttpRouteRetry;
  /** Nothing serves it yet, which a warning says. */
  readonly sessionPersistence?: Readonly<Record<string, unknown>>;
}

export interface HttpRouteMatch {
  readonly path?: HttpPathMatch;
  readonly headers?: readonly HttpFieldMatch[];
  readonly queryParams?: readonly HttpFieldMatch[];
  readonly method?: string;
}

export interface HttpPathMatch {
  /** Default PathPrefix. */
  readonly type?: 'Exact' | 'PathPrefix' | 'RegularExpression';
  /** Default `/`. */
  readonly value?: string;
}

export interface HttpFieldMatch {
  /** Default Exact. */
  readonly type?: 'Exact' | 'RegularExpression';
  readonly name: string;
  readonly value: string;
}

/** `type` says which one other field is present. */
export type HttpRouteFilter =
  | {
      readonly type: 'RequestHeaderModifier';
      readonly requestHeaderModifier: HttpHeaderModifier;
    }
  | {
      readonly type: 'ResponseHeaderModifier';
      readonly responseHeaderModifier: HttpHeaderModifier;
    }
  | { readonly type: 'RequestMirror'; readonly requestMirror: HttpRequestMirror }
  | { readonly type: 'RequestRedirect'; readonly requestRedirect: HttpRequestRedirect }
  | { readonly type: 'URLRewrite'; readonly urlRewrite: HttpUrlRewrite }
  | { readonly type: 'CORS'; readonly cors: HttpCors }
  | { readonly type: 'ExternalAuth'; readonly externalAuth: Readonly<Record<string, unknown>> }
  | { readonly type: 'ExtensionRef'; readonly extensionRef: LocalObjectRef };

export interface LocalObjectRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

export interface HttpHeaderModifier {
  readonly set?: readonly HttpHeader[];
  readonly add?: readonly HttpHeader[];
  readonly remove?: readonly string[];
}

export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

export type HttpPathModifier =
  | { readonly type: 'ReplaceFullPath'; readonly replaceFullPath: string }
  | { readonly type: 'ReplacePrefixMatch'; readonly replacePrefixMatch: string };

export interface HttpRequestRedirect {
  readonly scheme?: 'http' | 'https';
  readonly hostname?: string;
  readonly path?: HttpPathModifier;
  readonly port?: number;
  /** Default 302. */
  readonly statusCode?: 301 | 302 | 303 | 307 | 308;
}

export interface HttpUrlRewrite {
  readonly hostname?: string;
  readonly path?: HttpPathModifier;
}

export interface HttpRequestMirror {
  readonly backendRef: BackendObjectRef;
  /** 0 to 100; never together with `fraction`. Neither: every request. */
  readonly percent?: number;
  /** `denominator` defaults to 100. */
  readonly fraction?: { readonly numerator: number; readonly denominator?: number };
}

export interface HttpCors {
  readonly allowOrigins?: readonly string[];
  readonly allowCredentials?: boolean;
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  /** Seconds; default 5. */
  readonly maxAge?: number;
}

export interface BackendObjectRef {
  /** Default '' (core). */
  readonly group?: string;
  /** Default Service. */
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
  /** Required for a Service. */
  readonly port?: number;
}

export interface HttpBackendRef extends BackendObjectRef {
  /** 0 to 1,000,000; default 1. */
  readonly weight?: number;
  readonly filters?: readonly HttpRouteFilter[];
}

/** Durations; `0s` disables. */
export interface HttpRouteTimeouts {
  readonly request?: string;
  readonly backendRequest?: string;
}

export interface HttpRouteRetry {
  /** 400 to 599. */
  readonly codes?: readonly number[];
  readonly attempts?: number;
  /** Duration. */
  readonly backoff?: string;
}
