/** What Wasm filters may call by name, beside what routes send requests to. */

export interface Callee {
  readonly kind: 'Backend' | 'Service' | 'WasmService';
  readonly namespace: string;
  readonly name: string;
  /** 0: it is found whatever port a filter asks for. */
  readonly port: number;
  /** Of a Backend that has one, in lower case; else ''. */
  readonly hostname: string;
  readonly cluster: string;
  /** Namespaces beside its own whose filters may call it. */
  readonly callers: readonly string[];
}
