import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../base/limits.ts';
import { Harness } from '../../../runtime/service/testing/harness.ts';
import { Attempt, Rig, Scripted } from './testing/client.ts';

const HELLO = 'content-type: text/plain\n\nhello';

test('a request is answered by a real guest, in a turn of its own', async () => {
  const { service } = await Harness.start('cgi-hello');
  const rig = new Rig(service);
  const attempt = rig.send({
    method: 'POST',
    target: '/hello?a=b',
    fields: ['x-hello', 'hi', 'x-forwarded-for', '198.51.100.9, 192.0.2.7'],
    body: ['one ', 'two'],
  });
  assert.equal(attempt.head, null, 'nothing happens before the turn');
  assert.equal(rig.target.upstreamAddress, 'wasm://shop/hello');
  rig.settle();
  assert.deepEqual(attempt.head, {
    status: 200,
    version: 'HTTP/1.1',
    fields: ['content-type', 'text/plain', 'x-guest', 'cgi-hello', 'content-length', '52'],
  });
  assert.equal(attempt.body, 'method POST\npath /hello\nquery a=b\nx-hello hi\nbody 7\n');
  assert.ok(attempt.ended);
  assert.equal(rig.connector.inHand, 0);
});

test('the guest is told who asks, and how', async () => {
  const { service } = await Harness.start('cgi-hello');
  const rig = new Rig(service);
  const attempt = rig.send({
    target: '/env',
    fields: ['x-forwarded-for', '198.51.100.9, 192.0.2.7', 'proxy', 'x'],
  });
  rig.settle();
  const lines = attempt.body.split('\n');
  for (const line of ['REMOTE_ADDR=192.0.2.7', 'SERVER_NAME=shop.example', 'SERVER_PORT=80']) {
    assert.ok(lines.includes(line), line);
  }
  assert.ok(!attempt.body.includes('HTTP_PROXY='));
  assert.ok(!attempt.body.includes('CONTENT_LENGTH='));
});

test('statuses, redirects, framing: what a real guest says and what is sent', async () => {
  const { service } = await Harness.start('cgi-hello');
  const rig = new Rig(service);
  const answer = (target: string): unknown[] => {
    const attempt = rig.send({ target });
    rig.settle();
    return [attempt.head?.status, attempt.head?.fields, attempt.body];
  };
  assert.deepEqual(answer('/missing'), [
    404,
    ['content-type', 'text/plain', 'content-length', '9'],
    'not here\n',
  ]);
  const location = 'https://example.com/elsewhere';
  assert.deepEqual(answer('/redirect'), [302, ['location', location, 'content-length', '0'], '']);
  assert.deepEqual(answer('/empty'), [204, [], '']);
  assert.deepEqual(answer('/framing'), [
    200,
    ['content-type', 'text/plain', 'set-cookie', 'a=1', 'set-cookie', 'b=2', 'content-length', '4'],
    'body',
  ]);
});

test('failures of a real guest have their codes', async () => {
  const { service } = await Harness.start('cgi-hello');
  const rig = new Rig(service);
  const failure = (target: string): unknown[] => {
    const attempt = rig.send({ target });
    rig.settle();
    assert.equal(attempt.head, null);
    return [attempt.failure?.code, attempt.failure?.detail, attempt.failure?.reused];
  };
  assert.deepEqual(failure('/trap'), ['service_trap', 'unreachable', false]);
  assert.deepEqual(failure('/exit3'), [
    'service_answer',
    'nothing was written (exit code 3)',
    false,
  ]);
  assert.deepEqual(failure('/silent'), ['service_answer', 'nothing was written', false]);
  assert.equal(failure('/garbage')[0], 'service_answer');
  assert.equal(failure('/inject')[0], 'service_answer');
  assert.equal(failure(`/big?${LIMITS.guestOutputBytesMax + 1}`)[0], 'service_output');
  assert.equal(rig.connector.inHand, 0);
});

test('an answer followed by a failing exit is sent, and logged', async () => {
  const { service } = await Harness.start('cgi-hello');
  const rig = new Rig(service);
  const attempt = rig.send({ target: '/answer-exit3' });
  rig.settle();
  assert.equal(attempt.body, 'last words\n');
  assert.match(rig.log.lines[0]?.message ?? '', /exit code 3/);
});

test('HEAD has the length of a body and none', () => {
  const rig = new Rig(new Scripted(() => HELLO));
  const attempt = rig.send({ method: 'HEAD' });
  rig.settle();
  assert.deepEqual(attempt.head?.fields, ['content-type', 'text/plain', 'content-length', '5']);
  assert.deepEqual([attempt.body, attempt.ended, attempt.chunks], ['', true, 0]);
  const polite = new Rig(new Scripted(() => 'content-type: a/b\ncontent-length: 77\n\n'));
  const head = polite.send({ method: 'HEAD' });
  const get = polite.send();
  polite.settle();
  assert.deepEqual(head.head?.fields, ['content-type', 'a/b', 'content-length', '77']);
  assert.deepEqual(get.head?.fields, ['content-type', 'a/b', 'content-length', '0']);
});

test('204 and 304 have neither body nor length', () => {
  for (const status of [204, 304]) {
    const rig = new Rig(new Scripted(() => `status: ${status}\netag: "x"\n\nstray`));
    const attempt = rig.send();
    rig.settle();
    assert.deepEqual([attempt.head?.fields, attempt.body], [['etag', '"x"'], '']);
    assert.ok(attempt.ended);
  }
});

