import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Callee } from '../../config/callee.ts';
import type { RuntimeCluster } from '../exchange/tables.ts';
import { CalleeTable } from './callee-table.ts';

const callee = (kind: Callee['kind'], name: string, changes: Partial<Callee> = {}): Callee => {
  const namespace = changes.namespace ?? 'default';
  const port = changes.port ?? 0;
  const cluster = `${kind.toLowerCase()}/${namespace}/${name}${port === 0 ? '' : `:${port}`}`;
  return { kind, namespace, name, port, hostname: '', cluster, callers: [], ...changes };
};

const CALLEES = [
  callee('WasmService', 'hello'),
  callee('Service', 'cart', { port: 80 }),
  callee('Service', 'cart', { port: 9090 }),
  callee('Service', 'both', { port: 80 }),
  callee('Backend', 'both'),
  callee('Backend', 'auth', { hostname: 'auth.example.com', port: 443 }),
  callee('Service', 'shared', { namespace: 'team', port: 80, callers: ['default'] }),
  callee('Service', 'private', { namespace: 'team', port: 80 }),
  callee('Backend', 'far', { namespace: 'team', hostname: 'far.example.com', port: 80 }),
];

const clusters = new Map(
  CALLEES.map(({ cluster }) => [cluster, { name: cluster } as unknown as RuntimeCluster]),
);
const table = new CalleeTable(CALLEES, clusters);
const find = (target: string, namespace = 'default'): string | undefined =>
  table.find(namespace, target)?.name;

describe('names of callees', () => {
  it('are those of the own namespace, with or without a port', () => {
    assert.equal(find('cart'), 'service/default/cart:80');
    assert.equal(find('cart:9090'), 'service/default/cart:9090');
    assert.equal(find('cart:1'), undefined);
    assert.equal(find('hello'), 'wasmservice/default/hello');
    assert.equal(find('hello:80'), 'wasmservice/default/hello');
    assert.equal(find('both'), 'backend/default/both');
    assert.equal(find('nothing'), undefined);
    assert.equal(find('cart', 'team'), undefined);
  });

  it('are those of other namespaces where a grant permits it', () => {
    assert.equal(find('default/cart'), 'service/default/cart:80');
    assert.equal(find('team/shared'), 'service/team/shared:80');
    assert.equal(find('team/shared:80'), 'service/team/shared:80');
    assert.equal(find('team/private'), undefined);
    assert.equal(find('team/private', 'team'), 'service/team/private:80');
    assert.equal(find('shared'), undefined);
  });

  it('are understood as Istio writes them', () => {
    assert.equal(find('outbound|80||cart.default.svc.cluster.local'), 'service/default/cart:80');
    assert.equal(
      find('outbound|9090|v1|cart.default.svc.cluster.local.'),
      'service/default/cart:9090',
    );
    assert.equal(find('outbound|81||cart.default.svc.cluster.local'), undefined);
    assert.equal(find('outbound|80||hello.default.svc.cluster.local'), 'wasmservice/default/hello');
    assert.equal(find('outbound|443||AUTH.example.com'), 'backend/default/auth:443');
    assert.equal(find('outbound|80||auth.example.com'), undefined);
    assert.equal(find('outbound|80||far.example.com'), undefined);
    assert.equal(find('outbound|80||private.team.svc.cluster.local'), undefined);
    assert.equal(find('inbound|80||cart.default.svc.cluster.local'), undefined);
  });

  it('are nothing else', () => {
    for (const target of ['', '/', 'a/b/c', 'cart:', 'cart:123456', 'outbound|80||', '__proto__'])
      assert.equal(find(target), undefined, target);
  });
});
