/** When requests have ended in every way there is, nothing of them is left. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allQuiet, clusterOf, eventually } from '../support/await.ts';
import { filteredPlane } from '../support/filtered-plane.ts';
import { scripted } from '../support/fixture.ts';
import { type BackendConnection, ok } from '../support/raw-backend.ts';
import { RawClient } from '../support/raw-client.ts';

const POST = 'POST /TARGET HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\n';

/** What a client does about a request; each ends with the connection. */
const CLIENTS: Readonly<Record<string, (client: RawClient, target: string) => Promise<unknown>>> = {
  whole: async (client, target) => {
    client.send(POST.replace('TARGET', target));
    client.send('hello');
    await Promise.race([client.answer().catch(() => null), client.closed]);
    client.close();
  },
  cutBody: async (client, target) => {
    client.send(POST.replace('TARGET', target));
    client.send('he');
    await new Promise((resolve) => setTimeout(resolve, 5));
    client.reset();
  },
  halfBody: async (client, target) => {
    client.send(POST.replace('TARGET', target));
    client.send('he');
    client.endSending();
    await client.closed;
  },
  goes: async (client, target) => {
    client.send(`GET /${target} HTTP/1.1\r\nhost: test\r\n\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    client.reset();
  },
  pipelines: async (client, target) => {
    client.send(`GET /${target} HTTP/1.1\r\nhost: test\r\n\r\n`.repeat(5));
    client.endSending();
    await Promise.race([client.toEnd().catch(() => null), client.closed]);
    client.close();
  },
  stopsInHead: async (client) => {
    client.send('GET / HTTP/1.1\r\nho');
    client.endSending();
    await client.answer();
    client.close();
  },
};

/** What a backend does about one. */
const BACKENDS: Readonly<Record<string, (connection: BackendConnection) => unknown>> = {
  answers: (connection) => connection.send(ok()),
  closes: (connection) => connection.socket.destroySoon(),
  resets: (connection) => connection.reset(),
  refuses: (connection) =>
    connection.send('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n'),
  breaksOff: (connection) => {
    connection.send('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc');
    connection.socket.destroySoon();
  },
  says: (connection) => connection.send('nonsense\r\n\r\n'),
  isSilent: () => {},
};

describe('after requests that ended in every way', () => {
  it('no deadline, connection, request or filter is left', async (t) => {
    const backend = await scripted(t, async (connection) => {
      for (;;) {
        const head = await connection.requestHead().catch(() => null);
        const name = /^\S+ \/(\w+)/.exec(head?.start ?? '')?.[1];
        if (name === undefined) return;
        // Each second time it waits for the body first.
        if (backend.connections.length % 2 === 0) await connection.body(head ?? NO_HEAD, false);
        BACKENDS[name]?.(connection);
      }
    });
    let opened = 0;
    const plane = await filteredPlane(
      t,
      backend,
      [
        () => {
          opened++;
          return {};
        },
      ],
      {
        rule: {
          retry: { codes: [503], attempts: 2, backoffMs: 10 },
          timeouts: { requestMs: 150, backendRequestMs: 60 },
        },
        cluster: { idleMs: 50, limits: { connectionsMax: 3, pendingMax: 5, requestsMax: 8 } },
      },
    );
    const all: Promise<unknown>[] = [];
    for (let round = 0; round < 3; round++) {
      for (const act of Object.values(CLIENTS)) {
        for (const target of Object.keys(BACKENDS)) {
          const client = await RawClient.connect(plane.port);
          t.after(() => client.close());
          all.push(act(client, target));
        }
      }
    }
    await Promise.all(all);
    await eventually(() => plane.plane.figures().connections === 0, 'no client is connected');
    await allQuiet(plane);
    await eventually(() => clusterOf(plane).connections === 0, 'no backend is connected');
    assert.equal(plane.deadlines(), 0);
    assert.equal(plane.completed(), opened);
    assert.equal(opened > 0 && plane.log.length >= opened, true);
    const flags = new Set(plane.log.map((entry) => entry.flags));
    for (const flag of ['', 'DC', 'UC', 'UT', 'UO', 'UPE', 'DPE']) {
      assert.equal(flags.has(flag), true, `${flag} in ${[...flags].join(' ')}`);
    }
  });
});

const NO_HEAD = { start: '', fields: [] };
