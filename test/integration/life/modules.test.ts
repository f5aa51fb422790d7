/** Modules of guests: what is wrong with them is told with its place, and what works stays. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assemble } from '../../../src/runtime/module/testing/assemble.ts';
import { tinyAssembly } from '../../../src/runtime/proxy-wasm/testing/tiny.ts';
import { ConfigDir, httpAsk, Tulle } from '../support/cli.ts';
import { freePort } from '../support/data-plane.ts';
import { origin } from '../support/origin.ts';
import { RawClient } from '../support/raw-client.ts';
import { backend, documents, gateway, plugin, route, service } from '../support/resources.ts';
import { SteadyLoad } from '../support/steady-load.ts';

const GUESTS = new URL('../../guests/', import.meta.url);
const guest = (name: string): Buffer => readFileSync(new URL(`${name}.wasm`, GUESTS));
const FILTER = `file://${fileURLToPath(new URL('header-filter.wasm', GUESTS))}`;

const HELLO = fileURLToPath(new URL('cgi-hello.wasm', GUESTS));

/** Never comes back from its start: `(loop br 0)`. */
const LOOPS_AT_START = assemble(
  tinyAssembly({
    functions: [
      { type: 0, code: [] },
      { type: 1, code: [0x41, 0x00] },
      { type: 0, code: [0x03, 0x40, 0x0c, 0x00, 0x0b] },
    ],
    exports: [
      { name: 'proxy_abi_version_0_2_1', index: 0 },
      { name: 'malloc', index: 1 },
      { name: '_start', index: 2 },
      { name: 'memory', kind: 'memory', index: 0 },
    ],
  }),
);

const WRONG_IMPORT = assemble({
  types: [{ params: [], results: [] }],
  imports: [{ module: 'env', name: 'nowhere', type: 0 }],
  functions: [{ type: 0, code: [] }],
  memory: { min: 1, max: 4 },
  exports: [
    { name: '_start', index: 1 },
    { name: 'memory', kind: 'memory', index: 0 },
  ],
});

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly resource: string;
  readonly path: string;
  readonly location: { readonly file: string; readonly line: number };
}

async function meshDir(t: TestContext, parts: readonly string[]): Promise<[ConfigDir, number]> {
  const { port: backPort } = await origin(t);
  const port = await freePort();
  const base = documents(gateway(port), route('all'), backend('origin', backPort));
  return [new ConfigDir(t, { 'base.yaml': base, 'guests.yaml': documents(...parts) }), port];
}

function problemsOf(tulle: Tulle): Promise<readonly Problem[]> {
  return tulle
    .adminJson<{ problems: readonly Problem[] }>('/config')
    .then(({ problems }) => problems);
}

async function filtered(port: number): Promise<string | undefined> {
  const client = await RawClient.connect(port);
  const answer = await client.get('/', 'connection: close\r\n');
  client.close();
  return answer.field('x-filtered');
}

test('modules that cannot be used are named with the place of their field; the rest serves', async (t) => {
  const [dir, port] = await meshDir(t, [
    plugin('text', './text.wasm', '"on"').replace(
      'kind: Gateway, name: edge',
      'kind: HTTPRoute, name: broken',
    ),
    service('gone', './gone.wasm'),
    service('wrong', './wrong.wasm'),
    route('broken', { prefix: '/broken' }),
    route('gone', { prefix: '/gone', kind: 'WasmService', backend: 'gone' }),
  ]);
  dir.write('text.wasm', 'this is no module');
  dir.write('wrong.wasm', WRONG_IMPORT);
  const tulle = await Tulle.start(t, dir.path);
  const check = Tulle.run(t, ['check', '-f', dir.path]);
  assert.equal((await check.exited).code, 1);
  const problems = (await problemsOf(tulle)).filter(({ code }) => code === 'unusable-module');
  assert.deepEqual(problems.map(({ resource, path }) => [resource, path]).sort(), [
    ['WasmPlugin default/text', 'spec.url'],
    ['WasmService default/gone', 'spec.module'],
    ['WasmService default/wrong', 'spec.module'],
  ]);
  const lines = readFileSync(dir.file('guests.yaml'), 'utf8').split('\n');
  for (const { location, path, message } of problems) {
    assert.ok(location.file.endsWith('guests.yaml'));
    assert.match(lines[location.line - 1] ?? '', path === 'spec.url' ? /url: / : /module: /);
    const line = check.out.split('\n').find((one) => one.includes(message));
    assert.ok(line?.includes(`guests.yaml:${location.line}:`), check.out);
    assert.ok(tulle.err.includes(`guests.yaml:${location.line}:`));
  }
  const texts = problems.map(({ message }) => message).join('\n');
  assert.match(texts, /text\.wasm: .*not a WebAssembly|text\.wasm: .*magic/i);
  assert.match(texts, /gone\.wasm does not exist/);
  assert.match(texts, /wrong\.wasm: .*nowhere/);
  assert.equal((await httpAsk(port, '/')).status, 200);
  assert.equal((await httpAsk(port, '/broken')).status, 503);
  assert.equal((await httpAsk(port, '/gone')).status, 503);
});

