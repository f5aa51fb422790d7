import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testDeps } from '../../../runtime/proxy-wasm/testing/deps.ts';
import type { Fields } from '../../codec/head.ts';
import { RecordingOutlet, requestHead, responseHead } from '../testing/outlet.ts';
import { Scripted } from '../testing/scripted.ts';
import { ProbeFilter } from './testing/probe.ts';

const filter = (changes = {}, deps = testDeps()): ProbeFilter =>
  new ProbeFilter(
    { id: 'default/headers', configuration: 'v1', ...changes },
    deps,
    'header-filter',
  );

function run(probe: ProbeFilter, target: string, fields: Fields = []): RecordingOutlet {
  const outlet = new RecordingOutlet([probe.factory], requestHead(target, fields));
  outlet.chain.requestHead(true);
  if (outlet.answer === null) outlet.chain.responseHead(responseHead(200, ['server', 't']), true);
  outlet.chain.complete();
  return outlet;
}

describe('wasm filter: the header filter', () => {
  it('adds a field to the request and its configuration to the answer', () => {
    const outlet = run(filter(), '/x', ['accept', '*/*']);
    assert.deepEqual(outlet.request.fields, ['accept', '*/*', 'x-filter', 'rust']);
    assert.deepEqual(outlet.answer?.fields, ['server', 't', 'x-filtered', 'v1']);
    assert.deepEqual(outlet.events, ['route cleared', 'head end', 'HEAD 200 end']);
  });

  it('answers by itself, and sees its own answer', () => {
    const behind = new Scripted('behind');
    const outlet = new RecordingOutlet([filter().factory, behind], requestHead('/blocked'));
    outlet.chain.requestHead(true);
    assert.equal(outlet.answer?.status, 403);
    assert.deepEqual(outlet.answer?.fields, [
      'x-blocked-by',
      'header-filter',
      'content-type',
      'text/plain',
      'x-filtered',
      'v1',
    ]);
    assert.equal(outlet.received, 'blocked\n');
    assert.equal(behind.opened, 0);
  });

  it('logs with the filter and the context named', () => {
    const probe = filter();
    probe.deps.log.take();
    run(probe, '/x', ['x-log', 'yes']);
    assert.deepEqual(probe.deps.log.lines, ['info a request asked for a line of log']);
    assert.deepEqual(probe.deps.log.fields, [
      { filter: 'default/headers', root: 'root', context: 2 },
    ]);
  });

  it('fails a request that traps with 503 and shows the guest stack', () => {
    const probe = filter();
    const outlet = run(probe, '/x', ['x-trap', 'yes']);
    assert.ok(outlet.events.includes('fail filter_failed wasm_fail_stream'));
    assert.equal(outlet.answer?.status, 503);
    const at = probe.deps.log.lines.findIndex((line) =>
      line.startsWith('error wasm filter trapped'),
    );
    const stack = String(probe.deps.log.fields[at]?.['stack']);
    assert.match(stack, /std::panicking/);
    assert.match(stack, /header_filter.*on_http_request_headers/);
    assert.match(stack, /proxy_on_request_headers @0x[0-9a-f]+$/);
    assert.match(probe.deps.log.lines[at - 1] ?? '', /a request asked for a trap/);
  });

  it('keeps serving thousands of requests without growing', () => {
    const probe = filter();
    run(probe, '/x');
    const { deps } = probe;
    for (let i = 0; i < 5_000; i++) run(probe, '/x', ['accept', String(i)]);
    assert.equal(deps.budget.live, 1);
    assert.equal(probe.factory.problem, null);
  });
});
