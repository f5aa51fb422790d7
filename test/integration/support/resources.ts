/** Resource files for tests, in parts that are joined by `---`. */

export function gateway(port: number, name = 'edge'): string {
  return gatewayOf(name, [port]);
}

/** Listeners `http0`, `http1`... on 127.0.0.1. */
export function gatewayOf(name: string, ports: readonly number[]): string {
  const listeners = ports.map(
    (port, index) => `  - {name: http${index}, port: ${port}, protocol: HTTP}`,
  );
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}}
spec:
  gatewayClassName: tulle
  addresses: [{type: IPAddress, value: 127.0.0.1}]
  listeners:
${listeners.join('\n')}
`;
}

export function backend(name: string, port: number): string {
  return `apiVersion: tulle.dev/v1alpha1
kind: Backend
metadata: {name: ${name}}
spec: {endpoints: [{address: 127.0.0.1, port: ${port}}]}
`;
}

export interface RouteOptions {
  readonly prefix?: string;
  readonly kind?: string;
  readonly backend?: string;
  /** Sent back as `x-revision`. */
  readonly revision?: string;
}

export function route(name: string, options: RouteOptions = {}): string {
  const { prefix = '/', kind = 'Backend', revision } = options;
  const filters =
    revision === undefined
      ? ''
      : `
    filters:
    - type: ResponseHeaderModifier
      responseHeaderModifier: {set: [{name: x-revision, value: "${revision}"}]}`;
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  parentRefs: [{name: edge}]
  rules:
  - matches: [{path: {type: PathPrefix, value: ${prefix}}}]${filters}
    backendRefs: [{group: tulle.dev, kind: ${kind}, name: ${options.backend ?? 'origin'}}]
`;
}

export function plugin(name: string, url: string, configuration: string): string {
  return `apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: ${name}}
spec:
  url: ${url}
  pluginConfig: ${configuration}
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]
`;
}

export function service(name: string, module: string): string {
  return `apiVersion: tulle.dev/v1alpha1
kind: WasmService
metadata: {name: ${name}}
spec: {module: ${module}}
`;
}

export function documents(...parts: readonly string[]): string {
  return parts.join('---\n');
}
