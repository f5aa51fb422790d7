/** What a process tells of itself while it serves: metrics, admin pages, `tulle get`, `tulle tap`. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigDir, httpAsk, Tulle } from '../support/cli.ts';
import { freePort } from '../support/data-plane.ts';
import { origin } from '../support/origin.ts';
import { backend, documents, gateway, plugin, route, service } from '../support/resources.ts';

const GUESTS = fileURLToPath(new URL('../../guests/', import.meta.url));
const SECRET = 'do-not-show-this';
const REQUESTS = 20;

interface Rig {
  readonly tulle: Tulle;
  readonly port: number;
  readonly backPort: number;
}

/** Two workers that have answered: 20 requests to the backend, 3 to a service, 1 that trapped, 1 miss. */
async function busy(t: TestContext): Promise<Rig> {
  const { port: backPort } = await origin(t);
  const port = await freePort();
  const hello = `${service('hello', `${GUESTS}cgi-hello.wasm`).trimEnd()}
`.replace('spec: {', `spec: {env: [{name: API_TOKEN, value: ${SECRET}}], `);
  const dir = new ConfigDir(t, {
    'mesh.yaml': documents(
      gateway(port),
      route('api', { prefix: '/api' }),
      route('guest', { prefix: '/', kind: 'WasmService', backend: 'hello' }),
      backend('origin', backPort),
      hello,
      plugin('headers', `file://${GUESTS}header-filter.wasm`, `{token: ${SECRET}}`),
    ),
  });
  const tulle = await Tulle.start(t, dir.path, { workers: 2 });
  for (let count = 0; count < REQUESTS; count++) await httpAsk(port, '/api/item');
  for (let count = 0; count < 3; count++) await httpAsk(port, '/hello');
  assert.equal((await httpAsk(port, '/trap')).status, 500);
  return { tulle, port, backPort };
}

async function metric(tulle: Tulle, pattern: RegExp): Promise<number> {
  const { text } = await tulle.admin('/metrics');
  const lines = text.split('\n').filter((line) => pattern.test(line));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

test('metrics count each request once, summed over workers', async (t) => {
  const { tulle } = await busy(t);
  await tulle.until(
    async () => (await metric(tulle, /^tulle_http_requests_total\{/)) === REQUESTS + 4,
    'all requests counted',
  );
  for (const [pattern, count] of [
    [/^tulle_http_requests_total\{.*code_class="2xx"/, REQUESTS + 3],
    [/^tulle_http_requests_total\{.*code_class="5xx"/, 1],
    [/^tulle_route_requests_total\{.*route="default\/api\/0"/, REQUESTS],
    [/^tulle_upstream_requests_total\{.*cluster="backend\/default\/origin"/, REQUESTS],
    [/^tulle_upstream_requests_total\{.*cluster="wasm\/default\/hello"/, 4],
    [/^tulle_upstream_guest_failures_total\{cluster="wasm\/default\/hello"\}/, 1],
    [/^tulle_http_request_duration_seconds_count\{/, REQUESTS + 4],
    [/^tulle_http_requests_active\{/, 0],
    [/^tulle_filter_running\{/, 2],
    [/^tulle_wasm_instances /, 2],
    [/^tulle_worker_event_loop_delay_seconds\{worker="[01]"\} /, Number.NaN],
  ] as const) {
    const found = await metric(tulle, pattern);
    if (!Number.isNaN(count)) assert.equal(found, count, String(pattern));
    else assert.ok(found >= 0);
  }
  const { text } = await tulle.admin('/metrics');
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes']) {
    assert.match(text, new RegExp(`^${name} [0-9.e+]+$`, 'm'));
  }
});

test('pages tell what is in force, without secrets', async (t) => {
  const { tulle, backPort } = await busy(t);
  const config = await tulle.adminJson<{ version: number; problems: unknown[]; snapshot: unknown }>(
    '/config',
  );
  assert.equal(config.version, 1);
  assert.deepEqual(config.problems, []);
  assert.match(JSON.stringify(config.snapshot), /default\/api/);
  for (const page of ['/config', '/filters', '/services', '/routes', '/clusters', '/workers']) {
    assert.ok(!(await tulle.admin(page)).text.includes(SECRET), page);
  }
  const clusters =
    await tulle.adminJson<{ name: string; endpoints: { address: string }[] }[]>('/clusters');
  assert.deepEqual(
    clusters.map(({ name, endpoints }) => [name, endpoints.map(({ address }) => address)]).sort(),
    [
      ['backend/default/origin', [`127.0.0.1:${backPort}`]],
      ['wasm/default/hello', []],
    ],
  );
  const [filter] = await tulle.adminJson<Record<string, unknown>[]>('/filters');
  assert.deepEqual(
    [filter?.['id'], filter?.['state'], filter?.['error'], String(filter?.['sha256']).length],
    ['default/headers', 'ready', '', 64],
  );
  const [guest] = await tulle.adminJson<Record<string, unknown>[]>('/services');
  assert.deepEqual(
    [guest?.['id'], guest?.['kind'], guest?.['state'], guest?.['running'], guest?.['failures']],
    ['default/hello', 'cgi', 'ready', 0, 1],
  );
  assert.equal((await tulle.adminJson<unknown[]>('/workers')).length, 2);
});

test('tulle get shows each kind of a running process', async (t) => {
  const { tulle } = await busy(t);
  const admin = String(tulle.adminPort);
  for (const [kind, pattern] of [
    ['routes', /PathPrefix \/api .*default\/api\/0/],
    ['clusters', /backend\/default\/origin +static/],
    ['filters', /default\/headers +ready/],
    ['services', /default\/hello +ready/],
    ['workers', /^0 +serving/m],
    ['stats', /tulle_http_requests_total/],
  ] as const) {
    const table = Tulle.run(t, ['get', kind, '--admin', admin]);
    const json = Tulle.run(t, ['get', kind, '--admin', admin, '-o', 'json']);
    assert.equal((await table.exited).code, 0, table.err);
    assert.match(table.out, pattern);
    assert.equal((await json.exited).code, 0);
    assert.ok((JSON.parse(json.out) as unknown[]).length > 0);
  }
});

test('tulle tap shows requests of all workers as they happen', async (t) => {
  const { tulle, port } = await busy(t);
  const tap = Tulle.run(t, ['tap', '--admin', String(tulle.adminPort)]);
  const seen = new Set<string>();
  let asked = 0;
  await tulle.until(async () => {
    const path = `/api/tapped-${asked++}`;
    await httpAsk(port, path);
    for (const [name] of tap.out.matchAll(/\/api\/tapped-\d+/g)) seen.add(name);
    return seen.size >= 10;
  }, 'ten lines');
  for (const line of tap.out.trim().split('\n')) assert.equal(typeof JSON.parse(line), 'object');
});
