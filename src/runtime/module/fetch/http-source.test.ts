import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { systemScheduler } from '../../../base/scheduler.ts';
import { FetchError } from './fetch-error.ts';
import type { FetchOutcome } from './fetched.ts';
import { fetchHttp } from './http-source.ts';
import { moduleOf, tar } from './testing/archive.ts';
import { WebServer } from './testing/web-server.ts';

const MODULE = moduleOf(3_000);

async function serve(t: TestContext, answer: RequestListener): Promise<WebServer> {
  const web = await WebServer.open(() => answer);
  t.after(() => web.close());
  return web;
}

function fetched(url: string, knownVersion = ''): Promise<FetchOutcome> {
  const signal = new AbortController().signal;
  return fetchHttp(url, knownVersion, { scheduler: systemScheduler, signal });
}

test('a module, with its entity tag and where it came from', async (t) => {
  const web = await serve(t, (_, response) => {
    response.setHeader('etag', 'W/"1"');
    response.end(MODULE);
  });
  const found = await fetched(`${web.url}/a.wasm?b=c`);
  const expected = { version: 'W/"1"', source: `${web.url}/a.wasm?b=c`, digests: [] };
  assert.deepEqual(found, { module: new Uint8Array(MODULE), ...expected });
});

test('an unchanged module is not sent again: by tag, else by date', async (t) => {
  const date = 'Mon, 23 Nov 2026 10:00:00 GMT';
  const web = await serve(t, (request, response) => {
    const { headers, url } = request;
    if (url === '/date') response.setHeader('last-modified', date);
    else response.setHeader('etag', '"1"');
    const isSame = headers['if-none-match'] === '"1"' || headers['if-modified-since'] === date;
    response.statusCode = isSame ? 304 : 200;
    response.end(isSame ? undefined : MODULE);
  });
  for (const path of ['/tag', '/date']) {
    const first = await fetched(web.url + path);
    assert.ok(first !== 'unchanged');
    assert.equal(await fetched(web.url + path, first.version), 'unchanged');
    assert.notEqual(await fetched(web.url + path, '"0"'), 'unchanged');
  }
});

test('304 to a question nobody asked is an error', async (t) => {
  const web = await serve(t, (_, response) => {
    response.statusCode = 304;
    response.end();
  });
  await assert.rejects(fetched(web.url), /304 from/);
});

test('credentials in the URL are sent and never shown', async (t) => {
  const web = await serve(t, (request, response) => {
    response.statusCode = request.headers.authorization === 'Basic dTpwQHc=' ? 200 : 401;
    response.end(MODULE);
  });
  const found = await fetched(`http://u:p%40w@${web.host}/a`);
  assert.ok(typeof found === 'object' && 'source' in found);
  assert.equal(found.source, `${web.url}/a`);
  await assert.rejects(fetched(`http://u:hush@${web.host}/a`), (error) => {
    assert.ok(error instanceof FetchError);
    assert.match(error.message, /^401 from 127\.0\.0\.1:\d+ for \/a/);
    assert.doesNotMatch(error.message, /hush/);
    return true;
  });
});

test('an archive is unpacked; one without a module is of no use', async (t) => {
  const web = await serve(t, (request, response) => {
    const name = request.url === '/good' ? 'plugin.wasm' : 'readme';
    response.setHeader('etag', '"1"');
    response.end(gzipSync(tar({ name, bytes: MODULE })));
  });
  const found = await fetched(`${web.url}/good`);
  assert.ok(typeof found === 'object' && 'module' in found);
  assert.deepEqual(found.module, MODULE);
  const bad = { unusable: 'the archive holds no .wasm file', version: '"1"' };
  assert.deepEqual(await fetched(`${web.url}/bad`), bad);
});

test('a page is of no use', async (t) => {
  const web = await serve(t, (_, response) => response.end('<html>'.repeat(200)));
  const found = await fetched(web.url);
  assert.deepEqual(found, { unusable: 'the bytes are no tar archive', version: '' });
});

test('what is asked to wait says how long', async (t) => {
  const web = await serve(t, (_, response) => {
    response.writeHead(503, { 'retry-after': '7' });
    response.end();
  });
  await assert.rejects(
    fetched(web.url),
    (error) => error instanceof FetchError && error.retryAfterMs === 7_000,
  );
});