test('a module replaced on disk is in use after SIGHUP, and no request fails', async (t) => {
  const [dir, port] = await meshDir(t, [
    service('hello', './hello.wasm'),
    route('hello', { prefix: '/hello', kind: 'WasmService', backend: 'hello' }),
  ]);
  dir.write('hello.wasm', guest('cgi-hello'));
  const tulle = await Tulle.start(t, dir.path, { workers: 2 });
  const load = new SteadyLoad({ port, clients: 8, keepAlive: true, path: '/hello' });
  assert.match((await httpAsk(port, '/hello')).text, /^method GET/);
  for (const [module, answer] of [
    ['js-hello', /^hello from JavaScript/],
    ['cgi-hello', /^method GET/],
  ] as const) {
    dir.write('hello.wasm', guest(module));
    tulle.signal('SIGHUP');
    for (let count = 0; count < 4; count++) {
      await tulle.until(async () => answer.test((await httpAsk(port, '/hello')).text), module);
    }
  }
  dir.write('hello.wasm', 'not a module any more');
  tulle.signal('SIGHUP');
  await tulle.logged('the version before stays in use');
  assert.match((await httpAsk(port, '/hello')).text, /^method GET/);
  const [row] = await tulle.adminJson<{ state: string; error: string }[]>('/services');
  assert.equal(row?.state, 'ready');
  assert.match(row.error, /hello\.wasm/);
  const { failed, failures, answered } = await load.stop();
  assert.equal(failed, 0, JSON.stringify(failures));
  assert.ok(answered > 20);
});

test('a new version of a filter that does not start leaves the old one, in new workers too', async (t) => {
  const [dir, port] = await meshDir(t, [plugin('headers', FILTER, '"one"')]);
  const loops = route('guest', { prefix: '/loop', kind: 'WasmService', backend: 'hello' });
  dir.write('loops.yaml', documents(loops, service('hello', HELLO)));
  const tulle = await Tulle.start(t, dir.path);
  assert.equal(await filtered(port), 'one');
  dir.write('guests.yaml', plugin('headers', FILTER, '"reject"'));
  await tulle.logged('the version before stays in use');
  assert.equal(await filtered(port), 'one');
  const [row] = await tulle.adminJson<{ state: string; error: string }[]>('/filters');
  assert.equal(row?.state, 'ready');
  assert.notEqual(row.error, '');
  const victim = await RawClient.connect(port);
  victim.send('GET /loop HTTP/1.1\r\nhost: test\r\n\r\n');
  await tulle.logged('a worker ended and is replaced');
  await tulle.until(async () => (await filtered(port).catch(() => '')) === 'one', 'served again');
  dir.write('guests.yaml', plugin('headers', FILTER, '"two"'));
  await tulle.until(async () => (await filtered(port)) === 'two', 'a version that starts');
  assert.deepEqual(await problemsOf(tulle), []);
  victim.close();
});

test('a filter that hangs at its start costs no worker: the version before stays', async (t) => {
  const [dir, port] = await meshDir(t, [plugin('headers', FILTER, '"one"')]);
  dir.write('hangs.wasm', LOOPS_AT_START);
  const tulle = await Tulle.start(t, dir.path, { workers: 2 });
  dir.write('guests.yaml', plugin('headers', './hangs.wasm', '"two"'));
  await tulle.logged('the version before stays in use');
  const rows = await tulle.adminJson<{ state: string; replaced: number }[]>('/workers');
  assert.deepEqual(
    rows.map(({ state, replaced }) => `${state} ${replaced}`),
    ['serving 0', 'serving 0'],
  );
  for (let count = 0; count < 10; count++) assert.equal(await filtered(port), 'one');
  assert.match((await problemsOf(tulle))[0]?.message ?? '', /exceeded its CPU limit of \d+ ms/);
  dir.write('guests.yaml', plugin('headers', FILTER, '"three"'));
  await tulle.until(async () => (await filtered(port)) === 'three', 'the next change');
  assert.deepEqual(await problemsOf(tulle), []);
});
