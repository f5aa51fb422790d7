/** The end of a process: requests in flight are answered, idle connections closed, then it exits. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigDir, httpAsk, Tulle } from '../support/cli.ts';
import { freePort } from '../support/data-plane.ts';
import { type Origin, origin } from '../support/origin.ts';
import { RawClient } from '../support/raw-client.ts';
import { backend, documents, gateway, route } from '../support/resources.ts';

type Context = Parameters<typeof origin>[0];

interface Served {
  readonly tulle: Tulle;
  readonly port: number;
  readonly back: Origin;
}

async function served(t: Context, args: readonly string[] = [], workers = 2): Promise<Served> {
  const back = await origin(t);
  const port = await freePort();
  const text = documents(gateway(port), route('all'), backend('origin', back.port));
  const dir = new ConfigDir(t, { 'mesh.yaml': text });
  const tulle = await Tulle.start(t, dir.file('mesh.yaml'), { args, workers });
  return { tulle, port, back };
}

/** A request that is answered after `ms`. */
function inFlight(
  { port, back }: Served,
  ms: number,
): { begun: Promise<void>; outcome: Promise<string> } {
  const before = back.requests();
  const outcome = RawClient.connect(port).then(async (client) => {
    client.send(`GET /slow?${ms} HTTP/1.1\r\nhost: test\r\n\r\n`);
    try {
      const { status, body, field } = await client.answer();
      return `${status} ${body} ${field('connection')}`;
    } catch {
      return 'cut';
    }
  });
  const begun = (async () => {
    while (back.requests() === before) await delay(5);
  })();
  return { begun, outcome };
}

for (const how of ['SIGTERM', 'SIGINT', 'POST /drain', 'tulle drain']) {
  test(`${how}: what is in flight is answered, then the process exits 0`, async (t) => {
    const all = await served(t);
    const { tulle, port } = all;
    const answer = inFlight(all, 1_000);
    await answer.begun;
    const startMs = performance.now();
    if (how === 'POST /drain') assert.equal((await tulle.admin('/drain', 'POST')).status, 202);
    else if (how === 'tulle drain') {
      const verb = Tulle.run(t, ['drain', '--admin', String(tulle.adminPort)]);
      assert.equal((await verb.exited).code, 0);
      assert.equal(verb.out, `127.0.0.1:${tulle.adminPort} drains\n`);
    } else tulle.signal(how as NodeJS.Signals);
    await tulle.logged('draining');
    assert.equal((await tulle.admin('/ready')).status, 503);
    assert.match((await tulle.admin('/ready')).text, /draining/);
    await tulle.until(async () => (await httpAsk(port, '/')).status === 0, 'no longer accepting');
    assert.equal(await answer.outcome, '200 slow ok close');
    assert.deepEqual(await tulle.exited, { code: 0, signal: null });
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs < 10_000, `exited only after ${tookMs} ms`);
    assert.match(tulle.err, /drained: every request was answered/);
  });
}

test('an idle connection may still send one request, and is told that it is the last', async (t) => {
  const { tulle, port } = await served(t);
  const [asks, silent] = [await RawClient.connect(port), await RawClient.connect(port)];
  assert.equal((await asks.get()).field('connection'), undefined);
  await silent.get();
  tulle.signal('SIGTERM');
  await tulle.logged('draining');
  await delay(100);
  const last = await asks.get();
  assert.equal(last.status, 200);
  assert.equal(last.field('connection'), 'close');
  assert.equal(await silent.head(), null);
  assert.equal((await tulle.exited).code, 0);
});

test('what is not answered by the deadline is cut, and the exit code says so', async (t) => {
  const all = await served(t, ['--drain-timeout', '500ms']);
  const answer = inFlight(all, 20_000);
  await answer.begun;
  const startMs = performance.now();
  all.tulle.signal('SIGTERM');
  assert.equal(await answer.outcome, 'cut');
  assert.equal((await all.tulle.exited).code, 1);
  assert.ok(performance.now() - startMs < 8_000);
  assert.match(all.tulle.err, /stopped before every request was answered/);
});

test('a second signal ends it at once; the same signal told twice does not', async (t) => {
  const all = await served(t);
  const answer = inFlight(all, 20_000);
  await answer.begun;
  all.tulle.signal('SIGTERM');
  all.tulle.signal('SIGTERM');
  await all.tulle.logged('draining');
  await delay(300);
  assert.equal(all.tulle.exit, null);
  all.tulle.signal('SIGTERM');
  assert.equal(await answer.outcome, 'cut');
  assert.equal((await all.tulle.exited).code, 1);
});

test('SIGTERM after POST /drain, as an orchestrator sends it, cuts nothing', async (t) => {
  const all = await served(t);
  const answer = inFlight(all, 1_000);
  await answer.begun;
  await all.tulle.admin('/drain', 'POST');
  await all.tulle.logged('draining');
  all.tulle.signal('SIGTERM');
  assert.equal(await answer.outcome, '200 slow ok close');
  assert.equal((await all.tulle.exited).code, 0);
});

test('a reader of its output that goes away does not end it', async (t) => {
  const { tulle, port } = await served(t);
  tulle.child.stdout?.destroy();
  tulle.child.stderr?.destroy();
  for (let count = 0; count < 3; count++) {
    tulle.signal('SIGHUP');
    await delay(50);
    assert.equal((await httpAsk(port, '/')).status, 200);
  }
  tulle.signal('SIGTERM');
  assert.equal((await tulle.exited).code, 0);
});
