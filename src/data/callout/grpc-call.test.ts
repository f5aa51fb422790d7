/** Against a server that does what each path says; `grpc-server.test.ts` meets a real one. */

import assert from 'node:assert/strict';
import http2 from 'node:http2';
import net from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
import type { UpstreamConnector } from '../upstream/connector.ts';
import { FrameReader, frame } from './grpc-frames.ts';
import { at, cluster, LIMITS_OF_CLUSTER, Room } from './testing/room.ts';

const cleanup: (() => void)[] = [];
afterEach(() => {
  for (const one of cleanup.splice(0).reverse()) one();
});

type Stream = http2.ServerHttp2Stream;
type Answer = (stream: Stream, headers: http2.IncomingHttpHeaders) => void;

const OK = { ':status': 200, 'content-type': 'application/grpc' };

async function listen(server: net.Server | http2.Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.push(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

async function serve(
  answer: Answer,
): Promise<{ room: Room; sessions: http2.ServerHttp2Session[] }> {
  const server = http2.createServer();
  const sessions: http2.ServerHttp2Session[] = [];
  server.on('session', (session) => {
    sessions.push(session);
    cleanup.push(() => session.destroy());
  });
  server.on('stream', (stream: Stream, headers) => {
    stream.on('error', () => {});
    answer(stream, headers);
  });
  return { room: roomAt(await listen(server)), sessions };
}

function roomAt(port: number, changes = {}): Room {
  const room = new Room(cluster(at(port), changes));
  cleanup.push(() => room.close());
  return room;
}

/** Answers with messages and a status in trailers. */
function answerWith(messages: readonly string[], status: string, more = {}): Answer {
  return (stream) => {
    stream.respond(OK, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, ...more }));
    for (const message of messages) stream.write(frame(Buffer.from(message)));
    stream.end();
  };
}

describe('grpc call of a filter', () => {
  it('sends what gRPC asks for, and gives only the message', async () => {
    const heard = Promise.withResolvers<http2.IncomingHttpHeaders>();
    const { room } = await serve((stream, headers) => {
      heard.resolve(headers);
      answerWith(['answer'], '0')(stream, headers);
    });
    const initialMetadata = ['x-a', '1', 'x-a', '2', 'content-type', 'no', ':path', '/no'];
    const talk = room.grpc({ initialMetadata });
    assert.deepEqual(await talk.until(1), ['message answer']);
    const headers = await heard.promise;
    assert.equal(headers[':path'], '/test.Echo/Unary');
    assert.equal(headers[':method'], 'POST');
    assert.equal(headers['content-type'], 'application/grpc');
    assert.equal(headers['te'], 'trailers');
    assert.equal(headers['grpc-timeout'], '5000m');
    assert.equal(headers['x-a'], '1, 2');
    assert.equal(room.active, 0);
  });

  it('gives only the status where it is not OK', async () => {
    const { room } = await serve(answerWith(['ignored'], '5', { 'grpc-message': 'not%20here' }));
    assert.deepEqual(await room.grpc().until(1), ['close 5 not here']);
  });

  it('takes a status without a body', async () => {
    const { room } = await serve((stream) => {
      stream.respond({ ...OK, 'grpc-status': '16', 'grpc-message': 'who' }, { endStream: true });
    });
    assert.deepEqual(await room.grpc().until(1), ['close 16 who']);
    const talk = room.grpc({ message: null });
    assert.deepEqual(await talk.until(3), ['initial', 'trailing', 'close 16 who']);
    assert.deepEqual(talk.initial, []);
    assert.ok(talk.trailing.includes('grpc-status'));
  });

  it('makes a status of answers that are not gRPC', async () => {
    const plain = await serve((stream) => {
      stream.respond({ ':status': 404 });
      stream.end('no');
    });
    assert.deepEqual(await plain.room.grpc().until(1), ['close 12']);
    const silent = await serve(answerWith([], '0'));
    assert.deepEqual(await silent.room.grpc().until(1), ['close 13']);
    const bare = await serve((stream) => {
      stream.respond(OK);
      stream.end(frame(Buffer.from('x')));
    });
    assert.deepEqual(await bare.room.grpc().until(1), ['close 2']);
    const odd = await serve(answerWith([], 'x'));
    assert.deepEqual(await odd.room.grpc().until(1), ['close 2']);
  });

  it('is unavailable where nobody listens, nobody speaks HTTP/2 or time runs out', async () => {
    const closed = net.createServer();
    const port = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    const [refused] = await roomAt(port).grpc().until(1);
    assert.match(refused ?? '', /^close 14 upstream connect error/);
    const { room } = await serve(() => {});
    assert.deepEqual(await room.grpc({ timeoutMs: 50 }).until(1), [
      'close 14 upstream request timeout',
    ]);
    const mute = net.createServer((socket) => cleanup.push(() => socket.destroy()));
    const silent = roomAt(await listen(mute), { connectMs: 50 });
    const [event] = await silent.grpc({ timeoutMs: 300 }).until(1);
    assert.match(event ?? '', /^close 14/);
  });

  it('is refused where the cluster has no endpoint or takes no more', () => {
    const empty = new Room(cluster({ type: 'static', endpoints: [] }));
    cleanup.push(() => empty.close());
    const full = roomAt(1, { limits: { ...LIMITS_OF_CLUSTER, requestsMax: 0 } });
    for (const room of [empty, full]) {
      const talk = room.grpc();
      assert.equal(talk.handle, 'refused');
      assert.deepEqual(talk.events, []);
      assert.equal(room.active, 0);
    }
  });

  it('is refused by a Wasm service, and unknown elsewhere', () => {
    const discovery = { type: 'wasm', service: 'default/s' } as const;
    const connector = {
      open: () => assert.fail(),
      retire: () => {},
    } as unknown as UpstreamConnector;
    const room = new Room(cluster(discovery), new Map([['default/s', connector]]));
    cleanup.push(() => room.close());
    assert.equal(room.grpc().handle, 'refused');
    assert.equal(room.grpc({ target: 'nobody' }).handle, 'unknown');
    assert.equal(room.grpc({ service: 'a/b' }).handle, 'malformed');
    assert.equal(room.grpc({ method: '' }).handle, 'malformed');
  });
});

