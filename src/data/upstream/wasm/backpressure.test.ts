/** Answers are handed on no faster than the exchange takes them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../base/limits.ts';
import { type Attempt, Rig, Scripted } from './testing/client.ts';

const LENGTH = 300_000;
const BODY = Array.from({ length: LENGTH }, (_, index) => String(index % 10)).join('');
const answering = (): Rig => new Rig(new Scripted(() => `content-type: a/b\n\n${BODY}`));

test('a large answer comes in slices, whole', () => {
  const rig = answering();
  const attempt = rig.send();
  rig.settle();
  assert.equal(attempt.chunks, Math.ceil(LENGTH / 65_536));
  assert.ok(attempt.body === BODY && attempt.ended);
});

test('paused before its turn, it sends its head and then waits', () => {
  const rig = answering();
  const attempt = rig.send();
  attempt.stream?.pauseResponse();
  rig.settle();
  assert.equal(attempt.head?.status, 200);
  assert.equal(attempt.chunks, 0);
  attempt.stream?.resumeResponse();
  assert.equal(attempt.chunks, 0, 'not from inside the call');
  rig.settle();
  assert.ok(attempt.body === BODY && attempt.ended);
});

test('paused at every slice, it is whole all the same', () => {
  const rig = answering();
  const attempt = rig.send();
  attempt.react = () => attempt.stream?.pauseResponse();
  let turns = 0;
  rig.settle();
  while (!attempt.ended) {
    attempt.stream?.resumeResponse();
    attempt.stream?.resumeResponse();
    rig.settle();
    turns += 1;
  }
  assert.equal(turns, 5);
  assert.ok(attempt.body === BODY);
});

test('paused and resumed inside an event, it just goes on', () => {
  const rig = answering();
  const attempt = rig.send();
  attempt.react = () => {
    attempt.stream?.pauseResponse();
    attempt.stream?.resumeResponse();
  };
  rig.settle();
  assert.ok(attempt.body === BODY && attempt.ended);
});

test('the rest of a paused answer is its own, whatever runs meanwhile', () => {
  let letter = 'a';
  const rig = new Rig(new Scripted(() => `content-type: a/b\n\n${letter.repeat(100_000)}`));
  const slow = rig.send();
  slow.react = () => slow.stream?.pauseResponse();
  rig.settle();
  letter = 'b';
  const quick = rig.send();
  rig.settle();
  assert.ok(quick.body === 'b'.repeat(100_000));
  slow.react = () => {};
  slow.stream?.resumeResponse();
  rig.settle();
  assert.ok(slow.body === 'a'.repeat(100_000));
});

test('cancelled from inside an event, nothing follows', () => {
  for (const when of ['head', 'data'] as const) {
    const rig = answering();
    const attempt = rig.send();
    attempt.react = (event) => {
      if (event === when) attempt.stream?.cancel();
    };
    rig.settle();
    assert.equal(attempt.chunks, when === 'head' ? 0 : 1);
    assert.equal(rig.connector.inHand, 0);
  }
});

test('cancelled while paused, what it held is given back', () => {
  const size = LIMITS.guestOutputBytesMax - 100;
  const big = `content-type: a/b\n\n${'x'.repeat(size)}`;
  const rig = new Rig(new Scripted(() => big));
  const held = Math.floor(LIMITS.guestHeldBytesMax / size);
  const paused: Attempt[] = [];
  const one = (): Attempt => {
    const attempt = rig.send();
    attempt.stream?.pauseResponse();
    rig.settle();
    return attempt;
  };
  for (let i = 0; i < held; i++) paused.push(one());
  const over = one();
  assert.equal(over.failure?.code, 'service_limit', 'unread answers are bounded together');
  paused[0]?.stream?.cancel();
  assert.equal(one().failure, null);
});
