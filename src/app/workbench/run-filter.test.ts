import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { logOf, probe, runGuest, text } from './testing/bench.ts';

const golden = (name: string): unknown[] =>
  readFileSync(join(import.meta.dirname, 'testdata', name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('run filter', () => {
  it('writes down every crossing, in the fields the docs name', async () => {
    const run = await runGuest('header-filter', { path: '/blocked' }, 'v1');
    assert.deepEqual(JSON.parse(JSON.stringify(run.events)), golden('blocked.trace.jsonl'));
  });

  it('passes head, body and trailers on, edited', async () => {
    const run = await probe('request=add-req:x-a=1;body=body-upper;answer=body-prepend:>', {
      chunks: ['ab', 'cd'],
      trailers: { 'x-sum': '1' },
      response: { status: 201, chunks: ['made'], trailers: { 'x-end': 'yes' } },
    });
    assert.equal(run.verdict, 'forwarded');
    assert.ok(run.request?.fields.join().includes('x-a,1'));
    assert.equal(text(run.request?.body), 'ABCD');
    assert.deepEqual(run.request?.trailers, ['x-sum', '1']);
    assert.equal(run.response?.status, 201);
    assert.equal(text(run.response?.body), '>made');
    assert.deepEqual(run.response?.trailers, ['x-end', 'yes']);
    assert.ok(run.costs.some(({ name, count }) => name === 'proxy_on_request_body' && count === 2));
  });

  it('answers calls of the filter, and lets it go on', async () => {
    const script = 'request=call:users;request=pause;call=get-call::status;call=continue-request';
    const callouts = [{ target: 'users', match: { path: '/asked' }, response: { status: 204 } }];
    const run = await probe(script, { callouts });
    assert.equal(run.verdict, 'forwarded');
    assert.ok(logOf(run).includes(':status = Some("204")'), logOf(run).join('\n'));
  });

  it('gives no answer where the script says so, or where it comes too late', async () => {
    for (const answer of [{ fails: true }, { delayMs: 5_000 }]) {
      const run = await probe('request=call:users;call=get-call::status', {
        callouts: [{ target: 'users', ...answer }],
        response: { status: 200 },
      });
      assert.ok(!logOf(run).some((line) => line.includes('204')));
      assert.equal(run.verdict, 'forwarded');
    }
  });

  it('refuses calls to targets that the script does not name', async () => {
    const run = await probe('request=call:nowhere');
    assert.ok(
      logOf(run).some((line) => /called Err/.test(line)),
      logOf(run).join('\n'),
    );
  });

  it('says what a filter holds that nothing lets go', async () => {
    const run = await probe('request=pause');
    assert.equal(run.verdict, 'waits');
    assert.match(run.reason, /holds the request/);
    assert.equal((await probe('response=pause')).reason.includes('the response'), true);
  });

  it('spends no time on answers that take some', async () => {
    const script = 'request=call:users;request=pause;call=continue-request';
    const run = await probe(script, { callouts: [{ target: 'users', delayMs: 999 }] });
    assert.equal(run.verdict, 'forwarded');
  });

  it('ends with a trap, its stack and the answer the client gets', async () => {
    const run = await probe('request=trap');
    assert.equal(run.verdict, 'failed');
    assert.equal(run.trap?.name, 'proxy_on_request_headers');
    assert.ok(run.trap.stack.some((frame) => frame.includes('on_http_request_headers')));
    assert.equal(run.response?.status, 503);
    assert.equal(run.request, null);
  });

  it('cuts the connection where the answer has begun', async () => {
    const run = await probe('answer=trap', { response: { chunks: ['a', 'b'] } });
    assert.equal(run.verdict, 'failed');
    assert.equal(run.cut, true);
  });

  it('says why a filter did not start', async () => {
    const run = await runGuest('header-filter', {}, 'reject');
    assert.equal(run.verdict, 'not started');
    assert.match(run.reason, /refused its configuration/);
    assert.equal((await runGuest('abi-probe', {}, 'trap-start')).trap?.name, 'proxy_on_vm_start');
  });

  it('gives the properties of the script before those of the request', async () => {
    const run = await probe('request=prop:source.address;request=prop:my.own', {
      properties: { 'source.address': '10.9.8.7:1', 'my.own': 'yes' },
    });
    const lines = logOf(run).filter((line) => line.startsWith('prop '));
    assert.equal(lines.length, 2);
    const listed = (value: string): string => Array.from(Buffer.from(value)).join(', ');
    assert.ok(lines[0]?.includes(listed('10.9.8.7:1')), lines[0] ?? '');
    assert.ok(lines[1]?.includes(listed('yes')), lines[1] ?? '');
  });

  it('reads metrics by the names the guest gave them', async () => {
    const run = await probe('request=counter:hits=3');
    assert.deepEqual([...run.metrics], [['hits', 3]]);
  });

  it('makes a body that is no text readable', async () => {
    const run = await probe('body=body-get', { body: { base64: 'AAEC/w==' } });
    const call = run.events.find(
      (event) =>
        event.event === 'call' &&
        event.name === 'proxy_get_buffer_bytes' &&
        event.args['buffer'] === 'REQUEST_BODY',
    );
    assert.equal(call?.event === 'call' && call.results['bytes'], 'base64:AAEC/w==');
  });
});
