import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { systemScheduler } from '../../../base/scheduler.ts';
import { FetchError } from './fetch-error.ts';
import { type HttpDeps, httpRequest, retryAfterMs } from './http-request.ts';
import { WebServer } from './testing/web-server.ts';

async function serve(t: TestContext, answer: RequestListener): Promise<WebServer> {
  const web = await WebServer.open(() => answer);
  t.after(() => web.close());
  return web;
}

function deps(over: Partial<HttpDeps> = {}): HttpDeps {
  return { scheduler: systemScheduler, signal: new AbortController().signal, ...over };
}

async function get(url: string, over: Partial<HttpDeps> = {}, headers = {}, bytesMax = 1_000) {
  return httpRequest({ url: new URL(url), headers, bytesMax }, deps(over));
}

async function refused(answer: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(answer, (error) => {
    assert.ok(error instanceof FetchError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

test('an answer in pieces, of any status', async (t) => {
  const web = await serve(t, (request, response) => {
    response.writeHead(request.url === '/no' ? 418 : 200, { etag: '"1"' });
    response.write('ab');
    setImmediate(() => response.end('cd'));
  });
  const answer = await get(`${web.url}/a`, {}, { accept: 'x/y' });
  assert.equal(answer.status, 200);
  assert.equal(Buffer.from(answer.body).toString(), 'abcd');
  assert.equal(answer.headers.get('etag'), '"1"');
  const no = await get(`${web.url}/no`);
  assert.deepEqual([no.status, no.body.length], [418, 4]);
  const { headers } = web.asked[0] ?? {};
  assert.equal(headers?.['user-agent'], 'tulle');
  assert.equal(headers?.accept, 'x/y');
  assert.equal(headers?.['accept-encoding'], 'identity');
});

test('redirects lead on; who we are stays with the first host', async (t) => {
  const other = await serve(t, (_, response) => response.end('there'));
  const web = await serve(t, (request, response) => {
    const to = request.url === '/a' ? '/b' : `${other.url.replace('://', '://u:p@')}/c`;
    response.writeHead(302, { location: to });
    response.end('moved');
  });
  const answer = await get(`${web.url}/a`, {}, { authorization: 'Basic hush', accept: 'x/y' });
  assert.equal(Buffer.from(answer.body).toString(), 'there');
  assert.equal(answer.url.href, `${other.url}/c`);
  assert.deepEqual(
    web.asked.map(({ headers }) => headers.authorization),
    ['Basic hush', 'Basic hush'],
  );
  assert.equal(other.asked[0]?.headers.authorization, undefined);
  assert.equal(other.asked[0]?.headers.accept, 'x/y');
});

for (const [location, message] of [
  ['file:///etc/passwd', /redirects to "file:\/\/\/etc\/passwd", which is not followed/],
  ['data:,x', /is not followed/],
  ['http://[', /is not followed/],
  ['/again', /more than 5 times/],
] as const) {
  test(`a redirect to ${location} is refused`, async (t) => {
    const web = await serve(t, (_, response) => {
      response.writeHead(307, { location });
      response.end();
    });
    await refused(get(`${web.url}/`), message);
    assert.ok(web.asked.length <= 6);
  });
}

test('a POST is sent once, and not redirected', async (t) => {
  const web = await serve(t, (_, response) => {
    response.writeHead(307, { location: '/b' });
    response.end();
  });
  const request = { url: new URL(web.url), headers: {}, body: 'hush', bytesMax: 10 };
  await refused(httpRequest(request, deps()), /redirects a POST/);
  assert.deepEqual(
    web.asked.map(({ method, body }) => [method, body]),
    [['POST', 'hush']],
  );
});

test('an answer too large is refused, announced or not', async (t) => {
  const web = await serve(t, (request, response) => {
    if (request.url === '/announced') response.setHeader('content-length', 2_000_000);
    response.write(Buffer.alloc(1_001));
    if (request.url !== '/announced') response.end();
  });
  await refused(get(`${web.url}/announced`), /sends more than 1000 bytes/);
  await refused(get(`${web.url}/chunked`), /sends more than 1000 bytes/);
});

test('an error of any length is cut', async (t) => {
  const web = await serve(t, (_, response) => {
    response.writeHead(500);
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(10_000))) {}
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  });
  const { status, body } = await get(`${web.url}/`);
  assert.equal(status, 500);
  assert.ok(body.length < 200_000);
});

test('silence ends it, before the head and within the body', async (t) => {
  const web = await serve(t, (request, response) => {
    if (request.url === '/body') response.write('a');
  });
  await refused(get(`${web.url}/head`, { idleMs: 50 }), /sent nothing for 0\.05 s/);
  await refused(get(`${web.url}/body`, { idleMs: 50 }), /sent nothing for 0\.05 s/);
});

test('an answer that trickles goes on', async (t) => {
  const web = await serve(t, (_, response) => {
    let left = 8;
    const drip = setInterval(() => {
      response.write('x');
      if (--left > 0) return;
      clearInterval(drip);
      response.end();
    }, 20);
  });
  assert.equal((await get(`${web.url}/`, { idleMs: 120 })).body.length, 8);
});

test("the caller's end is told in the caller's words", async (t) => {
  const web = await serve(t, (_, response) => response.write('a'));
  const abort = new AbortController();
  const answer = get(`${web.url}/`, { signal: abort.signal });
  setTimeout(() => abort.abort(new FetchError('it took longer than 120 s')), 20);
  await refused(answer, /^it took longer than 120 s$/);
  await refused(get(`${web.url}/`, { signal: abort.signal }), /it took longer/);
});

test('an answer cut short is no answer', async (t) => {
  const web = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half');
    setImmediate(() => response.destroy());
  });
  await refused(get(`${web.url}/`), /^127\.0\.0\.1:\d+: the connection was closed before/);
});

test('nobody there, no such host, no HTTP, no TLS', async (t) => {
  const gone = await WebServer.open(() => (_, response) => response.end());
  const { url } = gone;
  await gone.close();
  await refused(get(url), /^127\.0\.0\.1:\d+: connection refused$/);
  await refused(
    get('http://no-such-host.invalid/'),
    /no-such-host\.invalid: (?:no such host|the name)/,
  );
  const raw = createServer((socket) => socket.end('SSH-2.0-x\r\n\r\n'));
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  t.after(() => raw.close());
  const { port } = raw.address() as { port: number };
  await refused(get(`http://127.0.0.1:${port}/`), /^127\.0\.0\.1:\d+: ./);
  await refused(get(`https://127.0.0.1:${port}/`), /^127\.0\.0\.1:\d+: ./);
});

test('Retry-After in seconds', () => {
  const of = (value: string): number => retryAfterMs(new Headers({ 'retry-after': value }));
  assert.equal(of('3'), 3_000);
  assert.equal(of('Wed, 21 Oct 2026 07:28:00 GMT'), 0);
  assert.equal(of('-1'), 0);
  assert.equal(retryAfterMs(new Headers()), 0);
});
