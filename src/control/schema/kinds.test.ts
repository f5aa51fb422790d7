/** Each kind: what must pass without a word, and what must be refused at its place. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromYaml, problemsOf } from '../source/testing/from-yaml.ts';
import { apiVersionOf, KINDS, kindNamed } from './kinds.ts';

function objectText(kindName: string, fields: string): string {
  const kind = kindNamed(kindName);
  assert.ok(kind, kindName);
  return `{apiVersion: ${apiVersionOf(kind)}, kind: ${kindName}, metadata: {name: x}, ${fields}}`;
}

const L4_RULES = 'rules: [{name: r, backendRefs: [{name: db, port: 5432, weight: 3}]}]';

const GOOD: Readonly<Record<string, readonly string[]>> = {
  GatewayClass: [
    'spec: {controllerName: tulle.dev/gateway-controller, description: ours}',
    'spec: {controllerName: a.b/c, parametersRef: {group: "", kind: ConfigMap, name: p, namespace: n}}',
  ],
  Gateway: [
    'spec: {gatewayClassName: tulle, listeners: [{name: http, port: 8080, protocol: HTTP}]}',
    `spec: {gatewayClassName: tulle, addresses: [{value: 127.0.0.1}, {type: Hostname, value: a.b}],
      infrastructure: {labels: {a: b}}, listeners: [
      {name: a, hostname: "*.example.com", port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: c}]},
       allowedRoutes: {kinds: [{kind: HTTPRoute}], namespaces: {from: Selector, selector: {matchLabels: {a: b},
       matchExpressions: [{key: k, operator: In, values: [v]}, {key: k, operator: Exists}]}}}},
      {name: b, port: 8443, protocol: TLS, tls: {mode: Passthrough}},
      {name: c, port: 53, protocol: UDP}]}`,
  ],
  HTTPRoute: ['spec: {}', 'spec: {parentRefs: [{name: edge}], hostnames: [a.example], rules: []}'],
  ReferenceGrant: [
    `spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: a}],
      to: [{group: "", kind: Service}, {group: tulle.dev, kind: Backend, name: b}]}`,
  ],
  GRPCRoute: [
    `spec: {parentRefs: [{name: e}], hostnames: [a.b], rules: [{name: r,
      matches: [{method: {type: Exact, service: a.B, method: C}, headers: [{name: x, value: y}]}],
      filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x]}}],
      backendRefs: [{name: s, port: 50051, weight: 1, filters: []}]}]}`,
  ],
  TLSRoute: [`spec: {hostnames: ["*.a.b"], ${L4_RULES}}`],
  TCPRoute: [`spec: {parentRefs: [{name: e, sectionName: db}], ${L4_RULES}}`],
  UDPRoute: [`spec: {${L4_RULES}}`],
  BackendTLSPolicy: [
    `spec: {targetRefs: [{group: "", kind: Service, name: s, sectionName: https}],
      validation: {hostname: a.b, wellKnownCACertificates: System,
      subjectAltNames: [{type: Hostname, hostname: a.b}, {type: URI, uri: "spiffe://a/b"}]}}`,
  ],
  ListenerSet: [
    'spec: {parentRef: {name: edge}, listeners: [{name: a, port: 80, protocol: HTTP}]}',
  ],
  Service: [
    'spec: {selector: {app: a}, ports: [{port: 80, targetPort: http}], sessionAffinity: None, clusterIP: None}',
    'spec: {ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 81}]}',
    'spec: {type: ExternalName, externalName: a.example.com}',
  ],
  Secret: [
    'type: kubernetes.io/tls, data: {tls.crt: YQ==, tls.key: ""}, stringData: {a: b}, immutable: true',
  ],
  ConfigMap: ['data: {a: "1", b: }, binaryData: {c: AAAA}', 'immutable: false'],
  Namespace: ['spec: {finalizers: [kubernetes]}', 'status: {phase: Active}'],
  EndpointSlice: [
    `addressType: IPv4, ports: [{name: http, port: 8080, protocol: TCP}], endpoints: [
      {addresses: [10.0.0.1], conditions: {ready: true}, nodeName: n, zone: z, targetRef: {kind: Pod}, hints: {}}]`,
    'addressType: IPv6, endpoints: [{addresses: ["fd00::1"]}]',
    'addressType: FQDN, endpoints: [{addresses: [a.example]}], ports: []',
  ],
  WasmPlugin: [
    `spec: {url: "file://f.wasm", sha256: ${'0a'.repeat(32)}, phase: AUTHN, priority: -5, pluginName: n,
      pluginConfig: {any: {thing: [1, null]}}, failStrategy: FAIL_OPEN, imagePullPolicy: Always, type: HTTP,
      vmConfig: {env: [{name: A, value: b}, {name: HOME, valueFrom: HOST}]},
      match: [{mode: SERVER, ports: [{number: 80}]}],
      targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: e}]}`,
    'spec: {url: f.wasm, pluginConfig: plain text}',
    'spec: {url: f.wasm, selector: {matchLabels: {a: b}}, targetRefs: []}',
  ],
  Backend: [
    'spec: {endpoints: [{address: 127.0.0.1, port: 9000}, {address: "::1", port: 9000, weight: 2}]}',
    'spec: {hostname: api.example.com, port: 80, protocol: HTTP}',
    'spec: {endpoints: []}',
  ],
  WasmService: [
    `spec: {module: ./a.wasm, kind: cgi, args: [a], env: [{name: A, value: ""}],
      dirs: [{guest: /data, host: ./data, readonly: true}],
      limits: {memory: 64Mi, wallTime: 1s, concurrency: 4, queue: 0}}`,
  ],
  BackendPolicy: [
    `spec: {targetRefs: [{group: tulle.dev, kind: Backend, name: b}, {group: "", kind: Service, name: s}],
      loadBalancer: LeastRequest, timeouts: {connect: 1s, idle: 0s, stream: 1m},
      limits: {connections: 10, pending: 0, requests: 5}}`,
  ],
  ClientPolicy: [
    `spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: e}],
      trustedProxies: [10.0.0.0/8, "::1"], timeouts: {requestHead: 5s, idle: 1m, stream: 30s},
      limits: {connections: 100, headBytes: 32Ki, targetBytes: 8192, headerCount: 64}}`,
  ],
};

/** Fields of one object, then the only problem it must have. */
const BAD: Readonly<Record<string, readonly (readonly [fields: string, problem: string])[]>> = {
  GatewayClass: [
    ['spec: {controllerName: tulle}', 'bad-format spec.controllerName'],
    ['spec: {}', 'missing-field spec.controllerName'],
  ],
  Gateway: [
    [
      'spec: {listeners: [{name: a, port: 1, protocol: HTTP}]}',
      'missing-field spec.gatewayClassName',
    ],
    ['spec: {gatewayClassName: t, listeners: []}', 'too-few spec.listeners'],
    [
      'spec: {gatewayClassName: t, listeners: [{name: a, port: 70000, protocol: HTTP}]}',
      'out-of-range spec.listeners[0].port',
    ],
    [
      'spec: {gatewayClassName: t, listeners: [{name: a, port: "80", protocol: HTTP}]}',
      'wrong-type spec.listeners[0].port',
    ],
    [
      'spec: {gatewayClassName: t, listeners: [{name: A, port: 80, protocol: HTTP}]}',
      'bad-format spec.listeners[0].name',
    ],
    [
      'spec: {gatewayClassName: t, listeners: [{name: a, port: 80, protocol: HTTP, tls: {}}]}',
      'conflict spec.listeners[0].tls',
    ],
    [
      'spec: {gatewayClassName: t, listeners: [{name: a, port: 80, protocol: HTTPS, tls: {}}]}',
      'missing-field spec.listeners[0].tls.certificateRefs',
    ],
    [
      'spec: {gatewayClassName: t, listeners: [{name: a, port: 80, protocol: TLS}]}',
      'missing-field spec.listeners[0].tls.mode',
    ],
    [
      'spec: {gatewayClassName: t, listeners: [{name: a, port: 80, protocol: TCP, hostname: a}]}',
      'conflict spec.listeners[0].hostname',
    ],
    [
      'spec: {gatewayClassName: t, listeners: [{name: a, port: 80, protocol: HTTP}, {name: a, port: 81, protocol: HTTP}]}',
      'duplicate spec.listeners[1]',
    ],
    [
      'spec: {gatewayClassName: t, addresses: [{value: nowhere}], listeners: [{name: a, port: 80, protocol: HTTP}]}',
      'bad-format spec.addresses[0].value',
    ],
    [
      'spec: {gatewayClassName: t, listeners: [{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector}}}]}',
      'missing-field spec.listeners[0].allowedRoutes.namespaces.selector',
    ],
    [
      'spec: {gatewayClassName: t, listeners: [{name: a, port: 0, protocol: HTTP}]}',
      'any-port spec.listeners[0].port',
    ],
  ],
  HTTPRoute: [['spec: {hostnames: ["http://a"]}', 'bad-format spec.hostnames[0]']],
  ReferenceGrant: [
    [
      'spec: {from: [{group: g, kind: K}], to: [{group: "", kind: Service}]}',
      'missing-field spec.from[0].namespace',
    ],
    ['spec: {to: [{group: "", kind: Service}]}', 'missing-field spec.from'],
  ],
  GRPCRoute: [
    ['spec: {rules: [{matches: [{method: {}}]}]}', 'missing-field spec.rules[0].matches[0].method'],
  ],
  TLSRoute: [['spec: {rules: []}', 'too-few spec.rules']],
  TCPRoute: [
    [
      'spec: {rules: [{backendRefs: [{name: a}]}]}',
      'missing-field spec.rules[0].backendRefs[0].port',
    ],
  ],
  UDPRoute: [['spec: {}', 'missing-field spec.rules']],
  BackendTLSPolicy: [
    [
      'spec: {targetRefs: [{group: "", kind: Service, name: s}], validation: {hostname: a.b}}',
      'conflict spec.validation',
    ],
  ],
  ListenerSet: [
    ['spec: {listeners: [{name: a, port: 80, protocol: HTTP}]}', 'missing-field spec.parentRef'],
  ],
  Service: [
    ['spec: {ports: [{port: 0}]}', 'out-of-range spec.ports[0].port'],
    ['spec: {ports: [{port: 80, targetPort: true}]}', 'wrong-type spec.ports[0].targetPort'],
    ['spec: {ports: [{name: a, port: 80}, {port: 81}]}', 'missing-field spec.ports[1].name'],
    ['spec: {type: ExternalName}', 'missing-field spec.externalName'],
    ['spec: {selectors: {a: b}}', 'unknown-field spec.selectors'],
  ],
  Secret: [
    ['data: {a: "###"}', 'bad-format data.a'],
    ['stringdata: {a: b}', 'unknown-field stringdata'],
  ],
  ConfigMap: [
    ['data: {a: 1}', 'wrong-type data.a'],
    ['spec: {}', 'unknown-field spec'],
  ],
  Namespace: [['metdata: {}', 'unknown-field metdata']],
  EndpointSlice: [
    [
      'addressType: IPv4, endpoints: [{addresses: ["::1"]}]',
      'bad-format endpoints[0].addresses[0]',
    ],
    ['addressType: IP, endpoints: []', 'bad-value addressType'],
    ['addressType: IPv4, endpoints: [{addresses: []}]', 'too-few endpoints[0].addresses'],
  ],
  WasmPlugin: [
    ['spec: {url: ""}', 'bad-format spec.url'],
    ['spec: {url: a, sha256: abc}', 'bad-format spec.sha256'],
    ['spec: {url: a, phase: AUTH}', 'bad-value spec.phase'],
    ['spec: {url: a, pluginConfig: [1]}', 'wrong-type spec.pluginConfig'],
    ['spec: {url: a, vmConfig: {env: [{name: A}]}}', 'missing-field spec.vmConfig.env[0].value'],
    [
      'spec: {url: a, vmConfig: {env: [{name: A, value: b, valueFrom: HOST}]}}',
      'conflict spec.vmConfig.env[0].value',
    ],
    [
      'spec: {url: a, targetRef: {group: "", kind: Service, name: s}, targetRefs: [{group: "", kind: Service, name: s}]}',
      'conflict spec.targetRefs',
    ],
    [
      'spec: {url: a, targetRef: {group: "", kind: Service, name: s}, selector: {matchLabels: {}}}',
      'conflict spec.targetRef',
    ],
  ],
  Backend: [
    ['spec: {}', 'missing-field spec'],
    ['spec: {endpoints: [{address: localhost, port: 1}]}', 'bad-format spec.endpoints[0].address'],
    ['spec: {hostname: a.b}', 'missing-field spec.port'],
    ['spec: {hostname: 10.0.0.1, port: 1}', 'bad-format spec.hostname'],
    ['spec: {hostname: a.b, port: 1, endpoints: []}', 'conflict spec.hostname'],
    ['spec: {port: 1, endpoints: []}', 'conflict spec.port'],
    [
      'spec: {endpoints: [{address: 1.1.1.1, port: 1}, {address: 1.1.1.1, port: 1}]}',
      'duplicate spec.endpoints[1]',
    ],
    ['spec: {hostname: a.b, port: 1, protocol: HTTPS}', 'bad-value spec.protocol'],
  ],
  WasmService: [
    ['spec: {modul: a.wasm, module: a}', 'unknown-field spec.modul'],
    ['spec: {module: a, kind: CGI}', 'bad-value spec.kind'],
    ['spec: {module: a, imagePullPolicy: Never}', 'bad-value spec.imagePullPolicy'],
    ['spec: {module: a, limits: {memory: 64MB}}', 'bad-quantity spec.limits.memory'],
    ['spec: {module: a, limits: {memory: 1}}', 'out-of-range spec.limits.memory'],
    ['spec: {module: a, limits: {wallTime: 10}}', 'wrong-type spec.limits.wallTime'],
    ['spec: {module: a, instances: {policy: pooled}}', 'not-served spec.instances'],
    [
      'spec: {module: a, dirs: [{guest: /a, host: b}, {guest: /a, host: c}]}',
      'duplicate spec.dirs[1]',
    ],
  ],
  BackendPolicy: [
    ['spec: {targetRefs: []}', 'too-few spec.targetRefs'],
    [
      'spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: e}]}',
      'bad-value spec.targetRefs[0]',
    ],
    [
      'spec: {targetRefs: [{group: "", kind: Service, name: s}], loadBalancer: RoundRobbin}',
      'bad-value spec.loadBalancer',
    ],
    [
      'spec: {targetRefs: [{group: "", kind: Service, name: s}], timeouts: {connect: 1 s}}',
      'bad-duration spec.timeouts.connect',
    ],
  ],
  ClientPolicy: [
    ['spec: {targetRefs: [{group: "", kind: Service, name: s}]}', 'bad-value spec.targetRefs[0]'],
    [
      'spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: e}], trustedProxies: [10.0.0.0/40]}',
      'bad-format spec.trustedProxies[0]',
    ],
    [
      'spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: e}], limits: {headBytes: 10}}',
      'out-of-range spec.limits.headBytes',
    ],
  ],
};

