import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  codes,
  conditionText,
  gateway,
  listenerConditions,
  mesh,
  statusOf,
} from './testing/mesh.ts';

function gatewayOf(name: string, spec: string, metadata = ''): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}${metadata}}
spec:
  gatewayClassName: tulle
${spec}
`;
}

function conditions(found: ReturnType<typeof mesh>, name: string): readonly string[] {
  return statusOf(found, 'Gateway', name).conditions.map(conditionText);
}

function served(found: ReturnType<typeof mesh>): readonly string[] {
  return found.snapshot.binds.flatMap(({ address, port, listeners }) =>
    listeners.map(({ name }) => `${address} ${port} ${name}`),
  );
}

test('without addresses all of both families', () => {
  const found = mesh(gateway());
  assert.deepEqual(served(found), [':: 8080 default/edge/http']);
  assert.deepEqual(conditions(found, 'edge'), [
    'Accepted=True Accepted',
    'Programmed=True Programmed',
  ]);
});

test('addresses that mean the same are one', () => {
  const found = mesh(
    gatewayOf(
      'a',
      `  addresses: [{value: "::1"}, {value: "0:0:0:0:0:0:0:1"}, {value: 127.0.0.1}]
  listeners: [{name: http, port: 80, protocol: HTTP}]`,
    ),
  );
  assert.deepEqual(served(found), ['127.0.0.1 80 default/a/http', '::1 80 default/a/http']);
});

for (const address of [
  '{type: Hostname, value: a.example.com}',
  '{type: NamedAddress, value: x}',
]) {
  test(`UnsupportedAddress: ${address}`, () => {
    const found = mesh(
      gatewayOf(
        'a',
        `  addresses: [${address}]\n  listeners: [{name: http, port: 80, protocol: HTTP}]`,
      ),
    );
    assert.deepEqual(served(found), []);
    assert.deepEqual(conditions(found, 'a'), [
      'Accepted=False UnsupportedAddress',
      'Programmed=False AddressNotUsable',
    ]);
    assert.deepEqual(codes(found.problems), ['error not-served spec.addresses[0]']);
  });
}

for (const protocol of ['HTTPS', 'TLS', 'TCP', 'UDP', 'example.com/own']) {
  test(`UnsupportedProtocol: ${protocol}`, () => {
    const tls =
      protocol === 'HTTPS' || protocol === 'TLS'
        ? ', tls: {mode: Terminate, certificateRefs: [{name: c}]}'
        : '';
    const found = mesh(
      gatewayOf(
        'a',
        `  listeners:
  - {name: odd, port: 443, protocol: ${protocol}${tls}}
  - {name: http, port: 80, protocol: HTTP}`,
      ),
    );
    assert.deepEqual(served(found), [':: 80 default/a/http']);
    assert.deepEqual(listenerConditions(found, 'a', 'odd'), [
      'Accepted=False UnsupportedProtocol',
      'Programmed=False Invalid',
      'ResolvedRefs=True ResolvedRefs',
      'Conflicted=False NoConflicts',
    ]);
    assert.deepEqual(conditions(found, 'a'), [
      'Accepted=True ListenersNotValid',
      'Programmed=True Programmed',
    ]);
    assert.deepEqual(codes(found.problems), ['error not-served spec.listeners[0].protocol']);
    assert.deepEqual(statusOf(found, 'Gateway', 'a').listeners[0]?.supportedKinds, []);
  });
}

test('a Gateway with no served listener is not accepted', () => {
  const found = mesh(gatewayOf('a', '  listeners: [{name: odd, port: 53, protocol: UDP}]'));
  assert.deepEqual(conditions(found, 'a'), [
    'Accepted=False ListenersNotValid',
    'Programmed=False Invalid',
  ]);
});

test('HostnameConflict inside a Gateway: all that are alike go, the others stay', () => {
  const found = mesh(
    gatewayOf(
      'a',
      `  listeners:
  - {name: x, port: 80, protocol: HTTP}
  - {name: y, port: 80, protocol: HTTP}
  - {name: z, port: 80, protocol: HTTP, hostname: z.example.com}`,
    ),
  );
  assert.deepEqual(served(found), [':: 80 default/a/z']);
  for (const section of ['x', 'y']) {
    assert.deepEqual(listenerConditions(found, 'a', section), [
      'Accepted=False HostnameConflict',
      'Programmed=False Invalid',
      'ResolvedRefs=True ResolvedRefs',
      'Conflicted=True HostnameConflict',
    ]);
  }
});

test('ProtocolConflict: HTTP and HTTPS on one port', () => {
  const found = mesh(
    gatewayOf(
      'a',
      `  listeners:
  - {name: x, port: 80, protocol: HTTP}
  - {name: y, port: 80, protocol: HTTPS, hostname: y.example.com, tls: {certificateRefs: [{name: c}]}}`,
    ),
  );
  assert.deepEqual(served(found), []);
  for (const section of ['x', 'y']) {
    assert.equal(
      listenerConditions(found, 'a', section).at(-1),
      'Conflicted=True ProtocolConflict',
    );
  }
});

test('a TCP listener, which is not served, takes no HTTP listener with it', () => {
  const found = mesh(
    gatewayOf(
      'a',
      '  listeners: [{name: x, port: 80, protocol: HTTP}, {name: y, port: 80, protocol: TCP}]',
    ),
  );
  assert.deepEqual(served(found), [':: 80 default/a/x']);
});

const ONE = '  listeners: [{name: http, port: 80, protocol: HTTP}]';

test('between Gateways the older keeps the port and hostname', () => {
  const found = mesh(
    gatewayOf('a', ONE, ', creationTimestamp: "2026-02-01T00:00:00Z"') +
      gatewayOf('b', ONE, ', creationTimestamp: "2026-01-01T00:00:00Z"'),
  );
  assert.deepEqual(served(found), [':: 80 default/b/http']);
  assert.equal(listenerConditions(found, 'a', 'http').at(-1), 'Conflicted=True HostnameConflict');
  assert.deepEqual(codes(found.problems), ['error conflict spec.listeners[0]']);
});

test('Gateways on addresses of their own do not conflict', () => {
  const found = mesh(
    gatewayOf('a', `  addresses: [{value: 127.0.0.1}]\n${ONE}`) +
      gatewayOf('b', `  addresses: [{value: 127.0.0.2}]\n${ONE}`),
  );
  assert.equal(served(found).length, 2);
  assert.deepEqual(found.problems, []);
});

test('port 0 is any free port and conflicts with nothing', () => {
  const found = mesh(
    gatewayOf(
      'a',
      '  listeners: [{name: x, port: 0, protocol: HTTP}, {name: y, port: 0, protocol: HTTP}]',
    ),
  );
  assert.deepEqual(found.problems, []);
  assert.equal(served(found).length, 2);
});

test('InvalidRouteKinds: the good kinds of the list stay', () => {
  const found = mesh(gateway('allowedRoutes: {kinds: [{kind: TCPRoute}, {kind: HTTPRoute}]}'));
  const [listener] = statusOf(found, 'Gateway', 'edge').listeners;
  assert.deepEqual(listener?.supportedKinds, [
    { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' },
  ]);
  assert.equal(
    listenerConditions(found, 'edge', 'http')[2],
    'ResolvedRefs=False InvalidRouteKinds',
  );
  assert.deepEqual(codes(found.problems), [
    'error invalid-kind spec.listeners[0].allowedRoutes.kinds[0]',
  ]);
  assert.equal(served(found).length, 1);
});

function gatewayClass(name: string, controllerName: string): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: ${name}}
spec: {controllerName: ${controllerName}}
`;
}