describe('grpc stream of a filter', () => {
  it('is told of a failure before any answer by metadata made here', async () => {
    const closed = net.createServer();
    const port = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    const talk = roomAt(port).grpc({ message: null });
    const events = await talk.until(3);
    assert.deepEqual(events.slice(0, 2), ['initial', 'trailing']);
    assert.match(events[2] ?? '', /^close 14 /);
    assert.deepEqual(talk.initial, []);
    assert.deepEqual(talk.trailing.slice(2, 6), [
      'content-type',
      'application/grpc',
      'grpc-status',
      '14',
    ]);
  });

  /** Sends each message back and ends when the client does. */
  const echo: Answer = (stream) => {
    stream.respond({ ...OK, 'x-from': 'echo' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-end': '1' }));
    const reader = new FrameReader((message) => stream.write(frame(message)));
    stream.on('data', (chunk: Buffer) => reader.read(chunk));
    stream.on('end', () => stream.end());
  };

  it('gives metadata, messages, metadata and the status in order', async () => {
    const { room } = await serve(echo);
    const talk = room.grpc({ message: null, timeoutMs: 0 });
    talk.stream.send(Buffer.from('one'), false);
    await talk.until(2);
    talk.stream.send(Buffer.from('two'), false);
    await talk.until(3);
    talk.stream.end();
    const events = await talk.until(5);
    assert.deepEqual(events, ['initial', 'message one', 'message two', 'trailing', 'close 0']);
    assert.deepEqual(talk.initial.slice(0, 2), [':status', '200']);
    assert.ok(talk.initial.includes('echo'));
    assert.deepEqual(talk.trailing, ['grpc-status', '0', 'x-end', '1']);
  });

  it('may still get messages after its own end', async () => {
    const { room } = await serve((stream, headers) => {
      stream.on('end', () => answerWith(['late', 'later'], '0')(stream, headers));
      stream.resume();
    });
    const talk = room.grpc({ message: null });
    talk.stream.send(Buffer.from('only'), true);
    talk.stream.send(Buffer.from('dropped'), false);
    talk.stream.end();
    const events = await talk.until(5);
    assert.deepEqual(events.slice(1, 3), ['message late', 'message later']);
  });

  it('tells nothing more once it is cancelled, and the server hears of it', async () => {
    const closed = Promise.withResolvers<number>();
    const begun = Promise.withResolvers<void>();
    const { room } = await serve((stream) => {
      stream.on('close', () => closed.resolve(stream.rstCode));
      stream.respond(OK);
      begun.resolve();
    });
    const talk = room.grpc({ message: null });
    await begun.promise;
    await talk.until(1);
    talk.stream.cancel();
    talk.stream.send(Buffer.from('x'), true);
    assert.equal(await closed.promise, http2.constants.NGHTTP2_CANCEL);
    assert.deepEqual(talk.events, ['initial']);
    assert.equal(room.active, 0);
  });

  it('ends with an unknown error where it is reset after its head', async () => {
    const { room } = await serve((stream) => {
      stream.respond(OK);
      setImmediate(() => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR));
    });
    assert.deepEqual(await room.grpc({ message: null }).until(3), [
      'initial',
      'trailing',
      'close 2',
    ]);
  });

  it('ends where messages are too large, compressed or not taken', async () => {
    const size = Buffer.alloc(5);
    size.writeUInt32BE(LIMITS.calloutAnswerBytesMax + 1, 1);
    for (const [bytes, close] of [
      [size, 'close 8 a message is too large'],
      [Uint8Array.of(1, 0, 0, 0, 0), 'close 13 a message is compressed'],
    ] as const) {
      const { room } = await serve((stream) => {
        stream.respond(OK);
        stream.write(bytes);
      });
      assert.equal((await room.grpc({ message: null }).until(3)).at(-1), close);
    }
    const { room } = await serve(() => {});
    const talk = room.grpc({ message: null });
    for (let i = 0; i < 20; i++) talk.stream.send(Buffer.alloc(100_000), false);
    assert.equal((await talk.until(3)).at(-1), 'close 8 too much is unsent');
  });

  it('shares a connection with others, and gets a new one when that is gone', async () => {
    const { room, sessions } = await serve(echo);
    const first = room.grpc({ message: null });
    const second = room.grpc({ message: null });
    first.stream.send(Buffer.from('a'), false);
    second.stream.send(Buffer.from('b'), false);
    await Promise.all([first.until(2), second.until(2)]);
    assert.equal(sessions.length, 1);
    sessions[0]?.destroy();
    await Promise.all([first.until(4), second.until(4)]);
    const third = room.grpc({ message: null });
    third.stream.send(Buffer.from('c'), true);
    assert.deepEqual((await third.until(4)).slice(1), ['message c', 'trailing', 'close 0']);
    assert.equal(sessions.length, 2);
  });
});