for (const { name, served } of KINDS) {
  describe(name, () => {
    const notServed = served ? [] : ['not-served'];
    test('accepts what is right', () => {
      const texts = GOOD[name] ?? [];
      assert.ok(texts.length > 0);
      for (const fields of texts) {
        assert.deepEqual(problemsOf(objectText(name, fields)), notServed, fields);
      }
    });
    test('refuses what is wrong, at its place', () => {
      const cases = BAD[name] ?? [];
      assert.ok(cases.length > 0);
      for (const [fields, problem] of cases) {
        assert.deepEqual(problemsOf(objectText(name, fields)), [problem, ...notServed], fields);
      }
    });
  });
}

test('a kind that is not served says so with a warning, and its errors still count', () => {
  const { problems, resources } = fromYaml(objectText('TCPRoute', 'spec: {}'));
  assert.deepEqual(
    problems.map(({ severity }) => severity),
    ['error', 'warning'],
  );
  assert.deepEqual(
    resources[0]?.problems.map(({ code }) => code),
    ['missing-field'],
  );
});

test('what Kubernetes writes into an object is accepted', () => {
  const metadata = `{name: x, namespace: n, uid: u, resourceVersion: "1", generation: 2, selfLink: s,
    creationTimestamp: "2026-01-02T03:04:05Z", managedFields: [{manager: kubectl}], ownerReferences: [],
    finalizers: [f], labels: {a: b}, annotations: {c: d}}`;
  const { problems, resources } = fromYaml(
    `{apiVersion: v1, kind: Service, metadata: ${metadata}, spec: {}, status: {loadBalancer: {}}}`,
  );
  assert.deepEqual(problems, []);
  const [service] = resources;
  assert.equal(service?.createdMs, Date.UTC(2026, 0, 2, 3, 4, 5));
  assert.deepEqual(service?.labels, { a: 'b' });
  assert.deepEqual(service?.annotations, { c: 'd' });
  assert.equal(service?.namespace, 'n');
});

test('no kind is listed twice, as a name alone finds it', () => {
  assert.equal(new Set(KINDS.map(({ name }) => name)).size, KINDS.length);
});
