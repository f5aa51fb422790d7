/** A new snapshot, again and again, under load: no request fails. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Snapshot } from '../../../src/config/snapshot.ts';
import { allQuiet, clusterOf, eventually } from '../support/await.ts';
import { cluster, rule, snapshot } from '../support/data-plane.ts';
import { clientOf, planeFor, serving } from '../support/fixture.ts';
import { type BackendConnection, ok } from '../support/raw-backend.ts';

const CLIENTS = 32;
const RELOADS = 200;

describe('reload', () => {
  it('under load fails no request: other routes, other clusters, other endpoints', async (t) => {
    const [a, b, c] = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        serving(t, (request, connection) => connection.send(ok(name + request.body))),
      ),
    );
    if (a === undefined || b === undefined || c === undefined) throw new Error('no backends');
    const plane = await planeFor(t, [a]);
    const { port } = plane;
    const to = (name: string) => [{ cluster: name, weight: 1, filters: [], invalid: null }];
    const variants: Snapshot[] = [
      snapshot({ port, rules: [rule()], clusters: [cluster([a.endpoint])] }),
      snapshot({ port, rules: [rule()], clusters: [cluster([b.endpoint, c.endpoint])] }),
      snapshot({
        port,
        rules: [rule({ name: 'default/other/0', backends: to('other') })],
        clusters: [cluster([c.endpoint], { name: 'other' }), cluster([b.endpoint])],
      }),
    ];
    let running = true;
    const answered = new Map<string, number>();
    const loop = async (index: number): Promise<void> => {
      const client = await clientOf(t, plane);
      for (let i = 0; running; i++) {
        const body = `${index}.${i}`;
        const answer = i % 3 === 0 ? await client.get() : await client.post(body);
        assert.equal(answer.status, 200);
        const from = answer.body.slice(0, 1);
        assert.equal(answer.body.slice(1), i % 3 === 0 ? '' : body);
        answered.set(from, (answered.get(from) ?? 0) + 1);
      }
      client.close();
    };
    const loops = Array.from({ length: CLIENTS }, (_, i) => loop(i));
    const failed = Promise.race(loops);
    for (let i = 0; i < RELOADS; i++) {
      await plane.apply({ ...(variants[i % 3] as Snapshot), version: i + 2 });
      const before = plane.log.length;
      await Promise.race([failed, eventually(() => plane.log.length > before, 'requests go on')]);
    }
    running = false;
    await Promise.all(loops);
    assert.equal(
      plane.log.every(({ status, flags }) => status === 200 && flags === ''),
      true,
    );
    for (const name of ['a', 'b', 'c']) assert.equal((answered.get(name) ?? 0) > 0, true, name);
    await allQuiet(plane);
    await eventually(() => plane.plane.figures().connections === 0, 'all clients are gone');
    const { connections } = clusterOf(plane);
    assert.equal(connections <= a.open + b.open + c.open, true);
  });

  it('leaves a request the rules it began with', async (t) => {
    const held: BackendConnection[] = [];
    const backend = await serving(t, (_request, connection) => void held.push(connection));
    const set = { type: 'ResponseHeaderModifier' as const, add: [], remove: [] };
    const marked = (version: string) =>
      rule({ filters: [{ ...set, set: [['x-version', version] as const] }] });
    const plane = await planeFor(t, [backend], { rule: marked('1') });
    const client = await clientOf(t, plane);
    client.send('GET / HTTP/1.1\r\nhost: test\r\n\r\nGET / HTTP/1.1\r\nhost: test\r\n\r\n');
    await eventually(() => held.length === 1, 'the first is at the backend');
    const clusters = [cluster([backend.endpoint])];
    await plane.apply(snapshot({ port: plane.port, rules: [marked('2')], clusters }));
    held[0]?.send(ok());
    assert.equal((await client.answer()).field('x-version'), '1');
    await eventually(() => held.length === 2, 'the second is at the backend');
    held[1]?.send(ok());
    assert.equal((await client.answer()).field('x-version'), '2');
  });

  it('to nothing answers 404 and serves again after the next', async (t) => {
    const backend = await serving(t);
    const plane = await planeFor(t, [backend]);
    const client = await clientOf(t, plane);
    await client.get();
    await plane.apply(snapshot({ port: plane.port, rules: [], clusters: [] }));
    assert.equal((await client.get()).status, 404);
    const clusters = [cluster([backend.endpoint])];
    await plane.apply(snapshot({ port: plane.port, rules: [rule()], clusters }));
    assert.equal((await client.get()).status, 200);
  });
});
