/**
 * What `resource.body` is once the schema of its kind found no problem in it, in the newest version
 * of the kind (`source/convert.ts` has lifted older ones). Names and meaning are the owners': the
 * Gateway API, Kubernetes, Istio; only `tulle.dev` is ours.
 *
 * A field with `?` may be absent and is never null (a null field counts as absent, as in
 * Kubernetes). No default is filled in: that is compile's part. Durations and quantities stay text;
 * `units.ts` reads them. `FooSpec` is the body's `spec`; kinds without one have a `FooBody`. Kinds that
 * are accepted but not served have no type here, HTTPRoute is in `types-http-route.ts`.
 */

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly creationTimestamp?: string;
  readonly generation?: number;
}

interface Body {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
}

export interface GatewayClassSpec {
  readonly controllerName: string;
  readonly description?: string;
  readonly parametersRef?: {
    readonly group: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  };
}

export interface GatewaySpec {
  readonly gatewayClassName: string;
  /** At least one. Port 0 (any free port) passes with a warning. */
  readonly listeners: readonly GatewayListener[];
  readonly addresses?: readonly GatewayAddress[];
  readonly infrastructure?: Readonly<Record<string, unknown>>;
  readonly allowedListeners?: Readonly<Record<string, unknown>>;
  readonly tls?: Readonly<Record<string, unknown>>;
  readonly defaultScope?: string;
}

export interface GatewayListener {
  readonly name: string;
  readonly hostname?: string;
  readonly port: number;
  /** HTTP, HTTPS, TLS, TCP, UDP or a `domain/name`. */
  readonly protocol: string;
  readonly tls?: ListenerTls;
  readonly allowedRoutes?: AllowedRoutes;
  /** Nothing serves them yet, which a warning says. */
  readonly filters?: Readonly<Record<string, unknown>>;
}

export interface ListenerTls {
  /** Default Terminate. */
  readonly mode?: 'Terminate' | 'Passthrough';
  readonly certificateRefs?: readonly ObjectRef[];
  readonly options?: Readonly<Record<string, string>>;
}

export interface AllowedRoutes {
  readonly namespaces?: {
    /** Default Same. */
    readonly from?: 'All' | 'Same' | 'Selector' | 'None';
    readonly selector?: LabelSelector;
  };
  readonly kinds?: readonly {
    /** Default gateway.networking.k8s.io. */
    readonly group?: string;
    readonly kind: string;
  }[];
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values?: readonly string[];
  }[];
}

export interface GatewayAddress {
  /** IPAddress, Hostname, NamedAddress or a `domain/name`. Default IPAddress. */
  readonly type?: string;
  readonly value?: string;
  readonly routability?: string;
}

export interface ObjectRef {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface ReferenceGrantSpec {
  readonly from: readonly {
    /** '' for core. */
    readonly group: string;
    readonly kind: string;
    readonly namespace: string;
  }[];
  readonly to: readonly {
    readonly group: string;
    readonly kind: string;
    /** Absent: every object of the kind. */
    readonly name?: string;
  }[];
}

/** Core v1. Fields that concern Kubernetes alone are accepted and not typed here. */
export interface ServiceSpec {
  /** Default ClusterIP. */
  readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalName?: string;
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports?: readonly ServicePort[];
}

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  /** Default: `port`. A number or the name of a port of the endpoint. */
  readonly targetPort?: number | string;
  /** Default TCP. */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
  readonly nodePort?: number;
}

