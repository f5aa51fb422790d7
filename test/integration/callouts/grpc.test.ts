/** Calls of filters to a server made with grpc-go. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { at, cluster, Room } from '../../../src/data/callout/testing/room.ts';
import { GrpcGo, grpcGoMissing } from './grpc-go.ts';

describe('gRPC calls, grpc-go', { skip: grpcGoMissing() }, () => {
  let server: GrpcGo;
  let room: Room;

  before(async () => {
    server = await GrpcGo.start();
    room = new Room(cluster(at(server.port)));
  });

  after(async () => {
    room.close();
    await server.close();
  });

  it('makes a call', async () => {
    assert.deepEqual(await room.grpc().until(1), ['message got hello']);
    assert.deepEqual(await room.grpc({ message: Buffer.alloc(0) }).until(1), ['message got ']);
  });

  it('sends and gets messages of many frames', async () => {
    const talk = room.grpc({ message: Buffer.alloc(900_000, 'x') });
    await talk.until(1);
    assert.equal(talk.messages[0]?.length, 900_004);
  });

  it('gets a status with its message', async () => {
    const events = await room.grpc({ method: 'Fail' }).until(1);
    assert.deepEqual(events, [`close 5 no such thing: ${Buffer.from('é').toString('latin1')}`]);
  });

  it('passes its deadline on', async () => {
    const [event] = await room.grpc({ method: 'Sleep', timeoutMs: 100 }).until(1);
    assert.match(event ?? '', /^close (?:4|14) /);
  });

  it('streams both ways, with metadata', async () => {
    const initialMetadata = ['x-who', 'ann', 'x-who', 'bob'];
    const talk = room.grpc({ method: 'Greet', message: null, initialMetadata, timeoutMs: 0 });
    await talk.until(1);
    assert.equal(talk.initial[talk.initial.indexOf('x-asked') + 1], 'ann+bob');
    talk.stream.send(Buffer.from('1'), false);
    await talk.until(2);
    talk.stream.send(Buffer.from('2'), true);
    const events = await talk.until(5);
    assert.deepEqual(events, ['initial', 'message got 1', 'message got 2', 'trailing', 'close 0']);
    assert.equal(talk.trailing[talk.trailing.indexOf('x-end') + 1], '1');
  });

  it('cancels, and the server hears of it', async () => {
    const talk = room.grpc({ method: 'Sleep', message: null, timeoutMs: 0 });
    talk.stream.send(Buffer.from('x'), false);
    // The same connection: once this is answered, the stream before it has begun.
    await room.grpc().until(1);
    talk.stream.cancel();
    while (!server.lines.includes('cancelled')) await room.grpc().until(1);
    assert.deepEqual(talk.events, []);
  });
});
