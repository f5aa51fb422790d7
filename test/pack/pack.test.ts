/**
 * What npm would publish, as a stranger gets it: packed from a copy of the tree, installed into an
 * empty folder by plain npm, and run with a Node that is too old for it.
 */

import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = resolve(import.meta.dirname, '../..');
const NPM_MS = 180_000;
const READY_MS = 20_000;

/** What a published version is made of. */
const PACKED = ['bin', 'docs', 'examples', 'src', 'LICENSE', 'README.md', 'package.json'];
const CONFIGURED = ['tsconfig.json', 'tsconfig.build.json'];

/** PATH without the Node that npm put there for this test, and the oldest Node that is left. */
const plainPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'))
  .join(delimiter);
const plainEnv = envWithout(/^npm_|^NODE/i);
const olderNode = versionOf(spawnSync('node', ['--version'], { env: plainEnv, encoding: 'utf8' }));
const npm = spawnSync('npm', ['--version'], { env: plainEnv });

function envWithout(names: RegExp): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !names.test(name));
  return { ...Object.fromEntries(kept), PATH: plainPath, NO_COLOR: '1' };
}

/** NaN where there is none. */
function versionOf({ status, stdout }: SpawnSyncReturns<string>): number {
  return status === 0 ? Number(/^v(\d+)/.exec(stdout)?.[1]) : Number.NaN;
}

function skipReason(): string | false {
  if (npm.status !== 0) return 'needs npm on PATH, outside of node_modules';
  if (Number.isNaN(olderNode)) return 'needs a Node on PATH, outside of node_modules';
  if (olderNode >= 26) return `needs a Node older than 26 on PATH; there is ${olderNode}`;
  return false;
}

function run(command: string, args: readonly string[], cwd: string): string {
  const options = { cwd, env: plainEnv, encoding: 'utf8', timeout: NPM_MS } as const;
  const done = spawnSync(command, args, options);
  assert.equal(done.status, 0, `${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

describe('the package', { skip: skipReason() }, () => {
  const base = mkdtempSync(join(tmpdir(), 'tulle-pack-'));
  const app = join(base, 'app');
  let tarball = '';

  before(() => {
    const copy = join(base, 'tulle');
    mkdirSync(copy);
    for (const name of [...PACKED, ...CONFIGURED]) {
      cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    // `prepack` builds dist/.
    run('npm', ['pack', '--silent', '--pack-destination', base], copy);
    tarball = join(base, readdirSync(base).find((name) => name.endsWith('.tgz')) ?? '');
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true }\n');
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    run('npm', ['install', ...quiet, tarball], app);
  });

  after(() => rmSync(base, { recursive: true, force: true }));

  it('holds the command, examples and pages, and no sources or tests', () => {
    const files = run('tar', ['-tzf', tarball], base).trim().split('\n');
    const has = (name: string): boolean => files.includes(`package/${name}`);
    for (const name of ['bin/tulle.js', 'dist/cli/main.js', 'dist/app/worker.js', 'LICENSE']) {
      assert.ok(has(name), name);
    }
    for (const name of ['examples/modules/cgi-hello.wasm', 'docs/start.md', 'README.md']) {
      assert.ok(has(name), name);
    }
    const odd = files.filter((name) =>
      /\.ts$|\.test\.[cm]?js$|\/testing\/|package\/(src|test)\//.test(name),
    );
    assert.deepEqual(odd, []);
  });

  it('has nothing publint minds', () => {
    const publint = join(ROOT, 'node_modules/.bin/publint');
    const printed = run(process.execPath, [publint, 'run', '--strict', tarball], base);
    assert.match(printed, /All good/);
  });

  it('installs what it needs', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies)) {
      assert.ok(existsSync(join(app, 'node_modules', name)), name);
    }
  });

  it('says its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    assert.equal(run('npx', ['tulle', '--version'], app).trim(), version);
  });

  it('finds nothing wrong with its own examples', () => {
    const examples = join(app, 'node_modules/tulle/examples');
    const names = readdirSync(examples).filter((name) => name.endsWith('.yaml') || name === 'shop');
    assert.ok(names.length >= 5);
    for (const name of names) {
      const args = ['tulle', 'check', '-f', `node_modules/tulle/examples/${name}`];
      assert.match(run('npx', args, app), /: no problem\n$/, name);
    }
  });

  it('serves the shop, and ends with 0 at SIGTERM', async () => {
    const port = await freePort();
    const shop = join(app, 'shop');
    cpSync(join(app, 'node_modules/tulle/examples/shop'), shop, { recursive: true });
    cpSync(join(app, 'node_modules/tulle/examples/modules'), join(app, 'modules'), {
      recursive: true,
    });
    const gateway = join(shop, 'gateway.yaml');
    writeFileSync(gateway, readFileSync(gateway, 'utf8').replaceAll('8080', String(port)));
    // The command itself, which npx would stand before.
    const command = join(app, 'node_modules/.bin/tulle');
    const args = ['up', '-f', 'shop', '--admin', 'off', '--workers', '1'];
    const child = spawn(command, args, {
      cwd: app,
      env: plainEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    child.stdout.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
    });
    child.stderr.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
    });
    const exited = once(child, 'exit');
    try {
      const answer = await untilAnswered(
        `http://127.0.0.1:${port}/orders/42`,
        () => child.exitCode,
      );
      assert.equal(answer.status, 200, printed);
      assert.match(await answer.text(), /^path \/orders\/42$/m);
      assert.match(printed, /RULE[^]*default\/shop\/orders[^]*try:\n/);
    } finally {
      child.kill('SIGTERM');
    }
    assert.deepEqual(await exited, [0, null], printed);
  });
});

async function untilAnswered(url: string, exitCode: () => number | null): Promise<Response> {
  for (const end = performance.now() + READY_MS; ; await sleep(20)) {
    const answer = await fetch(url).catch(() => null);
    if (answer !== null) return answer;
    if (exitCode() !== null || performance.now() > end) assert.fail('nobody serves');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
