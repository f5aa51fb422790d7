import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createAdminServer } from '../admin/server.ts';
import { TestSource } from '../admin/testing/source.ts';
import { silentLog } from '../base/log.ts';
import { run } from './testing/run.ts';

async function withAdmin(use: (admin: string, source: TestSource) => Promise<void>): Promise<void> {
  const source = new TestSource();
  const server = await createAdminServer(source, { host: '127.0.0.1', port: 0, log: silentLog });
  try {
    await use(`127.0.0.1:${server.port}`, source);
  } finally {
    await server.close();
  }
}

async function withServer(
  answer: RequestListener,
  use: (admin: string) => Promise<void>,
): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('get routes as a table', () =>
  withAdmin(async (admin) => {
    const { code, out } = await run(['get', 'routes', '--admin', admin]);
    assert.equal(code, 0);
    const [header, row, ...rest] = out.split('\n');
    assert.match(header ?? '', /^PORT {2}HOSTNAMES +MATCH +FILTERS +BACKENDS +RULE$/);
    assert.match(
      row ?? '',
      /^8080 {2}\*\.example\.com {2}GET PathPrefix \/api .* default\/shop\/0$/,
    );
    assert.deepEqual(rest, ['']);
  }));

test('get the other kinds, in the singular too', () =>
  withAdmin(async (admin, source) => {
    source.families = [
      {
        name: 'a_total',
        help: '',
        kind: 'counter',
        samples: [{ labels: { x: '1', y: '2' }, value: 3, histogram: null }],
      },
    ];
    const expected: [string, RegExp][] = [
      [
        'cluster',
        /^backend\/default\/a +static +127\.0\.0\.1:9000, 127\.0\.0\.1:9001 \(unhealthy\) +2 +0 +3/m,
      ],
      [
        'filters',
        /^default\/headers +failed +open +4 +file:\/\/a\.wasm +- +- +not a WebAssembly module$/m,
      ],
      [
        'filters',
        /^default\/remote +ready +closed +0 +oci:\/\/example\.com\/f:1 +0{12} +failed 2026-01-02T03:04:05Z +503 from example\.com$/m,
      ],
      ['services', /^no services$/m],
      ['worker', /^0 +serving +3d4h +0\.3ms +5 +1 +7 +0$/m],
      ['stats', /^a_total +x=1,y=2 +3 +- +- +-$/m],
    ];
    for (const [kind, row] of expected) {
      const { code, out } = await run(['get', kind, '--admin', admin]);
      assert.equal(code, 0, kind);
      assert.match(out, row);
    }
  }));

test('get as JSON is what the page says', () =>
  withAdmin(async (admin, source) => {
    const { out } = await run(['get', 'workers', '-o', 'json', '--admin', admin]);
    assert.deepEqual(JSON.parse(out), await source.workers());
  }));

test('a failing page is one line and 1', () =>
  withAdmin(async (admin, source) => {
    source.failing = true;
    const { code, out, err } = await run(['get', 'clusters', '--admin', admin]);
    assert.deepEqual([code, out], [1, '']);
    assert.equal(err, 'tulle: the page failed. Look at the process log.\n');
  }));

test('drain', () =>
  withAdmin(async (admin, source) => {
    const { code, out } = await run(['drain', '--admin', admin]);
    assert.deepEqual([code, out, source.drains], [0, `${admin} drains\n`, 1]);
  }));

test('tap prints until its reader goes', () =>
  withAdmin(async (admin, source) => {
    const ran = run(['tap', '--admin', admin], { writesMax: 1 });
    for (let turn = 0; turn < 2_000 && source.taps.size === 0; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    source.emit({ lines: '{"status":200}\n', dropped: 0 });
    const { code, out } = await ran;
    assert.deepEqual([code, out], [0, '{"status":200}\n']);
  }));

test('tap ends with the process it watches', async () => {
  const source = new TestSource();
  const server = await createAdminServer(source, { host: '127.0.0.1', port: 0, log: silentLog });
  const ran = run(['tap', '--admin', `127.0.0.1:${server.port}`]);
  for (let turn = 0; turn < 2_000 && source.taps.size === 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await server.close();
  assert.equal((await ran).code, 0);
});

test('somebody else at that address', async () => {
  const strangers: RequestListener[] = [
    (_request, response) => response.end('<html>'),
    (_request, response) => response.end('null'),
    (_request, response) => response.writeHead(404).end('not here'),
  ];
  for (const stranger of strangers) {
    await withServer(stranger, async (admin) => {
      for (const verb of [['get', 'routes'], ['drain']]) {
        const { code, err } = await run([...verb, '--admin', admin]);
        assert.equal(code, 1);
        assert.equal(err, `tulle: what answers at ${admin} is no tulle process\n`);
      }
    });
  }
});

test('a connection that breaks is one line', async () => {
  const cut: RequestListener[] = [
    (request) => request.socket.destroy(),
    (request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('[', () => request.socket.destroy());
    },
  ];
  for (const answer of cut) {
    await withServer(answer, async (admin) => {
      for (const verb of [['get', 'routes'], ['tap']]) {
        const { code, err } = await run([...verb, '--admin', admin]);
        assert.equal(code, 1);
        assert.match(err, /^tulle: no answer \(ECONNRESET\) at 127[^\n]+\n$/);
      }
    });
  }
});

test('an IPv6 address that nobody listens on is shown in brackets', async () => {
  const { code, err } = await run(['drain', '--admin', '[::1]:1']);
  assert.equal(code, 1);
  assert.match(err, /at \[::1\]:1; start `tulle up`, or name its admin address/);
});
