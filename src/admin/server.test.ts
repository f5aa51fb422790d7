import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import type { Log } from '../base/log.ts';
import { silentLog } from '../base/log.ts';
import { type AdminServer, createAdminServer } from './server.ts';
import { TestSource } from './testing/source.ts';

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

async function withServer(
  use: (server: AdminServer, source: TestSource) => Promise<void>,
  log: Log = silentLog,
): Promise<void> {
  const source = new TestSource();
  const server = await createAdminServer(source, { host: '127.0.0.1', port: 0, log });
  try {
    await use(server, source);
  } finally {
    await server.close();
  }
}

function ask(
  { port }: AdminServer,
  path: string,
  method = 'GET',
  headers: Record<string, string> = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    sent.end();
  });
}

test('the index lists every page', () =>
  withServer(async (server) => {
    const { body, headers } = await ask(server, '/');
    assert.match(headers['content-type'] ?? '', /^text\/plain/);
    assert.match(body, /^Tulle 1\.2\.3\n/);
    for (const path of ['/ready', '/metrics', '/config', '/tap', '/drain']) {
      assert.ok(body.includes(path), path);
    }
  }));

test('ready follows the source, live does not', () =>
  withServer(async (server, source) => {
    assert.equal((await ask(server, '/ready')).status, 200);
    source.ready = { ready: false, reason: 'no worker serves yet' };
    const refused = await ask(server, '/ready');
    assert.equal(refused.status, 503);
    assert.match(refused.body, /no worker serves yet/);
    assert.equal((await ask(server, '/live')).status, 200);
  }));

test('metrics are Prometheus text', () =>
  withServer(async (server, source) => {
    const sample = { labels: { x: '1' }, value: 4, histogram: null };
    source.families = [{ name: 'a_total', help: 'A.', kind: 'counter', samples: [sample] }];
    const { body, headers } = await ask(server, '/metrics');
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.ok(body.includes('a_total{x="1"} 4\n'));
    assert.equal(JSON.parse((await ask(server, '/stats')).body)[0].value, 4);
  }));

test('the configuration is shown without secrets, and before there is one', () =>
  withServer(async (server, source) => {
    const { body } = await ask(server, '/config');
    const shown = JSON.parse(body);
    assert.equal(shown.version, 7);
    assert.equal(shown.acceptedAt, '1970-01-01T00:00:01.000Z');
    assert.equal(shown.snapshot.binds[0].port, 8080);
    assert.equal(body.includes('hush'), false);
    source.snapshot = null;
    const empty = JSON.parse((await ask(server, '/config')).body);
    assert.deepEqual([empty.version, empty.acceptedAt, empty.snapshot], [0, null, null]);
    assert.deepEqual(JSON.parse((await ask(server, '/routes')).body), []);
  }));

test('lists are JSON', () =>
  withServer(async (server) => {
    for (const path of ['/routes', '/clusters', '/filters', '/services', '/workers']) {
      const { status, body, headers } = await ask(server, `${path}?pretty`);
      assert.equal(status, 200, path);
      assert.equal(headers['content-type'], 'application/json');
      assert.ok(Array.isArray(JSON.parse(body)), path);
    }
  }));

test('HEAD has the length and no body', () =>
  withServer(async (server) => {
    const { status, body, headers } = await ask(server, '/clusters', 'HEAD');
    assert.equal(status, 200);
    assert.equal(body, '');
    assert.ok(Number(headers['content-length']) > 10);
  }));

test('drain needs a POST, from no other site', () =>
  withServer(async (server, source) => {
    const wrongMethod = await ask(server, '/drain');
    assert.equal(wrongMethod.status, 405);
    assert.equal(wrongMethod.headers['allow'], 'POST');
    assert.match(wrongMethod.body, /Use POST \/drain/);
    const otherSite = await ask(server, '/drain', 'POST', { origin: 'https://evil.example' });
    assert.equal(otherSite.status, 403);
    const rebound = await ask(server, '/drain', 'POST', { host: 'evil.example' });
    assert.equal(rebound.status, 403);
    assert.equal(source.drains, 0);
    assert.equal((await ask(server, '/drain', 'POST')).status, 202);
    assert.equal(source.drains, 1);
  }));

