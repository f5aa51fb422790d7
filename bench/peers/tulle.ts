/**
 * Tulle: what is published, `dist/`, under the Node of this harness, one worker. Each route is an HTTPRoute
 * of its own, as its users write them. Everything else is at its defaults. A change is the write of the
 * file that it watches.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './files.ts';
import {
  FILTER_CONFIG,
  type Found,
  type Launch,
  type Peer,
  REVISION_HEADER,
  routeNames,
  type Scenario,
} from './peer.ts';

/** The one place that knows how Tulle is started. `root` is a checkout with a built `dist/`. */
function tulleCommand(root: string, file: string, scenario: Scenario): string[] {
  return [
    process.execPath,
    join(root, 'dist/cli/main.js'),
    'up',
    '-f',
    file,
    '--workers',
    '1',
    '--admin',
    `127.0.0.1:${scenario.adminPort}`,
    '--access-log',
    scenario.accessLog ?? 'off',
  ];
}

function gateway(scenario: Scenario): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
spec:
  gatewayClassName: tulle
  addresses:
  - type: IPAddress
    value: 127.0.0.1
  listeners:
  - name: http
    port: ${scenario.port}
    protocol: HTTP
---
apiVersion: tulle.dev/v1alpha1
kind: Backend
metadata:
  name: backend
spec:
  endpoints:
  - address: 127.0.0.1
    port: ${scenario.upstreamPort}
`;
}

function route(name: string, prefix: string, revision: string | null): string {
  const filters =
    revision === null
      ? ''
      : `    filters:
    - type: ResponseHeaderModifier
      responseHeaderModifier:
        set:
        - name: ${REVISION_HEADER}
          value: "${revision}"
`;
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: ${name}
spec:
  parentRefs:
  - name: edge
  rules:
  - matches:
    - path:
        type: PathPrefix
        value: ${prefix}
${filters}    backendRefs:
    - group: tulle.dev
      kind: Backend
      name: backend
`;
}

function plugin(filter: string): string {
  return `---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata:
  name: header-filter
spec:
  url: file://${filter}
  pluginConfig: ${FILTER_CONFIG}
  targetRefs:
  - group: gateway.networking.k8s.io
    kind: Gateway
    name: edge
`;
}

function tulleResources(scenario: Scenario): string {
  const routes =
    scenario.routes === 0
      ? [route('all', '/', scenario.revision)]
      : routeNames(scenario.routes).map((name, index) =>
          route(name, `/${name}`, index === 0 ? scenario.revision : null),
        );
  const filter = scenario.filter === null ? '' : plugin(scenario.filter);
  return `${gateway(scenario)}${routes.join('')}${filter}`;
}

function version(root: string): string {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version?: unknown;
  };
  return `${String(manifest.version)} on Node ${process.versions.node}`;
}

function fileOf(scenario: Scenario): string {
  return join(scenario.dir, 'tulle.yaml');
}

/** `name` tells two checkouts apart when they are compared. */
export function tulleAt(root: string, name = 'tulle'): Peer {
  return {
    name,
    runsFilters: true,
    find: (): Found =>
      existsSync(join(root, 'dist/cli/main.js'))
        ? { ok: true, version: version(root) }
        : { ok: false, remedy: 'npm run build' },
    prepare: (scenario): Launch => {
      writeFileSync(fileOf(scenario), tulleResources(scenario));
      return { command: tulleCommand(root, fileOf(scenario), scenario) };
    },
    change: (scenario) => replaceFile(fileOf(scenario), tulleResources(scenario)),
  };
}
