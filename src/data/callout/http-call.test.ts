import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
import type { CalloutResponse } from '../../runtime/proxy-wasm/callouts.ts';
import { callHead } from './http-call.ts';
import { at, cluster, LIMITS_OF_CLUSTER, Room } from './testing/room.ts';

const cleanup: (() => void)[] = [];
afterEach(() => {
  for (const one of cleanup.splice(0).reverse()) one();
});

interface Heard {
  readonly line: string;
  readonly fields: string[];
  readonly body: string;
  readonly trailers: string[];
}

/** A server that keeps what it hears and answers by `answer`. */
async function backend(
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => void,
): Promise<{ room: Room; heard: Heard[] }> {
  const heard: Heard[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const line = `${request.method} ${request.url}`;
      heard.push({ line, fields: request.rawHeaders, body, trailers: request.rawTrailers });
      answer(request, response);
    });
  });
  const port = await listen(server);
  cleanup.push(() => server.closeAllConnections());
  return { room: roomAt(port), heard };
}

async function listen(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.push(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

function roomAt(port: number, changes = {}): Room {
  const room = new Room(cluster(at(port), changes));
  cleanup.push(() => room.close());
  return room;
}

const textOf = (response: CalloutResponse | null): string =>
  Buffer.from(response?.body ?? []).toString();

describe('http call of a filter', () => {
  it('sends head, body and length; gives status first, fields, body', async () => {
    const { room, heard } = await backend((_, response) => {
      response.writeHead(201, { 'x-answer': 'yes', date: 'now' });
      response.end('made');
    });
    const fields = [':method', 'POST', ':path', '/ask?x=1', ':authority', 'Other.test', 'x-a', '1'];
    fields.push('x-a', '2', 'connection', 'close', 'content-length', '999', 'host', 'evil');
    const { answer } = room.http({ fields, body: Buffer.from('question') });
    const response = await answer;
    assert.equal(heard[0]?.line, 'POST /ask?x=1');
    const sent = heard[0]?.fields.map((one) => one.toLowerCase()) ?? [];
    assert.deepEqual(sent, ['host', 'other.test', 'x-a', '1', 'x-a', '2', 'content-length', '8']);
    assert.equal(heard[0]?.body, 'question');
    assert.deepEqual(response?.fields.slice(0, 4), [':status', '201', 'x-answer', 'yes']);
    assert.equal(textOf(response), 'made');
    assert.equal(room.active, 0);
    assert.equal(room.counter('requests', { code_class: '2xx' }), 1);
  });

  it('sends and gives trailers', async () => {
    const { room, heard } = await backend((_, response) => {
      response.writeHead(200, { trailer: 'x-t' });
      response.write('part');
      response.addTrailers({ 'x-t': 'end' });
      response.end();
    });
    const fields = [':method', 'POST', ':path', '/', ':authority', 'a'];
    const { answer } = room.http({ fields, body: Buffer.from('b'), trailers: ['x-sent', '1'] });
    const response = await answer;
    assert.deepEqual(heard[0]?.trailers, ['x-sent', '1']);
    assert.deepEqual(response?.trailers, ['x-t', 'end']);
    assert.equal(textOf(response), 'part');
  });

  it('keeps connections between calls, and makes several at once', async () => {
    const { room, heard } = await backend((request, response) => response.end(request.url));
    const ask = (path: string): Promise<CalloutResponse | null> =>
      room.http({ fields: [':method', 'GET', ':path', path, ':authority', 'a'] }).answer;
    assert.equal(textOf(await ask('/1')), '/1');
    assert.equal(textOf(await ask('/2')), '/2');
    assert.equal(room.counter('connections'), 1);
    const both = await Promise.all([ask('/3'), ask('/4')]);
    assert.deepEqual(both.map(textOf), ['/3', '/4']);
    assert.equal(heard.length, 4);
  });

  it('answers 504 itself where the timeout passes', async () => {
    const { room } = await backend(() => {});
    const response = await room.http({ timeoutMs: 50 }).answer;
    assert.deepEqual(response?.fields.slice(0, 2), [':status', '504']);
    assert.equal(textOf(response), 'upstream request timeout');
    assert.equal(room.counter('timeouts'), 1);
  });

  it('answers 503 itself where nobody listens, or the connection breaks before an answer', async () => {
    const closed = net.createServer();
    const port = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    const refused = await roomAt(port).http().answer;
    assert.equal(refused?.fields[1], '503');
    assert.match(textOf(refused), /reset reason: remote connection failure$/);
    const cutting = net.createServer((socket) => socket.on('data', () => socket.destroy()));
    const cut = await roomAt(await listen(cutting)).http().answer;
    assert.equal(cut?.fields[1], '503');
    assert.match(textOf(cut), /reset reason: connection termination$/);
  });

  it('is refused where the cluster has no endpoint or takes no more', async () => {
    const empty = new Room(cluster({ type: 'static', endpoints: [] }));
    cleanup.push(() => empty.close());
    assert.equal(empty.http().handle, 'refused');
    assert.equal(empty.active, 0);
    const full = roomAt(1, { limits: { ...LIMITS_OF_CLUSTER, requestsMax: 1 } });
    const first = full.http();
    assert.equal(typeof first.handle, 'object');
    assert.equal(full.http().handle, 'refused');
    await first.answer;
    assert.equal(full.active, 0);
  });

  it('has no answer where it breaks off, is late with its end or grows too large', async () => {
    const { room } = await backend((request, response) => {
      response.writeHead(200, { 'content-length': '5000000' });
      response.write('part');
      if (request.url === '/cut') setImmediate(() => request.socket.destroy());
      if (request.url === '/large') response.write(Buffer.alloc(LIMITS.calloutAnswerBytesMax));
    });
    const ask = (path: string, timeoutMs = 5_000): Promise<CalloutResponse | null> =>
      room.http({ timeoutMs, fields: [':method', 'GET', ':path', path, ':authority', 'a'] }).answer;
    assert.equal(await ask('/cut'), null);
    assert.equal(await ask('/slow', 100), null);
    assert.equal(await ask('/large'), null);
    assert.equal(room.active, 0);
  });

  it('repeats what a kept connection lost, if that is safe', async () => {
    let served = 0;
    const server = net.createServer((socket) => {
      let first = true;
      socket.on('error', () => {});
      socket.on('data', () => {
        served++;
        if (!first) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        first = false;
      });
    });
    const room = roomAt(await listen(server));
    await room.http().answer;
    assert.equal(textOf(await room.http().answer), 'ok');
    assert.equal(served, 3);
    const fields = [':method', 'POST', ':path', '/', ':authority', 'a'];
    assert.equal((await room.http({ fields }).answer)?.fields[1], '503');
  });

  it('is over when it is cancelled', async () => {
    const gone = Promise.withResolvers<void>();
    const heard = Promise.withResolvers<void>();
    const { room } = await backend((request) => {
      request.socket.on('close', () => gone.resolve());
      heard.resolve();
    });
    const { handle, answer } = room.http();
    let answered = false;
    void answer.then(() => {
      answered = true;
    });
    await heard.promise;
    assert.ok(typeof handle === 'object');
    handle.cancel();
    handle.cancel();
    await gone.promise;
    assert.equal(answered, false);
    assert.equal(room.active, 0);
  });

  it('refuses what makes no head, and targets it does not know', async () => {
    const { room } = await backend((_, response) => response.end());
    const heads = [
      [':method', 'GE T', ':path', '/', ':authority', 'a'],
      [':method', 'CONNECT', ':path', '/', ':authority', 'a'],
      [':method', 'GET', ':path', 'x', ':authority', 'a'],
      [':method', 'GET', ':path', '/ HTTP/1.1', ':authority', 'a'],
      [':method', 'GET', ':path', '/', ':authority', 'a b'],
    ];
    for (const fields of heads) assert.equal(room.http({ fields }).handle, 'malformed');
    assert.equal(room.http({ target: 'nobody' }).handle, 'unknown');
    assert.equal(room.http({ caller: 'team/filter' }).handle, 'unknown');
    assert.match(room.log.take().join(), /a call to "nobody" was refused/);
    assert.equal(callHead([':method', 'GET']), null);
  });
});