/** Values of `data` are base64, of `stringData` plain; the latter wins. */
export interface SecretBody extends Body {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

export interface ConfigMapBody extends Body {
  readonly data?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

/** Its Service is the label `kubernetes.io/service-name`. */
export interface EndpointSliceBody extends Body {
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints: readonly SliceEndpoint[];
  readonly ports?: readonly {
    /** '' and absent are the same: the Service's only, unnamed port. */
    readonly name?: string;
    readonly port?: number;
    readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
    readonly appProtocol?: string;
  }[];
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions?: {
    /** Absent: ready. */
    readonly ready?: boolean;
    readonly serving?: boolean;
    readonly terminating?: boolean;
  };
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
}

/** Istio's `extensions.istio.io/v1alpha1`. */
export type ImagePullPolicy = 'UNSPECIFIED_POLICY' | 'IfNotPresent' | 'Always';

export interface WasmPluginSpec {
  readonly url: string;
  /** Lower-case or upper-case hex. */
  readonly sha256?: string;
  /** Default IfNotPresent; Always for an image of the tag `latest`. */
  readonly imagePullPolicy?: ImagePullPolicy;
  /** A Secret of the same namespace. */
  readonly imagePullSecret?: string;
  readonly verificationKey?: string;
  /** An object as in Istio; a string is passed as it is. */
  readonly pluginConfig?: Readonly<Record<string, unknown>> | string;
  readonly pluginName?: string;
  /** Default UNSPECIFIED_PHASE. */
  readonly phase?: 'UNSPECIFIED_PHASE' | 'AUTHN' | 'AUTHZ' | 'STATS';
  /** Higher first; default 0. */
  readonly priority?: number;
  /** Default FAIL_CLOSE. */
  readonly failStrategy?: 'FAIL_CLOSE' | 'FAIL_OPEN' | 'FAIL_RELOAD';
  readonly vmConfig?: { readonly env?: readonly WasmEnv[] };
  readonly match?: readonly {
    readonly mode?: 'UNDEFINED' | 'CLIENT' | 'SERVER' | 'CLIENT_AND_SERVER';
    readonly ports?: readonly { readonly number: number }[];
  }[];
  readonly type?: 'UNSPECIFIED_PLUGIN_TYPE' | 'HTTP' | 'NETWORK';
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly targetRef?: TargetRef;
  readonly targetRefs?: readonly TargetRef[];
}

export interface WasmEnv {
  readonly name: string;
  /** Default INLINE. HOST: taken from the environment of the process; then no `value`. */
  readonly valueFrom?: 'INLINE' | 'HOST';
  readonly value?: string;
}

/** An object of the policy's own namespace. */
export interface TargetRef {
  /** '' for core. */
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** A listener of a Gateway, a rule of a route, a port of a Service. */
  readonly sectionName?: string;
  readonly namespace?: string;
}

/** `endpoints`, or `hostname` with `port`: never both. */
export interface BackendSpec {
  readonly endpoints?: readonly {
    /** IP address. */
    readonly address: string;
    readonly port: number;
    /** 1 or more; default 1. */
    readonly weight?: number;
  }[];
  readonly hostname?: string;
  readonly port?: number;
  /** Default HTTP. */
  readonly protocol?: 'HTTP';
}

export interface WasmServiceSpec {
  /** Path (against the file it stands in), `file://`, `oci://` or `http(s)://`. */
  readonly module: string;
  readonly sha256?: string;
  /** As a WasmPlugin's. */
  readonly imagePullPolicy?: ImagePullPolicy;
  /** As a WasmPlugin's. */
  readonly imagePullSecret?: string;
  /** Default auto. */
  readonly kind?: 'auto' | 'cgi' | 'socket' | 'component' | 'javascript' | 'function';
  readonly args?: readonly string[];
  readonly env?: readonly WasmEnv[];
  readonly dirs?: readonly {
    readonly guest: string;
    /** Against the file it stands in. */
    readonly host: string;
    readonly readonly?: boolean;
  }[];
  readonly port?: number;
  readonly expose?: boolean;
  /** `host`, `host:port`, `*.suffix`, CIDR. */
  readonly egress?: readonly string[];
  readonly instances?: {
    readonly policy?: 'perRequest' | 'pooled' | 'resident';
    readonly perWorker?: number;
    readonly max?: number;
    readonly maxRequests?: number;
    /** Duration. */
    readonly idleTimeout?: string;
  };
  readonly limits?: WasmServiceLimits;
  readonly snapshot?: 'auto' | 'off';
}

export interface WasmServiceLimits {
  /** Quantity. */
  readonly memory?: string | number;
  /** Durations. */
  readonly cpuPerRequest?: string;
  readonly slice?: string;
  readonly wallTime?: string;
  /** Per worker. */
  readonly concurrency?: number;
  readonly queue?: number;
  readonly descriptors?: number;
}

/** For Service, Backend and WasmService. Durations are text; `0s` means none. */
export interface BackendPolicySpec {
  readonly targetRefs: readonly TargetRef[];
  readonly loadBalancer?: 'RoundRobin' | 'LeastRequest' | 'Random';
  readonly timeouts?: {
    readonly connect?: string;
    readonly idle?: string;
    readonly stream?: string;
  };
  /** Per worker and backend. */
  readonly limits?: {
    readonly connections?: number;
    readonly pending?: number;
    readonly requests?: number;
  };
}

/** For Gateways. */
export interface ClientPolicySpec {
  readonly targetRefs: readonly TargetRef[];
  /** IP addresses and CIDR blocks. */
  readonly trustedProxies?: readonly string[];
  readonly timeouts?: {
    readonly requestHead?: string;
    readonly idle?: string;
    readonly stream?: string;
  };
  readonly limits?: {
    readonly connections?: number;
    /** Quantity. */
    readonly headBytes?: string | number;
    /** Quantity. */
    readonly targetBytes?: string | number;
    readonly headerCount?: number;
  };
}