test('class tulle of another controller is not ours', () => {
  const found = mesh(gateway() + gatewayClass('tulle', 'example.com/other'));
  assert.deepEqual(served(found), []);
  assert.deepEqual(codes(found.problems), ['warning not-ours spec.gatewayClassName']);
  assert.deepEqual(found.status, []);
});

test('a class of our controller is ours whatever its name', () => {
  const found = mesh(
    gateway().replace('tulle', 'fast') + gatewayClass('fast', 'tulle.dev/gateway-controller'),
  );
  assert.equal(served(found).length, 1);
  assert.deepEqual(statusOf(found, 'GatewayClass', 'fast').conditions.map(conditionText), [
    'Accepted=True Accepted',
  ]);
});

test('an error in a listener costs that listener, one beside them the Gateway', () => {
  const inside = mesh(
    gatewayOf(
      'a',
      '  listeners: [{name: x, port: eighty, protocol: HTTP}, {name: y, port: 80, protocol: HTTP}]',
    ),
  );
  assert.deepEqual(served(inside), [':: 80 default/a/y']);
  assert.equal(listenerConditions(inside, 'a', 'x')[0], 'Accepted=False Invalid');
  const beside = mesh(gatewayOf('a', `  address: [{value: 127.0.0.1}]\n${ONE}`));
  assert.deepEqual(served(beside), []);
  assert.deepEqual(conditions(beside, 'a'), ['Accepted=False Invalid', 'Programmed=False Invalid']);
});

test('observedGeneration is the generation that was compiled', () => {
  const found = mesh(gatewayOf('a', ONE, ', generation: 7'));
  assert.equal(statusOf(found, 'Gateway', 'a').observedGeneration, 7);
  assert.equal(statusOf(mesh(gateway()), 'Gateway', 'edge').observedGeneration, 0);
});

test('kinds that are not served say so', () => {
  const found = mesh(`apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: g}
spec: {}
`);
  assert.deepEqual(statusOf(found, 'GRPCRoute', 'g').conditions.map(conditionText), [
    'Accepted=False NotServed',
  ]);
});
