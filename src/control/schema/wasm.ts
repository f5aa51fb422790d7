/** Guests: Istio's WasmPlugin and our WasmService. */

import { ENV_NAME, SHA256 } from './formats.ts';
import { withSpec } from './metadata.ts';
import { port, someTargetRefs, targetRef } from './references.ts';
import { bool, duration, int, oneOf, quantity, text, textMap, textUpTo } from './scalars.ts';
import { freeForm, list, notServed, object, type Rule, required, type Schema } from './schema.ts';
import type { WasmEnv, WasmPluginSpec, WasmServiceLimits, WasmServiceSpec } from './types.ts';

const valueFitsSource: Rule<WasmEnv> = ({ name, value, valueFrom = 'INLINE' }, inspection) => {
  if (valueFrom === 'HOST' && value !== undefined) {
    const message = '"value" does not go with valueFrom HOST';
    const remedy = `Remove it; the value is what ${name} has where Tulle runs.`;
    inspection.errorAt(['value'], 'conflict', message, remedy);
  }
  if (valueFrom === 'INLINE' && value === undefined) {
    const message = '"value" is missing';
    inspection.errorAt(['value'], 'missing-field', message, 'Add it, or set valueFrom: HOST.');
  }
};

const env: Schema = list<WasmEnv>(
  object<WasmEnv>(
    {
      name: required(text(ENV_NAME)),
      valueFrom: oneOf('INLINE', 'HOST'),
      value: textUpTo(2048),
    },
    valueFitsSource,
  ),
  { max: 256, uniqueBy: ({ name }) => name },
);

/** Istio's is an object; a string reaches the filter as it is. */
const pluginConfig: Schema = (value, inspection) => {
  if (typeof value !== 'string') freeForm(value, inspection);
};

const imagePullPolicy: Schema = oneOf('UNSPECIFIED_POLICY', 'IfNotPresent', 'Always');
const imagePullSecret: Schema = textUpTo(253);

type PluginMatch = NonNullable<WasmPluginSpec['match']>[number];

const pluginMatch: Schema = object<PluginMatch>({
  mode: oneOf('UNDEFINED', 'CLIENT', 'SERVER', 'CLIENT_AND_SERVER'),
  ports: list(object<{ readonly number: number }>({ number: required(port) })),
});

const oneWayToTarget: Rule<WasmPluginSpec> = (spec, inspection) => {
  const ways = (['selector', 'targetRef', 'targetRefs'] as const).filter(
    (way) => spec[way] !== undefined && (way !== 'targetRefs' || spec.targetRefs?.length !== 0),
  );
  const [first, second] = ways;
  if (second === undefined) return;
  const message = `"${second}" does not go with "${first}"`;
  inspection.errorAt([second], 'conflict', message, 'Keep targetRefs only.');
};

export const wasmPlugin: Schema = withSpec(
  object<WasmPluginSpec>(
    {
      url: required(textUpTo(4096, 1)),
      sha256: text(SHA256),
      imagePullPolicy,
      imagePullSecret,
      verificationKey: notServed(text()),
      pluginConfig,
      pluginName: textUpTo(256),
      phase: oneOf('UNSPECIFIED_PHASE', 'AUTHN', 'AUTHZ', 'STATS'),
      priority: int(-2_147_483_648),
      failStrategy: oneOf('FAIL_CLOSE', 'FAIL_OPEN', 'FAIL_RELOAD'),
      vmConfig: object<NonNullable<WasmPluginSpec['vmConfig']>>({ env }),
      match: list(pluginMatch),
      type: oneOf('UNSPECIFIED_PLUGIN_TYPE', 'HTTP', 'NETWORK'),
      selector: object<NonNullable<WasmPluginSpec['selector']>>({ matchLabels: textMap }),
      targetRef,
      targetRefs: someTargetRefs,
    },
    oneWayToTarget,
  ),
);

type Directory = NonNullable<WasmServiceSpec['dirs']>[number];
type Instances = NonNullable<WasmServiceSpec['instances']>;

const limits: Schema = object<WasmServiceLimits>({
  memory: quantity(65_536),
  cpuPerRequest: notServed(duration),
  slice: notServed(duration),
  wallTime: duration,
  concurrency: int(1),
  queue: int(0),
  descriptors: notServed(int(3)),
});

export const wasmService: Schema = withSpec(
  object<WasmServiceSpec>({
    module: required(textUpTo(4096, 1)),
    sha256: text(SHA256),
    imagePullPolicy,
    imagePullSecret,
    kind: oneOf('auto', 'cgi', 'socket', 'component', 'javascript', 'function'),
    args: list(text(), { max: 1024 }),
    env,
    dirs: list<Directory>(
      object<Directory>({
        guest: required(textUpTo(4096, 1)),
        host: required(textUpTo(4096, 1)),
        readonly: bool,
      }),
      { max: 64, uniqueBy: ({ guest }) => guest },
    ),
    port: notServed(port),
    expose: notServed(bool),
    egress: notServed(list(textUpTo(300, 1), { max: 1024 })),
    instances: notServed(
      object<Instances>({
        policy: oneOf('perRequest', 'pooled', 'resident'),
        perWorker: int(0),
        max: int(1),
        maxRequests: int(1),
        idleTimeout: duration,
      }),
    ),
    limits,
    snapshot: notServed(oneOf('auto', 'off')),
  }),
);