test('a body waits for its end; trailers end it; an empty one is a body', () => {
  const service = new Scripted(() => HELLO);
  const rig = new Rig(service);
  const open = rig.send({ body: ['a', null] });
  rig.settle();
  assert.equal(service.runs, 0);
  open.stream?.writeData(Buffer.from('b'), false);
  open.stream?.writeTrailers(['x', 'y']);
  const empty = rig.send({ body: [''] });
  rig.settle();
  assert.ok(open.ended && empty.ended);
  assert.deepEqual(
    service.seen.map(({ stdin }) => Buffer.from(stdin ?? 'none').toString()),
    ['ab', ''],
  );
  assert.ok(service.seen[1]?.env.includes('CONTENT_LENGTH=0'));
});

test('borrowed chunks are copied', () => {
  const service = new Scripted(() => HELLO);
  const rig = new Rig(service);
  const attempt = rig.send({ body: [null] });
  const chunk = Buffer.from('first ');
  attempt.stream?.writeData(chunk, false);
  chunk.fill('!');
  attempt.stream?.writeData(Buffer.from('last'), true);
  rig.settle();
  assert.equal(Buffer.from(service.seen[0]?.stdin ?? '').toString(), 'first last');
});

test('a body over the bound is refused at once where announced, else as it comes', () => {
  const service = new Scripted(() => HELLO);
  const rig = new Rig(service);
  const refused = rig.open({ body: [null], bodyLength: LIMITS.guestBodyBytesMax + 1 });
  assert.ok(!(refused instanceof Attempt) && refused.code === 'request_body_too_large');
  const attempt = rig.send({ body: [null] });
  const piece = Buffer.alloc(LIMITS.guestBodyBytesMax / 8);
  for (let i = 0; i < 8; i++) attempt.stream?.writeData(piece, false);
  const code = (): string | undefined => attempt.failure?.code;
  assert.equal(code(), undefined);
  attempt.stream?.writeData(Buffer.of(1), false);
  assert.equal(code(), undefined, 'not from inside the call');
  attempt.stream?.writeData(piece, true);
  rig.settle();
  assert.equal(code(), 'request_body_too_large');
  assert.deepEqual([service.runs, rig.connector.inHand], [0, 0]);
});

test('more requests than concurrency and queue together are refused', () => {
  const service = new Scripted(() => HELLO);
  const rig = new Rig(service, { concurrency: 1, queue: 2 });
  const first = [rig.send(), rig.send({ body: [null] }), rig.send()];
  const refused = rig.open();
  assert.ok(!(refused instanceof Attempt));
  assert.deepEqual([refused.code, refused.detail], ['service_limit', '3 requests are in hand']);
  rig.settle();
  assert.ok(first[0]?.ended && first[2]?.ended);
  assert.ok(rig.send() instanceof Attempt, 'there is room again');
});

test('who waited longer than the wall time is not run', () => {
  const service: Scripted = new Scripted(() => {
    rig.clock.advance(600);
    return HELLO;
  });
  const rig = new Rig(service, { wallMs: 1000 });
  const attempts = [rig.send(), rig.send(), rig.send()];
  rig.settle();
  assert.deepEqual(
    attempts.map(({ ended, failure }) => [ended, failure?.code]),
    [
      [true, undefined],
      [true, undefined],
      [false, 'service_timeout'],
    ],
  );
  assert.match(attempts[2]?.failure?.detail ?? '', /waited 1200 ms/);
  assert.equal(service.runs, 2);
});

test('a body that is slow to come does not count as waiting', () => {
  const rig = new Rig(new Scripted(() => HELLO));
  const attempt = rig.send({ body: [null] });
  rig.clock.advance(60_000);
  attempt.stream?.writeData(Buffer.from('x'), true);
  rig.settle();
  assert.ok(attempt.ended);
});

test('a cancelled request is not run and leaves its place at once', () => {
  const service = new Scripted(() => HELLO);
  const rig = new Rig(service, { concurrency: 1, queue: 0 });
  const waiting = rig.send();
  waiting.stream?.cancel();
  assert.equal(rig.connector.inHand, 0);
  const collecting = rig.send({ body: ['x', null] });
  collecting.stream?.cancel();
  collecting.stream?.writeData(Buffer.from('late'), true);
  collecting.stream?.cancel();
  rig.settle();
  assert.deepEqual([service.runs, waiting.head, collecting.head], [0, null, null]);
  assert.equal(rig.connector.inHand, 0);
});

test('a module that is missing refuses with its reason', () => {
  const rig = new Rig({ reason: 'hello.wasm does not exist' });
  assert.deepEqual(rig.open(), {
    code: 'service_unavailable',
    detail: 'hello.wasm does not exist',
  });
  rig.connector.retire();
});

test('retiring ends with the requests in hand, then closes the service once', () => {
  const service = new Scripted(() => HELLO);
  const rig = new Rig(service);
  const attempt = rig.send();
  rig.connector.retire();
  const refused = rig.open();
  assert.ok(!(refused instanceof Attempt) && refused.code === 'service_unavailable');
  assert.equal(service.closed, false);
  rig.settle();
  assert.ok(attempt.ended && service.closed);
  rig.connector.retire();
});

test('what the service says of a run is passed on', () => {
  const rig = new Rig(
    new Scripted(() => ({ code: 'service_limit', detail: 'full', exitCode: -1 })),
  );
  const attempt = rig.send();
  rig.settle();
  assert.deepEqual(attempt.failure, { code: 'service_limit', detail: 'full', reused: false });
});
