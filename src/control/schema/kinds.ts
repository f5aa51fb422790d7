/** Every kind that a resource file may hold: one visible list. */

import { configMap, endpointSlice, namespace, secret, service } from './core.ts';
import { gateway, gatewayClass, listenerSet, referenceGrant } from './gateway.ts';
import { httpRoute } from './http-route.ts';
import { backendTlsPolicy, grpcRoute, l4Route, tlsRoute } from './other-routes.ts';
import type { Schema } from './schema.ts';
import { backend, backendPolicy, clientPolicy } from './tulle.ts';
import { wasmPlugin, wasmService } from './wasm.ts';

export interface Kind {
  /** '' for core. */
  readonly group: string;
  readonly name: string;
  /** Newest first: the one that the schema describes and others are converted to. */
  readonly versions: readonly string[];
  /** Whether its objects live in a namespace. */
  readonly namespaced: boolean;
  /** Whether this version of Tulle does anything with it. */
  readonly served: boolean;
  readonly schema: Schema;
}

const GATEWAY_API = 'gateway.networking.k8s.io';
const TULLE = 'tulle.dev';
const SINCE_ALPHA = ['v1', 'v1beta1', 'v1alpha2'];

function kind(group: string, name: string, versions: readonly string[], schema: Schema): Kind {
  return { group, name, versions, namespaced: true, served: true, schema };
}

export const KINDS: readonly Kind[] = [
  { ...kind(GATEWAY_API, 'GatewayClass', SINCE_ALPHA, gatewayClass), namespaced: false },
  kind(GATEWAY_API, 'Gateway', SINCE_ALPHA, gateway),
  kind(GATEWAY_API, 'HTTPRoute', SINCE_ALPHA, httpRoute),
  kind(GATEWAY_API, 'ReferenceGrant', SINCE_ALPHA, referenceGrant),
  { ...kind(GATEWAY_API, 'GRPCRoute', ['v1', 'v1alpha2'], grpcRoute), served: false },
  { ...kind(GATEWAY_API, 'TLSRoute', ['v1', 'v1alpha3', 'v1alpha2'], tlsRoute), served: false },
  { ...kind(GATEWAY_API, 'TCPRoute', ['v1', 'v1alpha2'], l4Route), served: false },
  { ...kind(GATEWAY_API, 'UDPRoute', ['v1', 'v1alpha2'], l4Route), served: false },
  {
    ...kind(GATEWAY_API, 'BackendTLSPolicy', ['v1', 'v1alpha3', 'v1alpha2'], backendTlsPolicy),
    served: false,
  },
  { ...kind(GATEWAY_API, 'ListenerSet', ['v1'], listenerSet), served: false },
  kind('', 'Service', ['v1'], service),
  kind('', 'Secret', ['v1'], secret),
  kind('', 'ConfigMap', ['v1'], configMap),
  { ...kind('', 'Namespace', ['v1'], namespace), namespaced: false },
  kind('discovery.k8s.io', 'EndpointSlice', ['v1'], endpointSlice),
  kind('extensions.istio.io', 'WasmPlugin', ['v1alpha1'], wasmPlugin),
  kind(TULLE, 'Backend', ['v1alpha1'], backend),
  kind(TULLE, 'WasmService', ['v1alpha1'], wasmService),
  kind(TULLE, 'BackendPolicy', ['v1alpha1'], backendPolicy),
  kind(TULLE, 'ClientPolicy', ['v1alpha1'], clientPolicy),
];

const kindOfName = new Map(KINDS.map((known) => [known.name, known]));

/** No two kinds share a name, whatever their group. */
export function kindNamed(name: string): Kind | undefined {
  return kindOfName.get(name);
}

/** `group/version`, or the version alone for core. */
export function apiVersionOf(
  { group, versions }: Kind,
  version: string = versions[0] ?? '',
): string {
  return group === '' ? version : `${group}/${version}`;
}
