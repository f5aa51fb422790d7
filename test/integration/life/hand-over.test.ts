/** A second process takes over the port of the first, under load, and no request is lost. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigDir, Tulle } from '../support/cli.ts';
import { freePort } from '../support/data-plane.ts';
import { origin } from '../support/origin.ts';
import { backend, documents, gateway, route } from '../support/resources.ts';
import { SteadyLoad } from '../support/steady-load.ts';

const HAND_OVERS = 5;

for (const keepAlive of [true, false]) {
  const name = keepAlive ? 'connections kept alive' : 'a connection for each request';
  test(`five hand-overs under load, ${name}: no request fails`, async (t) => {
    const back = await origin(t);
    const port = await freePort();
    const text = documents(gateway(port), route('all'), backend('origin', back.port));
    const dir = new ConfigDir(t, { 'mesh.yaml': text });
    const start = (): Promise<Tulle> => Tulle.start(t, dir.file('mesh.yaml'), { workers: 2 });
    let current = await start();
    const load = new SteadyLoad({ port, clients: 32, keepAlive });
    for (let count = 0; count < HAND_OVERS; count++) {
      const next = await start();
      const before = load.answered;
      current.signal('SIGTERM');
      const exit = await current.exited;
      assert.deepEqual(exit, { code: 0, signal: null }, current.err);
      await next.until(() => load.answered > before + 100, 'the next process answers');
      current = next;
      await delay(100);
    }
    const { answered, failed, failures } = await load.stop();
    assert.equal(failed, 0, `${failed} of ${answered + failed}: ${JSON.stringify(failures)}`);
    assert.ok(answered > 1_000);
  });
}
