import type { Snapshot } from '../../config/snapshot.ts';
import type { MetricFamily } from '../../observe/directory.ts';
import type { TapBatch } from '../../observe/tap.ts';
import type {
  AdminSource,
  ClusterReport,
  ConfigReport,
  FilterReport,
  Readiness,
  ServiceReport,
  WorkerReport,
} from '../source.ts';

const MODULE = { url: 'file://a.wasm', path: '/srv/a.wasm', sha256: '' };

/** A small mesh with a secret in every place that may hold one. */
export const SNAPSHOT: Snapshot = {
  version: 7,
  binds: [
    {
      address: '::',
      port: 8080,
      client: {
        trustedProxies: [],
        requestHeadMs: 1,
        idleMs: 1,
        streamIdleMs: 1,
        connectionsMax: 1,
        headBytesMax: 1,
        targetBytesMax: 1,
        headerCountMax: 1,
      },
      listeners: [
        {
          name: 'default/edge/http',
          hostname: '*.example.com',
          filters: ['default/auth'],
          routes: [
            {
              name: 'default/shop',
              hostnames: [],
              rules: [
                {
                  name: 'default/shop/0',
                  matches: [
                    {
                      path: { type: 'PathPrefix', value: '/api' },
                      headers: [
                        { type: 'Exact', name: 'authorization', value: 'hush-match' },
                        { type: 'RegularExpression', name: 'x-user', value: 'a.*' },
                      ],
                      query: [{ type: 'Exact', name: 'v', value: '2' }],
                      method: 'GET',
                    },
                  ],
                  filters: [
                    {
                      type: 'RequestHeaderModifier',
                      set: [['x-api-key', 'hush-header']],
                      add: [['x-open', 'shown']],
                      remove: [],
                    },
                  ],
                  wasmFilters: ['default/headers'],
                  backends: [
                    { cluster: 'backend/default/a', weight: 3, filters: [], invalid: null },
                    { cluster: '', weight: 1, filters: [], invalid: 'no such Backend' },
                  ],
                  timeouts: { requestMs: 0, backendRequestMs: 0 },
                  retry: null,
                  invalid: null,
                },
              ],
            },
          ],
        },
      ],
    },
  ],
  clusters: [],
  callees: [],
  filters: [
    {
      id: 'default/headers',
      module: { ...MODULE, url: 'https://user:hush-url@example.com/a.wasm' },
      pluginName: 'p',
      configuration: '{"token":"hush-config","mode":"shown"}',
      failOpen: false,
      headersStopIteration: false,
      env: [['PLAIN', 'hush-env']],
    },
  ],
  services: [
    {
      id: 'default/hello',
      module: MODULE,
      kind: 'cgi',
      args: ['--password=hush-arg', '--token', 'hush-next', '--port', 'shown'],
      env: [['DB', 'hush-service-env']],
      dirs: [],
      limits: { memoryBytes: 1, wallMs: 1, concurrency: 1, queue: 1 },
    },
  ],
};

/** Answers as an app would, and remembers what it was asked to do. */
export class TestSource implements AdminSource {
  readonly version = '1.2.3';
  ready: Readiness = { ready: true, reason: '' };
  snapshot: Snapshot | null = SNAPSHOT;
  families: MetricFamily[] = [];
  drains = 0;
  failing = false;
  readonly taps = new Set<(batch: TapBatch) => void>();

  async readiness(): Promise<Readiness> {
    return this.ready;
  }

  async config(): Promise<ConfigReport> {
    const acceptedWallMs = this.snapshot === null ? 0 : 1_000;
    return { snapshot: this.snapshot, acceptedWallMs, problems: [], status: [] };
  }

  async metrics(): Promise<readonly MetricFamily[]> {
    return this.families;
  }

  async clusters(): Promise<readonly ClusterReport[]> {
    if (this.failing) throw new Error('worker 0 does not answer');
    const endpoint = { weight: 1, requestsActive: 2 };
    return [
      {
        name: 'backend/default/a',
        discovery: 'static',
        loadBalancer: 'RoundRobin',
        requestsActive: 2,
        pending: 0,
        connections: 3,
        endpoints: [
          { ...endpoint, address: '127.0.0.1:9000', healthy: true },
          { ...endpoint, address: '127.0.0.1:9001', healthy: false },
        ],
      },
    ];
  }

  async filters(): Promise<readonly FilterReport[]> {
    return [
      {
        id: 'default/headers',
        module: 'file://a.wasm',
        fetch: null,
        sha256: '',
        pluginName: 'p',
        failOpen: true,
        state: 'failed',
        error: 'not a WebAssembly module',
        failures: 4,
      },
      {
        id: 'default/remote',
        module: 'oci://example.com/f:1',
        fetch: {
          url: 'oci://example.com/f:1',
          state: 'ready',
          source: `example.com/f@sha256:${'1'.repeat(64)}`,
          sha256: '0'.repeat(64),
          error: '503 from example.com',
          attemptedAt: '2026-01-02T03:04:05.678Z',
          nextAt: '2026-01-02T03:05:05.678Z',
        },
        sha256: '0'.repeat(64),
        pluginName: '',
        failOpen: false,
        state: 'ready',
        error: '',
        failures: 0,
      },
    ];
  }

  async services(): Promise<readonly ServiceReport[]> {
    return [];
  }

  async workers(): Promise<readonly WorkerReport[]> {
    return [
      {
        id: 0,
        state: 'serving',
        uptimeMs: 273_845_000,
        eventLoopDelayMs: 0.26,
        connections: 5,
        requestsActive: 1,
        snapshotVersion: 7,
        replaced: 0,
      },
    ];
  }

  async drain(): Promise<void> {
    this.drains++;
  }

  tap(onBatch: (batch: TapBatch) => void): () => void {
    this.taps.add(onBatch);
    return () => this.taps.delete(onBatch);
  }

  emit(batch: TapBatch): void {
    for (const onBatch of this.taps) onBatch(batch);
  }
}
