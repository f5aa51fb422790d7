import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InstanceBudget } from '../../../runtime/instance/budget.ts';
import { testDeps } from '../../../runtime/proxy-wasm/testing/deps.ts';
import { bytes, RecordingOutlet, requestHead, responseHead } from '../testing/outlet.ts';
import { createWasmFilterFactory } from './factory.ts';
import { ProbeFilter, probe, sendBody, wasmFilter } from './testing/probe.ts';

function statusOf(filter: ProbeFilter, script = ''): number | undefined {
  return filter.exchange(script).outlet.answer?.status;
}

describe('wasm filter: traps', () => {
  for (const phase of ['request', 'response']) {
    it(`answers a trap in the ${phase} headers with 503, once`, () => {
      const { outlet } = probe().exchange(`${phase}=trap`);
      assert.equal(outlet.events.filter((event) => event.startsWith('fail')).length, 1);
      assert.equal(outlet.answer?.status, 503);
    });
  }

  for (const phase of ['body', 'trailers']) {
    it(`answers a trap in the request ${phase} with 503`, () => {
      const outlet = probe().open(`${phase}=trap`);
      outlet.chain.requestHead(false);
      outlet.chain.requestData(bytes('x'), false);
      outlet.chain.requestTrailers(['t', '1']);
      assert.equal(outlet.answer?.status, 503);
    });
  }

  for (const phase of ['answer', 'answer-trailers']) {
    it(`cuts an answer after a trap in ${phase}`, () => {
      const outlet = probe().open(`${phase}=trap`);
      outlet.chain.requestHead(true);
      outlet.chain.responseHead(responseHead(), false);
      outlet.chain.responseData(bytes('x'), false);
      outlet.chain.responseTrailers(['t', '1']);
      assert.equal(outlet.events.at(-1), 'reset');
      outlet.chain.complete();
    });
  }

  it('leaves an exchange alone whose guest traps in its log', () => {
    const { outlet } = probe().exchange('log=trap');
    assert.deepEqual(outlet.events, ['head end', 'HEAD 200 end']);
  });

  it('answers a trap in the answer to a call with 503', () => {
    const filter = probe();
    const outlet = filter.open('request=pause; request=call:known; call=trap');
    outlet.chain.requestHead(true);
    filter.deps.callouts.answers[0]?.(null);
    assert.equal(outlet.answer?.status, 503);
  });

  it('ends the other streams of the guest the same way, but not those that are over', () => {
    const filter = probe();
    const held = filter.open('request=pause');
    held.chain.requestHead(true);
    const waiting = filter.open('');
    waiting.chain.requestHead(true);
    const answering = filter.open('');
    answering.chain.requestHead(true);
    answering.chain.responseHead(responseHead(), false);
    const over = filter.open('');
    over.chain.requestHead(true);
    over.chain.responseHead(responseHead(), true);
    filter.exchange('request=trap');
    assert.equal(held.answer?.status, 503);
    assert.equal(waiting.answer?.status, 503);
    assert.equal(answering.events.at(-1), 'reset');
    assert.deepEqual(over.events, ['head end', 'HEAD 200 end']);
    for (const outlet of [held, waiting, answering, over]) outlet.chain.complete();
  });

  it('ends the guest that exits', () => {
    const filter = probe();
    assert.equal(statusOf(filter, 'request=exit:0'), 503);
    assert.match(filter.factory.problem ?? '', /proc_exit\(0\)/);
  });

  it('drops a dead guest, what it called and what it counted as live', () => {
    const filter = probe();
    filter.exchange('request=tick:50; request=call:known; response=trap');
    assert.equal(filter.deps.callouts.cancelled, 1);
    assert.equal(filter.deps.budget.live, 0);
    // Only its restart is awaited.
    assert.equal(filter.deps.scheduler.armed, 1);
    filter.deps.callouts.answers[0]?.(null);
  });
});

