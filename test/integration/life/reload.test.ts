/** Changes of the configuration while requests are served. */

import assert from 'node:assert/strict';
import { createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ConfigDir, httpAsk, Tulle } from '../support/cli.ts';
import { freePort } from '../support/data-plane.ts';
import { origin } from '../support/origin.ts';
import { RawClient } from '../support/raw-client.ts';
import { backend, documents, gateway, gatewayOf, route } from '../support/resources.ts';
import { SteadyLoad } from '../support/steady-load.ts';

const CHANGES = 200;

interface ConfigPage {
  readonly version: number;
  readonly problems: readonly {
    readonly code: string;
    readonly message: string;
    readonly remedy: string;
    readonly location: { readonly file: string; readonly line: number; readonly column: number };
  }[];
}

interface Setup {
  readonly dir: ConfigDir;
  readonly tulle: Tulle;
  readonly port: number;
  readonly backPort: number;
  config(): Promise<ConfigPage>;
  answers(path: string, status: number, text?: string): Promise<void>;
}

async function setUp(t: TestContext, text: (port: number) => string, workers = 2): Promise<Setup> {
  const { port: backPort } = await origin(t);
  const port = await freePort();
  const dir = new ConfigDir(t, {
    'mesh.yaml': text(port),
    'origin.yaml': backend('origin', backPort),
  });
  const tulle = await Tulle.start(t, dir.path, { workers });
  return {
    dir,
    tulle,
    port,
    backPort,
    config: () => tulle.adminJson<ConfigPage>('/config'),
    answers: (path, status, answer) =>
      tulle.until(async () => {
        const { status: got, text: body } = await httpAsk(port, path);
        return got === status && (answer === undefined || body.includes(answer));
      }, `${path} answers ${status}`),
  };
}

/** The value of `x-revision` on a connection of its own. */
async function revision(port: number): Promise<string> {
  const client = await RawClient.connect(port);
  const answer = await client.get('/', 'connection: close\r\n');
  client.close();
  return answer.field('x-revision') ?? '';
}

test('200 changes under load from 32 connections: each comes into force, no request fails', async (t) => {
  const text = (port: number, count: number): string =>
    documents(gateway(port), route('all', { revision: `r${count}` }));
  const { dir, tulle, port } = await setUp(t, (free) => text(free, 0));
  const load = new SteadyLoad({ port, clients: 32, keepAlive: true });
  for (let count = 1; count <= CHANGES; count++) {
    dir.write('mesh.yaml', text(port, count));
    await tulle.until(async () => (await revision(port)) === `r${count}`, `change ${count}`);
  }
  const { answered, failed, failures } = await load.stop();
  assert.equal(failed, 0, JSON.stringify(failures));
  assert.ok(answered > CHANGES);
});

test('a file that is no YAML keeps what was in force and is named with its place', async (t) => {
  const good = (port: number): string => documents(gateway(port), route('all'));
  const { dir, tulle, port, config, answers } = await setUp(t, good);
  await answers('/', 200);
  dir.write('mesh.yaml', `${good(port)}---\nspec:\n  rules: [\n`);
  await tulle.logged('mesh.yaml:');
  assert.match(tulle.err, /mesh\.yaml:\d+:\d+: error: /);
  await answers('/', 200);
  const { problems, version } = await config();
  assert.equal(version, 1);
  const problem = problems.find(({ location }) => location.file.endsWith('mesh.yaml'));
  assert.ok(problem !== undefined && problem.location.line > 10 && problem.location.column > 0);
  const check = Tulle.run(t, ['check', '-f', dir.path]);
  assert.equal((await check.exited).code, 1);
  assert.match(check.out, /mesh\.yaml:\d+:\d+: error: /);
  dir.write('mesh.yaml', good(port));
  await tulle.logged('the configuration has no problem any more');
  assert.deepEqual((await config()).problems, []);
});

