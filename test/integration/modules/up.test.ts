/** `tulle up` with modules from elsewhere: what requests get before, while and after they arrive. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FilterReport, ServiceReport } from '../../../src/admin/source.ts';
import { moduleOf } from '../../../src/runtime/module/fetch/testing/archive.ts';
import { StandInRegistry } from '../../../src/runtime/module/fetch/testing/stand-in-registry.ts';
import { WebServer } from '../../../src/runtime/module/fetch/testing/web-server.ts';
import { ConfigDir, httpAsk, Tulle } from '../support/cli.ts';
import { freePort } from '../support/data-plane.ts';
import { origin } from '../support/origin.ts';
import { backend, documents, gateway, route, service } from '../support/resources.ts';
import { DockerRegistry, lacks, PASSWORD, USER } from './support/docker-registry.ts';

const guest = (name: string): Uint8Array =>
  readFileSync(new URL(`../../guests/${name}.wasm`, import.meta.url));
const FILTER = guest('header-filter');

interface Mesh {
  readonly config: ConfigDir;
  readonly port: number;
  /** Writes the plugin of that URL. */
  plugin(url: string, spec?: string): void;
  /** Status of a request that the filter answers with 403 and the backend with 200. */
  status(): Promise<number>;
  start(): Promise<Tulle>;
}

async function mesh(t: TestContext): Promise<Mesh> {
  const port = await freePort();
  const { port: originPort } = await origin(t);
  const base = documents(gateway(port), backend('origin', originPort), route('r'));
  const config = new ConfigDir(t, { 'base.yaml': base });
  const args = ['--cache-dir', join(config.path, '.cache')];
  return {
    config,
    port,
    plugin: (url, spec = '') => {
      const target = '{group: gateway.networking.k8s.io, kind: Gateway, name: edge}';
      config.write(
        'plugin.yaml',
        `apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: remote}
spec:
  url: "${url}"
  pluginConfig: v1
  targetRefs: [${target}]
${spec}`,
      );
    },
    status: async () => (await httpAsk(port, '/blocked')).status,
    start: () => Tulle.start(t, config.path, { args }),
  };
}

async function filterOf(tulle: Tulle): Promise<FilterReport> {
  const [filter] = await tulle.adminJson<FilterReport[]>('/filters');
  assert.ok(filter !== undefined);
  return filter;
}

async function get(tulle: Tulle, t: TestContext, what: string): Promise<string> {
  const asked = Tulle.run(t, ['get', what, '--admin', `127.0.0.1:${tulle.adminPort}`]);
  await asked.exited;
  return asked.out;
}

test('a filter from a registry behind a password, with a pull secret', {
  skip: lacks('docker-registry'),
}, async (t) => {
  const registry = await DockerRegistry.start(t, 'basic');
  const digest = await registry.push('filters/headers:1', [
    { bytes: FILTER, mediaType: 'application/wasm' },
  ]);
  const here = await mesh(t);
  here.plugin(`oci://${registry.host}/filters/headers:1`);
  const tulle = await here.start();
  assert.equal(await here.status(), 503);
  const missing = await filterOf(tulle);
  assert.equal(missing.state, 'failed');
  assert.match(
    missing.fetch?.error ?? '',
    /^401 from .*: no credentials for it in the Docker configuration$/,
  );
  assert.match(await get(tulle, t, 'filters'), /401 from/);
  await tulle.logged('401 from');

  const auths = { [registry.host]: { username: USER, password: PASSWORD } };
  here.config.write(
    'secret.yaml',
    `apiVersion: v1
kind: Secret
metadata: {name: pull}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '${JSON.stringify({ auths })}'}
`,
  );
  here.plugin(`oci://${registry.host}/filters/headers:1`, '  imagePullSecret: pull\n');
  await tulle.until(async () => (await here.status()) === 403, 'the filter answers');
  const ready = await filterOf(tulle);
  assert.equal(ready.state, 'ready');
  assert.equal(ready.fetch?.state, 'ready');
  assert.equal(ready.fetch?.source, `${registry.host}/filters/headers@${digest}`);
  assert.equal(ready.fetch?.sha256, ready.sha256);
  assert.equal(ready.fetch?.error, '');
  assert.match(
    await get(tulle, t, 'filters'),
    new RegExp(`${ready.sha256.slice(0, 12)} +ready 20`),
  );
  assert.ok(!(await tulle.admin('/config')).text.includes(PASSWORD));
  assert.ok(!(tulle.err + tulle.out).includes(PASSWORD));

  // The next start needs no registry.
  tulle.signal('SIGTERM');
  await tulle.exited;
  await registry.stop();
  const again = await here.start();
  assert.equal(await here.status(), 403);
  assert.equal((await filterOf(again)).fetch?.attemptedAt, null);
});

/** Holds every answer back until it is let go. */
class Gate {
  readonly #held: (() => void)[] = [];
  #isOpen = false;

