/** Starts that cannot succeed: one clear line, the right exit code, and soon. */

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ConfigDir, httpAsk, type LaunchOptions, Tulle } from '../support/cli.ts';
import { freePort } from '../support/data-plane.ts';
import { origin } from '../support/origin.ts';
import { backend, documents, gateway, gatewayOf, route } from '../support/resources.ts';

const NOBODY_UID = 65_534;

async function taken(t: TestContext): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as { port: number }).port;
}

function mesh(port: number): string {
  return documents(gateway(port), route('all'), backend('origin', 9));
}

/** Ends with this code, after one line for people that says why. */
async function refuses(tulle: Tulle, code: number, line: RegExp): Promise<void> {
  assert.deepEqual(await tulle.exited, { code, signal: null }, tulle.err);
  const lines = tulle.err.split('\n').filter((one) => one.startsWith('tulle: '));
  assert.equal(lines.length, 1, tulle.err);
  assert.match(lines[0] ?? '', line);
  assert.equal(tulle.out, '');
}

test('a port in use', async (t) => {
  const port = await taken(t);
  const dir = new ConfigDir(t, { 'mesh.yaml': mesh(port) });
  const tulle = Tulle.up(t, dir.path, { workers: 2 });
  await refuses(
    tulle,
    1,
    new RegExp(`cannot listen on 127\\.0\\.0\\.1 port ${port} \\(EADDRINUSE`),
  );
});

test('one port of two in use: what was served meanwhile is answered', async (t) => {
  const [free, used] = [await freePort(), await taken(t)];
  const { port: backPort } = await origin(t);
  const dir = new ConfigDir(t, {
    'mesh.yaml': documents(gatewayOf('edge', [free, used]), route('all')),
    'origin.yaml': backend('origin', backPort),
  });
  await refuses(Tulle.up(t, dir.path), 1, new RegExp(`cannot listen on .* port ${used} `));
});

test('the admin port in use: no connection is taken', async (t) => {
  const [port, admin] = [await freePort(), await taken(t)];
  const dir = new ConfigDir(t, { 'mesh.yaml': mesh(port) });
  const tulle = Tulle.run(t, ['up', '-f', dir.path, '--admin', `127.0.0.1:${admin}`]);
  const tries = setInterval(() => {
    void httpAsk(port, '/').then(({ status }) => assert.equal(status, 0));
  }, 5);
  t.after(() => clearInterval(tries));
  await refuses(
    tulle,
    1,
    /cannot listen for admin on 127\.0\.0\.1:\d+: another process has the port/,
  );
});

test('a port that this user may not have', async (t) => {
  const probe = createServer();
  const mayListen = await new Promise<boolean>((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen({ port: 1, host: '127.0.0.1' }, () => resolve(true));
  });
  probe.close();
  const isRoot = process.getuid?.() === 0;
  const options: LaunchOptions = isRoot ? { uid: NOBODY_UID } : {};
  if (mayListen && !isRoot) {
    t.skip('low ports are free for every user here (net.ipv4.ip_unprivileged_port_start)');
    return;
  }
  const dir = new ConfigDir(t, { 'mesh.yaml': mesh(1) });
  dir.readableByAll();
  await refuses(Tulle.up(t, dir.path, options), 1, /port 1 \(EACCES\): this user may not listen/);
});

test('an address of another machine', async (t) => {
  const text = mesh(await freePort()).replace('value: 127.0.0.1', 'value: 192.0.2.7');
  const dir = new ConfigDir(t, { 'mesh.yaml': text });
  await refuses(Tulle.up(t, dir.path), 1, /192\.0\.2\.7 port \d+ \(EADDRNOTAVAIL\)/);
});

test('nothing to serve', async (t) => {
  const empty = new ConfigDir(t);
  await refuses(Tulle.up(t, empty.path), 1, /nothing to serve/);
  const broken = new ConfigDir(t, { 'mesh.yaml': 'kind: [\n', 'other.yaml': route('all') });
  const tulle = Tulle.up(t, broken.path);
  await refuses(tulle, 1, /nothing to serve/);
  assert.match(tulle.err, /mesh\.yaml:\d+:\d+: error: /);
});

test('a file that is not there', async (t) => {
  await refuses(Tulle.up(t, '/no/such/file.yaml'), 1, /there is no file or directory/);
});

test('an access log that cannot be written', async (t) => {
  const dir = new ConfigDir(t, { 'mesh.yaml': mesh(await freePort()) });
  const args = ['--access-log', '/no/such/directory/access.log'];
  await refuses(Tulle.up(t, dir.path, { args }), 1, /cannot open the access log .*does not exist/);
});

test('wrong usage is exit code 2', async (t) => {
  const dir = new ConfigDir(t, { 'mesh.yaml': mesh(await freePort()) });
  for (const [args, line] of [
    [['--workers', '0'], /Write a number from 1 to 256/],
    [['--wrokers', '2'], /Did you mean --workers/],
    [['--drain-timeout', '5'], /Write a duration/],
    [['--access-log-format', '%NOPE%'], /unknown operator %NOPE%/],
  ] as const) {
    await refuses(Tulle.run(t, ['up', '-f', dir.path, ...args]), 2, line);
  }
});
