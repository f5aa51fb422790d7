/**
 * The CPU limit of a filter's callbacks, on guests prepared as they are served. The clock is the
 * real one: what is tested is that time ends a guest.
 */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Clock, systemClock } from '../../../base/clock.ts';
import { LIMITS } from '../../../base/limits.ts';
import type { PluginDeps } from '../../../runtime/proxy-wasm/host.ts';
import { testDeps } from '../../../runtime/proxy-wasm/testing/deps.ts';
import { RecordingOutlet, requestHead, responseHead } from '../testing/outlet.ts';
import { createWasmFilterFactory, type WasmFilterFactory } from './factory.ts';
import { guestModule, wasmFilter } from './testing/probe.ts';

/** Goes on by 20 ms each time it is looked at. */
class StepClock implements Clock {
  readonly #clock: Clock;
  #aheadMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    this.#aheadMs += 20;
    return this.#clock.now() + this.#aheadMs;
  }

  wall(): number {
    return this.#clock.wall();
  }
}

/** What a filter is given: everything of a test's but its clock. */
function depsWith(clock: Clock): PluginDeps {
  return { ...testDeps(), clock };
}

function status(factory: WasmFilterFactory, fields: string[] = []): number | undefined {
  const outlet = new RecordingOutlet([factory], requestHead('/', fields));
  outlet.chain.requestHead(true);
  if (outlet.answer === null) outlet.chain.responseHead(responseHead(), true);
  outlet.chain.complete();
  return outlet.answer?.status;
}

describe('wasm filter: CPU limit', () => {
  let module: WebAssembly.Module;

  before(() => {
    module = guestModule('header-filter');
  });

  it('ends an endless loop in time, as a failure of that request', () => {
    const factory = createWasmFilterFactory(wasmFilter(), module, depsWith(systemClock));
    assert.equal(status(factory), 200);
    const startedMs = systemClock.now();
    assert.equal(status(factory, ['x-loop', 'yes']), 503);
    const tookMs = systemClock.now() - startedMs;
    assert.ok(tookMs >= LIMITS.filterCpuMs, `${tookMs} ms`);
    // Generous: whatever else runs on this machine counts too.
    assert.ok(tookMs < LIMITS.filterCpuMs * 10, `${tookMs} ms`);
    assert.equal(factory.problem, 'trapped: exceeded its CPU limit of 50 ms');
    factory.retire();
  });

  it('is what the plugin asks for', () => {
    const filter = { ...wasmFilter(), cpuMs: 120 };
    const factory = createWasmFilterFactory(filter, module, depsWith(systemClock));
    assert.equal(status(factory, ['x-loop', 'yes']), 503);
    assert.equal(factory.problem, 'trapped: exceeded its CPU limit of 120 ms');
    factory.retire();
  });

  it('says so in the log, and serves with a fresh guest afterwards', () => {
    const deps = testDeps();
    const factory = createWasmFilterFactory(wasmFilter(), module, {
      ...deps,
      clock: new StepClock(deps.clock),
    });
    assert.equal(status(factory, ['x-loop', 'yes']), 503);
    const trap = deps.log.lines.find((line) => line.includes('trapped')) ?? '';
    assert.equal(trap, 'error wasm filter trapped: exceeded its CPU limit of 50 ms');
    const trips = deps.metrics.counter('tulle_limit_trips_total', '', { limit: 'filterCpuMs' });
    assert.equal(trips.value, 1);
    deps.scheduler.advance(2_000);
    assert.equal(status(factory), 200);
    factory.retire();
  });

  it('counts a trap of the guest as what it is', () => {
    const factory = createWasmFilterFactory(wasmFilter(), module, testDeps());
    assert.equal(status(factory, ['x-trap', 'yes']), 503);
    assert.match(factory.problem ?? '', /^trapped: unreachable/);
    factory.retire();
  });

  it('does not add up over callbacks', () => {
    const clock = new StepClock(testDeps().clock);
    const factory = createWasmFilterFactory(wasmFilter(), module, depsWith(clock));
    for (let i = 0; i < 2_000; i++) assert.equal(status(factory), 200);
    factory.retire();
  });
});