test('one bad route answers 500 for what it matches, its neighbours go on', async (t) => {
  const good = route('good', { prefix: '/good' });
  const { dir, tulle, port, config, answers } = await setUp(t, (free) =>
    documents(gateway(free), good, route('new', { prefix: '/new' })),
  );
  await answers('/new', 200);
  const bad = route('bad', { prefix: '/bad', backend: 'nobody' });
  const typo = route('typo', { prefix: '/typo' }).replace('backendRefs:', 'backendRef:');
  const strange = 'apiVersion: tulle.dev/v1alpha1\nkind: Bakend\nmetadata: {name: x}\n';
  dir.write('mesh.yaml', documents(gateway(port), good, bad, typo, strange));
  await answers('/bad', 500);
  await answers('/good', 200);
  await answers('/new', 404);
  const { problems } = await config();
  const texts = problems.map(({ message, remedy }) => `${message} ${remedy}`).join('\n');
  assert.match(texts, /nobody/);
  assert.match(texts, /backendRef.*did you mean "?backendRefs/i);
  assert.match(texts, /Bakend.*did you mean "?Backend/is);
  for (const { location } of problems) assert.ok(location.line > 0);
  assert.match(tulle.err, /backendRefs/);
});

test('ports of new listeners open, those of listeners that are gone close', async (t) => {
  const second = await freePort();
  const { dir, tulle, port, answers } = await setUp(t, (free) =>
    documents(gateway(free), route('all')),
  );
  const kept = await RawClient.connect(port);
  assert.equal((await kept.get()).status, 200);
  dir.write('mesh.yaml', documents(gatewayOf('edge', [port, second]), route('all')));
  await tulle.until(async () => (await httpAsk(second, '/')).status === 200, 'the new port');
  assert.equal((await kept.get()).status, 200);
  const slow = await RawClient.connect(port);
  slow.send('GET /slow?1000 HTTP/1.1\r\nhost: test\r\n\r\n');
  dir.write('mesh.yaml', documents(gateway(second), route('all')));
  await tulle.until(async () => (await httpAsk(port, '/')).status === 0, 'the old port closed');
  assert.equal((await slow.answer()).body, 'slow ok');
  assert.equal((await httpAsk(second, '/')).status, 200);
  dir.write('mesh.yaml', documents(gateway(port), route('all')));
  await answers('/', 200);
});

test('a port in use is reported, the rest is in force, and it is taken once it is free', async (t) => {
  const { dir, tulle, port, config, answers } = await setUp(t, (free) =>
    documents(gateway(free), route('all')),
  );
  const other = createTcpServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.after(() => other.close());
  const { port: taken } = other.address() as { port: number };
  const routes = [route('all'), route('added', { prefix: '/added', revision: 'added' })];
  dir.write('mesh.yaml', documents(gatewayOf('edge', [port, taken]), ...routes));
  await tulle.logged(`cannot listen on 127.0.0.1 port ${taken} (EADDRINUSE)`);
  await answers('/added', 200);
  const [problem] = (await config()).problems;
  assert.equal(problem?.code, 'cannot-listen');
  assert.ok(problem.location.file.endsWith('mesh.yaml'));
  assert.equal(problem.location.line, 9);
  other.close();
  await tulle.until(async () => (await httpAsk(taken, '/')).status === 200, 'the port is taken');
  await tulle.logged('every address of the configuration is listened on now');
  assert.deepEqual((await config()).problems, []);
});

test('changes in quick succession end with the last one', async (t) => {
  const text = (port: number, count: number): string =>
    documents(gateway(port), route('all', { revision: `r${count}` }));
  const { dir, tulle, port } = await setUp(t, (free) => text(free, 0), 1);
  for (let count = 1; count <= 50; count++) dir.write('mesh.yaml', text(port, count));
  await tulle.until(async () => (await revision(port)) === 'r50', 'the last change');
});

test('the access log is opened anew at SIGHUP', async (t) => {
  const logDir = new ConfigDir(t);
  const { port: backPort } = await origin(t);
  const port = await freePort();
  const text = documents(gateway(port), route('all'), backend('origin', backPort));
  const dir = new ConfigDir(t, { 'mesh.yaml': text });
  const args = ['--access-log', logDir.file('access.log')];
  const tulle = await Tulle.start(t, dir.file('mesh.yaml'), { args });
  await httpAsk(port, '/before');
  await tulle.until(() => logDir.read('access.log').includes('/before'), 'a line');
  logDir.move('access.log', 'rotated.log');
  tulle.signal('SIGHUP');
  await tulle.until(() => logDir.has('access.log'), 'a new file');
  await httpAsk(port, '/after');
  await tulle.until(() => logDir.read('access.log').includes('/after'), 'a line in the new file');
  assert.ok(!logDir.read('rotated.log').includes('/after'));
});
