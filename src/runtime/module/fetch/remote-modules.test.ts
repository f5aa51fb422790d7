import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ManualClock } from '../../../base/clock.ts';
import { type Log, silentLog } from '../../../base/log.ts';
import { ManualScheduler } from '../../../base/scheduler.ts';
import { sha256Hex } from './digest.ts';
import type { RemoteSource } from './remote.ts';
import { RemoteModules } from './remote-modules.ts';
import { moduleOf, tar } from './testing/archive.ts';
import { StandInRegistry } from './testing/stand-in-registry.ts';

const ONE = moduleOf(1_000);
const TWO = moduleOf(2_000);
const ONE_SHA = sha256Hex(ONE);
const TWO_SHA = sha256Hex(TWO);

interface Rig {
  readonly registry: StandInRegistry;
  readonly directory: string;
  readonly clock: ManualClock;
  readonly scheduler: ManualScheduler;
  readonly remote: RemoteModules;
  readonly warnings: string[];
  changes: number;
  dockerConfig: string;
}

async function rig(t: TestContext, share?: Rig): Promise<Rig> {
  const directory = share?.directory ?? mkdtempSync(join(tmpdir(), 'tulle-remote-'));
  const registry = share?.registry ?? (await StandInRegistry.open());
  const clock = new ManualClock();
  const scheduler = new ManualScheduler(clock);
  const warnings: string[] = [];
  const log: Log = {
    ...silentLog,
    write: (level, message, fields) => {
      if (level === 'warn') warnings.push(`${message}: ${String(fields?.['reason'])}`);
    },
  };
  const remote = new RemoteModules({
    clock,
    scheduler,
    log,
    random: () => 0,
    cacheDirectory: directory,
    plainHttp: [],
    dockerConfig: async () => made.dockerConfig,
    onChange: () => {
      made.changes++;
    },
  });
  const made: Rig = {
    registry,
    directory,
    clock,
    scheduler,
    remote,
    warnings,
    changes: 0,
    dockerConfig: '',
  };
  t.after(async () => {
    remote.close();
    if (share !== undefined) return;
    await registry.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return made;
}

function source({ registry }: Rig, name: string, over: Partial<RemoteSource> = {}): RemoteSource {
  const url = `oci://${registry.web.host}/${name}`;
  return { url, sha256: '', pull: 'ifNotPresent', pullSecret: '', ...over };
}

/** Asks for the sources and waits for every attempt. */
async function want(rigged: Rig, ...sources: readonly RemoteSource[]): Promise<void> {
  rigged.remote.want(sources);
  await rigged.remote.settled();
}

async function bytesOf(rigged: Rig, wanted: RemoteSource): Promise<Uint8Array | null> {
  const bytes = await rigged.remote.bytes(wanted);
  return bytes === null ? null : new Uint8Array(bytes);
}

test('a module is fetched, kept on disk, and there at the next start without the registry', async (t) => {
  const first = await rig(t);
  const digest = first.registry.push('a:1', [{ bytes: ONE }]);
  const wanted = source(first, 'a:1');
  await want(first, wanted);
  assert.deepEqual(await bytesOf(first, wanted), ONE);
  assert.deepEqual(first.remote.status(wanted), {
    state: 'ready',
    source: `${first.registry.web.host}/a@${digest}`,
    sha256: ONE_SHA,
    error: '',
    attemptedMs: first.clock.wall(),
    nextMs: 0,
  });
  assert.equal(first.changes, 1);
  const asked = first.registry.paths.length;
  const second = await rig(t, first);
  await want(second, wanted);
  assert.deepEqual(await bytesOf(second, wanted), ONE);
  assert.equal(second.remote.status(wanted)?.attemptedMs, 0);
  assert.equal(first.registry.paths.length, asked);
});

test('asked for by two resources, and again: fetched once', async (t) => {
  const one = await rig(t);
  one.registry.push('a:1', [{ bytes: ONE }]);
  const wanted = source(one, 'a:1');
  await want(one, wanted, { ...wanted });
  await want(one, wanted);
  assert.equal(one.registry.paths.length, 2);
});

test('policy always: asked again with each configuration, loaded only when new', async (t) => {
  const one = await rig(t);
  one.registry.push('a:1', [{ bytes: ONE }]);
  const wanted = source(one, 'a:1', { pull: 'always' });
  await want(one, wanted);
  await want(one, wanted);
  assert.deepEqual(
    one.registry.paths.map((path) => path.split('/')[1]),
    ['manifests', 'blobs', 'manifests'],
  );
  assert.equal(one.changes, 1);
  one.registry.push('a:1', [{ bytes: TWO }]);
  await want(one, wanted);
  assert.equal(one.changes, 2);
  assert.deepEqual(await bytesOf(one, wanted), TWO);
});

test('policy ifNotPresent: a tag that moved is not looked at', async (t) => {
  const one = await rig(t);
  one.registry.push('a:1', [{ bytes: ONE }]);
  await want(one, source(one, 'a:1'));
  one.registry.push('a:1', [{ bytes: TWO }]);
  await want(one, source(one, 'a:1'));
  assert.deepEqual(await bytesOf(one, source(one, 'a:1')), ONE);
});

test('a failed attempt keeps the last good module, says why, and is repeated', async (t) => {
  const one = await rig(t);
  one.registry.push('a:1', [{ bytes: ONE }]);
  const wanted = source(one, 'a:1', { pull: 'always' });
  await want(one, wanted);
  one.registry.spoil = (_, response) => {
    response.writeHead(500);
    response.end();
    return true;
  };
  await want(one, wanted);
  const status = one.remote.status(wanted);
  assert.equal(status?.state, 'ready');
  assert.match(status?.error ?? '', /^500 from/);
  assert.equal(status?.nextMs, one.clock.wall() + 1_000);
  assert.deepEqual(await bytesOf(one, wanted), ONE);
  assert.equal(one.changes, 1);
  one.registry.spoil = () => false;
  one.registry.push('a:1', [{ bytes: TWO }]);
  one.scheduler.advance(1_000);
  await one.remote.settled();
  assert.deepEqual(await bytesOf(one, wanted), TWO);
  assert.equal(one.remote.status(wanted)?.error, '');
  assert.equal(one.scheduler.armed, 0);
});

test('a registry that is down at the start: the module arrives later by itself', async (t) => {
  const one = await rig(t);
  const wanted = source(one, 'a:1');
  await want(one, wanted);
  assert.equal(one.remote.status(wanted)?.state, 'failed');
  assert.match(one.remote.status(wanted)?.error ?? '', /^404 from .*: it has no manifest 1$/);
  assert.equal(await bytesOf(one, wanted), null);
  assert.equal(one.changes, 1);
  for (const pauseMs of [1_000, 2_000, 4_000]) {
    assert.equal(one.scheduler.nextAtMs - one.clock.now(), pauseMs);
    one.scheduler.advance(pauseMs);
    await one.remote.settled();
  }
  assert.equal(one.changes, 1);
  assert.equal(one.warnings.length, 4);
  one.registry.push('a:1', [{ bytes: ONE }]);
  one.scheduler.advance(8_000);
  await one.remote.settled();
  assert.equal(one.changes, 2);
  assert.deepEqual(await bytesOf(one, wanted), ONE);
});

test('a new configuration does not wait for the pause', async (t) => {
  const one = await rig(t);
  const wanted = source(one, 'a:1');
  await want(one, wanted);
  one.registry.push('a:1', [{ bytes: ONE }]);
  await want(one, wanted);
  assert.deepEqual(await bytesOf(one, wanted), ONE);
  assert.equal(one.scheduler.armed, 0);
});

test('nobody waits for a slow registry longer than the bound', async (t) => {
  const one = await rig(t);
  one.registry.push('a:1', [{ bytes: ONE }]);
  const held = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  one.registry.spoil = (_, response) => {
    arrived.resolve();
    void held.promise.then(() => {
      one.registry.spoil = () => false;
      response.writeHead(307, { location: '/v2/a/manifests/1' });
      response.end();
    });
    return true;
  };
  const wanted = source(one, 'a:1');
  one.remote.want([wanted]);
  const waited = one.remote.settled(2_000);
  await arrived.promise;
  one.scheduler.advance(2_000);
  await waited;
  assert.equal(one.remote.status(wanted)?.state, 'loading');
  assert.equal(await bytesOf(one, wanted), null);
  held.resolve();
  await one.remote.settled();
  assert.deepEqual(await bytesOf(one, wanted), ONE);
  assert.equal(one.changes, 1);
});

test('an attempt has a bound of its own', async (t) => {
  const one = await rig(t);
  const arrived = Promise.withResolvers<void>();
  one.registry.spoil = (_, response) => {
    response.writeHead(200);
    // Something now and then: silence would end it sooner.
    const drip = setInterval(() => response.write(' '), 5);
    response.on('close', () => clearInterval(drip));
    arrived.resolve();
    return true;
  };
  const wanted = source(one, 'a:1');
  one.remote.want([wanted]);
  await arrived.promise;
  for (let second = 0; second < 119; second++) {
    one.scheduler.advance(1_000);
    if (second % 8 === 0) await delay(12);
  }
  assert.equal(one.remote.status(wanted)?.state, 'loading');
  one.scheduler.advance(1_000);
  // The next attempt's timer is not the one waited for.
  one.scheduler.advance(0);
  await one.remote.settled();
  assert.match(one.remote.status(wanted)?.error ?? '', /it took longer than 120 s/);
});

test('sha256 of the module, of the image, of neither', async (t) => {
  const one = await rig(t);
  const digest = one.registry.push('a:1', [{ bytes: ONE }]);
  for (const sha256 of [ONE_SHA, digest.slice('sha256:'.length)]) {
    const wanted = source(one, 'a:1', { sha256 });
    await want(one, wanted);
    assert.deepEqual(await bytesOf(one, wanted), ONE, sha256);
  }
  const wrong = source(one, 'a:1', { sha256: TWO_SHA });
  await want(one, wrong);
  const reason = new RegExp(
    `^the module has sha256 ${ONE_SHA}, its image ${digest}; expected ${TWO_SHA}$`,
  );
  assert.match(one.remote.status(wrong)?.error ?? '', reason);
  assert.equal(await bytesOf(one, wrong), null);
});

test('a module of that sha256 in the cache need not be fetched at all', async (t) => {
  const one = await rig(t);
  writeFileSync(join(one.directory, ONE_SHA), ONE);
  const wanted = source(one, 'never/pushed:1', { sha256: ONE_SHA });
  await want(one, wanted);
  assert.deepEqual(await bytesOf(one, wanted), ONE);
  assert.deepEqual(one.registry.paths, []);
});

test('an image of no use is not loaded again until it changes', async (t) => {
  const one = await rig(t);
  one.registry.push('a:1', [{ bytes: tar({ name: 'readme', bytes: 'x' }) }]);
  const wanted = source(one, 'a:1');
  await want(one, wanted);
  one.scheduler.advance(1_000);
  await one.remote.settled();
  assert.match(one.remote.status(wanted)?.error ?? '', /no layer of the image/);
  const blobs = (): number => one.registry.paths.filter((path) => path.includes('/blobs/')).length;
  assert.equal(blobs(), 1);
  one.registry.push('a:1', [{ bytes: ONE }]);
  one.scheduler.advance(2_000);
  await one.remote.settled();
  assert.equal(blobs(), 2);
  assert.deepEqual(await bytesOf(one, wanted), ONE);
});

test('a damaged file of the cache is fetched again', async (t) => {
  const one = await rig(t);
  one.registry.push('a:1', [{ bytes: ONE }]);
  const wanted = source(one, 'a:1');
  await want(one, wanted);
  writeFileSync(join(one.directory, ONE_SHA), 'x');
  assert.equal(await bytesOf(one, wanted), null);
  await one.remote.settled();
  assert.equal(one.changes, 2);
  assert.deepEqual(await bytesOf(one, wanted), ONE);
  const other = await rig(t, one);
  writeFileSync(join(one.directory, ONE_SHA), 'x');
  await want(other, wanted);
  assert.deepEqual(await bytesOf(other, wanted), ONE);
});

test('without a disk the module is held in memory', async (t) => {
  const one = await rig(t);
  rmSync(one.directory, { recursive: true });
  writeFileSync(one.directory, 'a file');
  one.registry.push('a:1', [{ bytes: ONE }]);
  const wanted = source(one, 'a:1');
  await want(one, wanted);
  assert.deepEqual(await bytesOf(one, wanted), ONE);
  assert.deepEqual(await bytesOf(one, wanted), ONE);
});

test('credentials: of the pull secret, else of the process; what one may see another may not', async (t) => {
  const one = await rig(t);
  one.registry.auth = { type: 'basic', user: 'u:p' };
  one.registry.push('a:1', [{ bytes: ONE }]);
  const config = JSON.stringify({
    auths: { [one.registry.web.host]: { username: 'u', password: 'p' } },
  });
  const secret = source(one, 'a:1', { pullSecret: config });
  await want(one, secret, source(one, 'a:1'));
  assert.deepEqual(await bytesOf(one, secret), ONE);
  const denied = one.remote.status(source(one, 'a:1'));
  assert.match(
    denied?.error ?? '',
    /^401 from .*: no credentials for it in the Docker configuration$/,
  );
  one.dockerConfig = config;
  await want(one, source(one, 'a:1'));
  assert.deepEqual(await bytesOf(one, source(one, 'a:1')), ONE);
  one.dockerConfig = '{hush';
  await want(one, source(one, 'b:1'));
  assert.equal(
    one.remote.status(source(one, 'b:1'))?.error,
    'the Docker configuration is not JSON',
  );
});

test('what is no longer wanted is no longer asked for', async (t) => {
  const one = await rig(t);
  const wanted = source(one, 'a:1');
  await want(one, wanted);
  assert.equal(one.scheduler.armed, 1);
  await want(one);
  assert.equal(one.scheduler.armed, 0);
  assert.equal(one.remote.status(wanted), null);
  assert.equal(await bytesOf(one, wanted), null);
  const arrived = Promise.withResolvers<void>();
  one.registry.spoil = () => {
    arrived.resolve();
    return true;
  };
  one.remote.want([wanted]);
  await arrived.promise;
  const { changes } = one;
  one.remote.close();
  await delay(20);
  assert.equal(one.changes, changes);
  assert.equal(one.scheduler.armed, 0);
});

test('a few at a time', async (t) => {
  const one = await rig(t);
  let open = 0;
  let most = 0;
  for (let index = 0; index < 12; index++) one.registry.push(`a${index}:1`, [{ bytes: ONE }]);
  one.registry.spoil = (_, response) => {
    most = Math.max(most, ++open);
    response.on('finish', () => open--);
    return false;
  };
  const sources = Array.from({ length: 12 }, (_, index) => source(one, `a${index}:1`));
  await want(one, ...sources);
  for (const wanted of sources) assert.equal(one.remote.status(wanted)?.state, 'ready');
  assert.ok(most <= 4, String(most));
  assert.equal(readdirSync(one.directory).filter((name) => name !== 'refs').length, 1);
});
