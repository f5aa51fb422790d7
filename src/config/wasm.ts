/** Guests: filters that script the proxy, services that answer in its process. */

/** How a module's bytes are found. */
export interface ModuleSource {
  /** As the author wrote it. */
  readonly url: string;
  /** Absolute path of a file; '' for a remote module, and for one that is refused. */
  readonly path: string;
  /** Lower-case hex, or '' when the author gave none. */
  readonly sha256: string;
  /** Only of a module that is fetched from `url`. */
  readonly remote?: RemoteModule;
}

export interface RemoteModule {
  /** `always`: a new configuration asks for the newest version again. */
  readonly pull: 'always' | 'ifNotPresent';
  /** Docker configuration with credentials; '' for the one of the process. */
  readonly pullSecret: string;
}

/** A WasmPlugin (`extensions.istio.io/v1alpha1`). */
export interface WasmFilter {
  /** `namespace/name`. */
  readonly id: string;
  readonly module: ModuleSource;
  /** proxy-wasm root id. */
  readonly pluginName: string;
  /** JSON text of `pluginConfig`, or the string itself where it is one; '' when absent. */
  readonly configuration: string;
  readonly failOpen: boolean;
  /** StopIteration for a head holds only the head: body callbacks go on (Envoy's `allow_on_headers_stop_iteration`). */
  readonly headersStopIteration: boolean;
  /** Of one callback; absent: `LIMITS.filterCpuMs`. */
  readonly cpuMs?: number;
  readonly env: readonly (readonly [name: string, value: string])[];
}

/** A WasmService (`tulle.dev/v1alpha1`). */
export interface WasmService {
  /** `namespace/name`. */
  readonly id: string;
  readonly module: ModuleSource;
  /** Only `cgi` today; `auto` is resolved by looking at the module. */
  readonly kind: 'auto' | 'cgi';
  readonly args: readonly string[];
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly dirs: readonly MountedDirectory[];
  readonly limits: ServiceLimits;
}

export interface MountedDirectory {
  readonly guest: string;
  /** Absolute path. */
  readonly host: string;
  readonly readonly: boolean;
}

/** Per worker where a count. */
export interface ServiceLimits {
  readonly memoryBytes: number;
  readonly wallMs: number;
  readonly concurrency: number;
  readonly queue: number;
}