  pass(response: ServerResponse, answer: () => void): void {
    if (this.#isOpen) answer();
    else this.#held.push(() => response.destroyed || answer());
  }

  open(): void {
    this.#isOpen = true;
    for (const answer of this.#held) answer();
  }
}

for (const [strategy, missing] of [
  ['FAIL_CLOSE', 503],
  ['FAIL_OPEN', 200],
] as const) {
  test(`a slow server holds no start up; ${strategy} while the module is on its way: ${missing}`, async (t) => {
    const gate = new Gate();
    const web = await WebServer.open(
      () => (_, response) => gate.pass(response, () => response.end(FILTER)),
    );
    t.after(() => web.close());
    const here = await mesh(t);
    here.plugin(`${web.url}/filter.wasm`, `  failStrategy: ${strategy}\n`);
    const tulle = await here.start();
    assert.equal(await here.status(), missing);
    const loading = await filterOf(tulle);
    assert.equal(loading.state, 'loading');
    assert.equal(loading.fetch?.state, 'loading');
    assert.doesNotMatch(tulle.err, /unusable|cannot be used/);
    gate.open();
    await tulle.until(async () => (await here.status()) === 403, 'the filter answers');
    assert.equal((await filterOf(tulle)).state, 'ready');
    // One answer, asked for once: nothing had to be touched for it to come into force.
    assert.equal(web.asked.length, 1);
  });
}

test('SIGTERM ends a process that is still fetching at once', async (t) => {
  const web = await WebServer.open(() => (_, response) => response.write('a'));
  t.after(() => web.close());
  const here = await mesh(t);
  here.plugin(`${web.url}/filter.wasm`);
  const tulle = await here.start();
  const startMs = performance.now();
  tulle.signal('SIGTERM');
  assert.deepEqual(await tulle.exited, { code: 0, signal: null });
  assert.ok(performance.now() - startMs < 3_000);
});

test('policy Always: SIGHUP takes up what was pushed; a failure keeps what works', async (t) => {
  const registry = await StandInRegistry.open();
  t.after(() => registry.close());
  registry.push('f:1', [{ bytes: FILTER }]);
  const here = await mesh(t);
  here.plugin(`oci://${registry.web.host}/f:1`, '  imagePullPolicy: Always\n');
  const tulle = await here.start();
  assert.equal(await here.status(), 403);
  const before = (await filterOf(tulle)).sha256;

  registry.push('f:1', [{ bytes: moduleOf(500) }]);
  tulle.signal('SIGHUP');
  await tulle.until(async () => (await filterOf(tulle)).error !== '', 'the bad version is told');
  assert.equal(await here.status(), 403);
  assert.equal((await filterOf(tulle)).sha256, before);

  const marked = Uint8Array.from([...FILTER, 0, 4, 1, 0x78, 0, 0]);
  registry.push('f:1', [{ bytes: marked }]);
  tulle.signal('SIGHUP');
  await tulle.until(async () => (await filterOf(tulle)).sha256 !== before, 'the new version');
  assert.equal(await here.status(), 403);
  const after = await filterOf(tulle);
  assert.equal(after.error, '');

  registry.spoil = (_, response) => {
    response.writeHead(500);
    response.end();
    return true;
  };
  tulle.signal('SIGHUP');
  await tulle.until(async () => (await filterOf(tulle)).fetch?.error !== '', 'the failure is told');
  assert.equal(await here.status(), 403);
  const kept = await filterOf(tulle);
  assert.equal(kept.state, 'ready');
  assert.equal(kept.sha256, after.sha256);
  assert.notEqual(kept.fetch?.nextAt, null);
});

test('a changed URL that leads nowhere keeps the filter that works', async (t) => {
  const web = await WebServer.open(() => (request, response) => {
    response.statusCode = request.url === '/1.wasm' ? 200 : 404;
    response.end(FILTER);
  });
  t.after(() => web.close());
  const here = await mesh(t);
  here.plugin(`${web.url}/1.wasm`);
  const tulle = await here.start();
  assert.equal(await here.status(), 403);
  here.plugin(`${web.url}/2.wasm`);
  await tulle.logged('404 from');
  await tulle.until(async () => (await filterOf(tulle)).error !== '', 'the reason is told');
  assert.equal(await here.status(), 403);
  const { fetch, module, error } = await filterOf(tulle);
  assert.equal(module, `${web.url}/1.wasm`);
  assert.equal(fetch?.url, `${web.url}/2.wasm`);
  assert.match(error, /404 from .* for \/2\.wasm/);
});

test('a service from a registry', async (t) => {
  const registry = await StandInRegistry.open();
  t.after(() => registry.close());
  registry.push('w:1', [{ bytes: guest('cgi-hello') }]);
  const here = await mesh(t);
  here.config.write(
    'service.yaml',
    documents(
      service('hello', `oci://${registry.web.host}/w:1`),
      route('s', { prefix: '/hello', kind: 'WasmService', backend: 'hello' }),
    ),
  );
  const tulle = await here.start();
  assert.equal((await httpAsk(here.port, '/hello')).status, 200);
  const [report] = await tulle.adminJson<ServiceReport[]>('/services');
  assert.equal(report?.state, 'ready');
  assert.equal(report?.fetch?.sha256, report?.sha256);
});

test('tulle check fetches nothing', async (t) => {
  const web = await WebServer.open(() => (_, response) => response.end(FILTER));
  t.after(() => web.close());
  const here = await mesh(t);
  here.plugin(`${web.url}/filter.wasm`);
  const check = Tulle.run(t, ['check', '-f', here.config.path]);
  assert.equal((await check.exited).code, 0, check.out);
  assert.deepEqual(web.asked, []);
  here.plugin('oci://example.com/BAD');
  const bad = Tulle.run(t, ['check', '-f', here.config.path]);
  assert.equal((await bad.exited).code, 1);
  assert.match(bad.out, /plugin\.yaml:5:\d+: error: WasmPlugin default\/remote: spec\.url: /);
});