describe('wasm filter: coming back after a trap', () => {
  it('starts anew at once where the guest had lived for a while', () => {
    const filter = probe();
    filter.deps.scheduler.advance(5_000);
    assert.equal(statusOf(filter, 'request=trap'), 503);
    assert.equal(statusOf(filter), 200);
    assert.equal(filter.deps.budget.live, 1);
  });

  it('waits for its turn where it traps again soon, and is closed meanwhile', () => {
    const filter = probe();
    filter.deps.scheduler.advance(5_000);
    statusOf(filter, 'request=trap');
    statusOf(filter, 'request=trap');
    const { outlet } = filter.exchange('');
    assert.deepEqual(outlet.events, [
      'fail filter_failed default/probe trapped: unreachable',
      'HEAD 503 end',
    ]);
    filter.deps.scheduler.advance(999);
    assert.equal(statusOf(filter), 503);
    filter.deps.scheduler.advance(1);
    assert.equal(statusOf(filter), 200);
  });

  it('waits longer each time it traps at once, up to half a minute, until it lives', () => {
    const filter = probe();
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      statusOf(filter, 'request=trap');
      let waitMs = 0;
      for (; statusOf(filter) === 503; waitMs += 500) filter.deps.scheduler.advance(500);
      waits.push(waitMs / 1_000);
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 32, 32]);
    filter.deps.scheduler.advance(64_000);
    assert.equal(statusOf(filter, 'request=trap'), 503);
    assert.equal(statusOf(filter), 200);
  });

  it('spreads the starts of many workers', () => {
    const filter = probe({}, testDeps({ random: () => 0.5 }));
    statusOf(filter, 'request=trap');
    filter.deps.scheduler.advance(1_249);
    assert.equal(statusOf(filter), 503);
    filter.deps.scheduler.advance(1);
    assert.equal(statusOf(filter), 200);
  });

  it('comes back without requests: its ticks go on', () => {
    const filter = probe({ configuration: 'tick 100' });
    statusOf(filter, 'request=trap');
    filter.lines();
    filter.deps.scheduler.advance(1_250);
    assert.ok(filter.lines().filter((line) => line === 'info tick').length >= 2);
  });

  it('gives the one that trapped 503 and lets later ones pass where it is open', () => {
    const filter = probe({ failOpen: true });
    assert.equal(statusOf(filter, 'request=trap'), 503);
    const { outlet, lines } = filter.exchange('response=add-res:x=1');
    assert.deepEqual(outlet.answer?.fields, ['server', 'test']);
    assert.deepEqual(lines, []);
    filter.deps.scheduler.advance(1_000);
    assert.deepEqual(filter.exchange('response=add-res:x=1').outlet.answer?.fields.at(-1), '1');
  });

  it('counts traps and starts', () => {
    const filter = probe();
    statusOf(filter, 'request=trap');
    filter.deps.scheduler.advance(1_000);
    const { metrics } = filter.deps;
    const labels = { filter: 'default/probe' };
    assert.equal(metrics.counter('tulle_filter_traps_total', '', labels).value, 1);
    assert.equal(metrics.counter('tulle_filter_starts_total', '', labels).value, 2);
    assert.equal(metrics.gauge('tulle_filter_running', '', labels).value, 1);
  });
});

describe('wasm filter: not in force', () => {
  it('says why a guest does not start', () => {
    const cases: [string, RegExp][] = [
      ['reject', /refused its configuration \(proxy_on_configure gave false\)/],
      ['fail-start', /refused to start \(proxy_on_vm_start gave false\)/],
      ['trap-start', /trapped in proxy_on_vm_start/],
    ];
    for (const [configuration, problem] of cases) {
      const filter = new ProbeFilter({ configuration });
      assert.match(filter.factory.problem ?? '', problem);
      assert.ok(
        filter.lines().some((line) => line.startsWith('error wasm filter is not in force')),
      );
      assert.equal(filter.deps.budget.live, 0);
    }
  });

  it('stays down: a start that failed is not tried again', () => {
    const filter = new ProbeFilter({ configuration: 'reject' });
    filter.deps.scheduler.advance(60_000);
    const { outlet } = filter.exchange('');
    assert.match(outlet.events[0] ?? '', /^fail filter_unavailable default\/probe refused its/);
    assert.equal(outlet.answer?.status, 503);
    const open = new ProbeFilter({ configuration: 'reject', failOpen: true });
    assert.equal(statusOf(open), 200);
  });

  it('answers for a module that is missing, or passes', () => {
    for (const [failOpen, status] of [
      [false, 503],
      [true, 200],
    ] as const) {
      const factory = createWasmFilterFactory(
        wasmFilter({ failOpen }),
        'x.wasm is missing',
        testDeps(),
      );
      assert.equal(factory.problem, 'x.wasm is missing');
      const outlet = new RecordingOutlet([factory], requestHead());
      outlet.chain.requestHead(true);
      if (outlet.answer === null) outlet.chain.responseHead(responseHead(), true);
      assert.equal(outlet.answer?.status, status);
      outlet.chain.complete();
      factory.retire();
    }
  });

  it('refuses a guest where the process is full of them', () => {
    const deps = testDeps({ budget: InstanceBudget.create(1, 1) });
    const first = probe({}, deps);
    const second = new ProbeFilter({ id: 'default/second' }, deps);
    assert.match(second.factory.problem ?? '', /has no room/);
    first.factory.retire();
    assert.equal(deps.budget.live, 0);
  });
});

describe('wasm filter: retiring', () => {
  it('ends the root once the last stream is over', () => {
    const filter = probe();
    const outlet = filter.open('response=add-res:x=1');
    outlet.chain.requestHead(false);
    filter.factory.retire();
    sendBody(outlet, ['x']);
    outlet.chain.responseHead(responseHead(), true);
    assert.deepEqual(outlet.answer?.fields, ['x', '1']);
    assert.ok(!filter.lines().includes('info root done'));
    outlet.chain.complete();
    assert.ok(filter.lines().includes('info root done'));
    assert.equal(filter.deps.budget.live, 0);
  });

  it('waits for proxy_done where the root asks for it', () => {
    const filter = probe({ configuration: 'park' });
    filter.factory.retire();
    assert.equal(filter.deps.budget.live, 1);
    filter.deps.scheduler.advance(29_999);
    assert.equal(filter.deps.budget.live, 1);
    filter.deps.scheduler.advance(1);
    assert.equal(filter.deps.budget.live, 0);
    assert.equal(filter.deps.scheduler.armed, 0);
  });

  it('does not start a guest again that traps on its way out', () => {
    const filter = probe();
    const outlet = filter.open('done=trap');
    outlet.chain.requestHead(true);
    filter.factory.retire();
    outlet.chain.complete();
    assert.equal(filter.deps.scheduler.armed, 0);
    assert.equal(filter.deps.budget.live, 0);
  });
});