test('what is not there or not allowed says what is', () =>
  withServer(async (server) => {
    const near = await ask(server, '/cluster');
    assert.equal(near.status, 404);
    assert.match(near.body, /Did you mean \/clusters\?/);
    assert.match((await ask(server, '/wp-login.php')).body, /GET \/ lists the pages/);
    for (const path of ['/config', '/tap']) {
      const refused = await ask(server, path, 'DELETE');
      assert.equal(refused.status, 405);
      assert.equal(refused.headers['allow'], 'GET');
    }
    assert.equal((await ask(server, '/constructor')).status, 404);
  }));

test('a page that fails answers 500 and is logged', async () => {
  const lines: string[] = [];
  const log: Log = { level: 'info', write: (_level, message) => lines.push(message) };
  await withServer(async (server, source) => {
    source.failing = true;
    const { status, body } = await ask(server, '/clusters');
    assert.equal(status, 500);
    assert.match(body, /Look at the process log/);
  }, log);
  assert.deepEqual(lines, ['admin page /clusters failed']);
});

test('a port in use is one clear line', () =>
  withServer(async (server, source) => {
    await assert.rejects(
      createAdminServer(source, { host: '127.0.0.1', port: server.port, log: silentLog }),
      /^Error: cannot listen for admin on 127\.0\.0\.1:[0-9]+: another process has the port; choose/,
    );
  }));

/** An open tap: the pieces it got, and how to wait for the next. */
function openTap({
  port,
}: AdminServer): Promise<{ response: IncomingMessage; next(): Promise<string> }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: '/tap', agent: false });
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.setEncoding('utf8');
      const next = (): Promise<string> =>
        new Promise((got) => response.once('data', (text: string) => got(text)));
      resolve({ response, next });
    });
    sent.end();
  });
}

test('taps get lines as they happen, share one subscription and end it', () =>
  withServer(async (server, source) => {
    const first = await openTap(server);
    const second = await openTap(server);
    assert.equal(source.taps.size, 1);
    assert.equal(first.response.headers['content-type'], 'application/x-ndjson');
    const both = Promise.all([first.next(), second.next()]);
    source.emit({ lines: '{"status":200}\n', dropped: 0 });
    assert.deepEqual(await both, ['{"status":200}\n', '{"status":200}\n']);
    const note = first.next();
    source.emit({ lines: '{"status":404}\n', dropped: 3 });
    assert.equal(await note, '{"missed":3}\n{"status":404}\n');
    first.response.destroy();
    second.response.destroy();
    for (let turn = 0; turn < 2_000 && source.taps.size > 0; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.equal(source.taps.size, 0);
  }));

test('a tap that reads nothing loses lines instead of memory, and does not hold up the end', () =>
  withServer(async (server, source) => {
    const slow = await openTap(server);
    slow.response.pause();
    const lines = `${'x'.repeat(99)}\n`.repeat(2_000);
    for (let i = 0; i < 200; i++) source.emit({ lines, dropped: 0 });
    await new Promise((resolve) => setImmediate(resolve));
    let text = '';
    slow.response.on('data', (piece: string) => {
      text += piece;
    });
    slow.response.resume();
    for (let turn = 0; turn < 2_000 && !text.includes('missed'); turn++) {
      source.emit({ lines: '', dropped: 0 });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const missed = Number(/\{"missed":([0-9]+)\}/.exec(text)?.[1]);
    assert.ok(missed > 0);
    const kept = (text.match(/x\n/g) ?? []).length;
    assert.equal(kept + missed, 400_000);
    slow.response.pause();
  }));

test('only so many taps', () =>
  withServer(async (server) => {
    const taps = [];
    for (let i = 0; i < 8; i++) taps.push(await openTap(server));
    assert.equal((await ask(server, '/tap')).status, 503);
    for (const tap of taps) tap.response.destroy();
  }));
