/** Tulle, started as its users start it: one Gateway with a listener a setup, from a file. */

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FilterSetup, Served, Upstreams } from './setup.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/cli/main.ts');

const GATEWAY = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' };

function gateway(setups: readonly Served[]): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge' },
    spec: {
      gatewayClassName: 'tulle',
      addresses: [{ type: 'IPAddress', value: '127.0.0.1' }],
      listeners: setups.map(({ name, port }) => ({ name, port, protocol: 'HTTP' })),
    },
  };
}

function route(): object {
  const to = (name: string): object => ({ group: 'tulle.dev', kind: 'Backend', name });
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'all' },
    spec: {
      parentRefs: [{ name: 'edge' }],
      rules: [
        {
          matches: [{ path: { type: 'Exact', value: '/nowhere' } }],
          backendRefs: [to('nobody')],
        },
        { backendRefs: [to('backend')] },
      ],
    },
  };
}

function backend(name: string, port: number): object {
  return {
    apiVersion: 'tulle.dev/v1alpha1',
    kind: 'Backend',
    metadata: { name },
    spec: { endpoints: [{ address: '127.0.0.1', port }] },
  };
}

function plugin(
  setup: Served,
  { name, module, failOpen, configuration, cpuLimit }: FilterSetup,
  index: number,
): object {
  const annotations = cpuLimit === undefined ? {} : { 'tulle.dev/filter-cpu-limit': cpuLimit };
  return {
    apiVersion: 'extensions.istio.io/v1alpha1',
    kind: 'WasmPlugin',
    metadata: { name: `${setup.name}-${index}`, annotations },
    spec: {
      targetRefs: [{ ...GATEWAY, sectionName: setup.name }],
      url: `file://${module}`,
      pluginName: name,
      pluginConfig: configuration ?? name,
      // The highest comes first.
      priority: 100 - index,
      failStrategy: failOpen ? 'FAIL_OPEN' : 'FAIL_CLOSE',
    },
  };
}

/** Writes the resources and gives the command. */
export function tulleCommand(
  dir: string,
  setups: readonly Served[],
  upstreams: Upstreams,
): string[] {
  const documents = [
    gateway(setups),
    route(),
    ...Object.entries(upstreams).map(([name, port]) => backend(name, port)),
    ...setups.flatMap((setup) => setup.filters.map((one, i) => plugin(setup, one, i))),
  ];
  const file = join(dir, 'tulle.yaml');
  writeFileSync(file, documents.map((document) => JSON.stringify(document)).join('\n---\n'));
  const quiet = ['--access-log', 'off', '--log-level', 'info', '--admin', 'off'];
  return [process.execPath, MAIN, 'up', '-f', file, '--workers', '1', ...quiet];
}
