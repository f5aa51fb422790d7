import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ManualClock, systemClock } from '../../../base/clock.ts';
import { silentLog } from '../../../base/log.ts';
import type { WasmFilter } from '../../../config/wasm.ts';
import { createWasmFilterFactory } from '../../../data/filter/wasm/factory.ts';
import { MetricsRegistry } from '../../../observe/metrics.ts';
import { InstanceBudget } from '../../../runtime/instance/budget.ts';
import { createSharedState } from '../../../runtime/proxy-wasm/shared-state.ts';
import { JumpingClock } from '../clock.ts';
import { ScriptError } from '../read-script.ts';
import type { RequestFile } from '../script-schema.ts';
import { ScriptedCallouts } from '../scripted-callouts.ts';
import { ScriptedExchange } from '../scripted-exchange.ts';
import { GUESTS, scriptOf } from '../testing/bench.ts';
import { loadFilter } from '../workbench-filter.ts';
import { readRecordings } from './read-recordings.ts';
import { Recorder } from './recorder.ts';
import { replay, sameConfiguration } from './replay.ts';

const dir = mkdtempSync(join(tmpdir(), 'tulle-replay-'));
after(() => rmSync(dir, { recursive: true, force: true }));

async function moduleOf(guest: string): Promise<WebAssembly.Module> {
  const module = await loadFilter(join(GUESTS, `${guest}.wasm`));
  if (typeof module === 'string') throw new Error(module);
  return module;
}

/** Requests through a recorded filter, and the file that holds them. */
async function record(guest: string, sources: readonly RequestFile[]): Promise<string> {
  const path = join(dir, `${guest}-${sources.length}.jsonl`);
  rmSync(path, { force: true });
  const recorder = new Recorder({ path, clock: systemClock, log: silentLog });
  const config: WasmFilter = {
    id: 'default/recorded',
    module: { url: '', path: '', sha256: '' },
    pluginName: '',
    configuration: 'v1',
    failOpen: false,
    headersStopIteration: false,
    env: [],
  };
  const module = await moduleOf(guest);
  for (const source of sources) {
    const script = scriptOf(source);
    const clock = new JumpingClock(new ManualClock());
    const callouts = new ScriptedCallouts(script.callouts, clock, () => {});
    const factory = createWasmFilterFactory(config, module, {
      clock,
      scheduler: clock,
      log: silentLog,
      metrics: new MetricsRegistry(),
      budget: InstanceBudget.create(1),
      shared: createSharedState(clock),
      callouts: recorder.callouts(callouts),
      node: { id: 'node', cluster: 'cluster' },
      random: () => 0,
      watch: recorder.watch,
    });
    const served = recorder.around(factory, config);
    const exchange = new ScriptedExchange(script, [served], clock, null);
    exchange.run(clock);
    exchange.chain.complete();
    factory.retire();
  }
  await recorder.close();
  return path;
}

async function replayed(guest: string, path: string, configuration = 'v1') {
  const filter = { path, configuration, pluginName: '', env: [], headersStopIteration: false };
  const module = await moduleOf(guest);
  return readRecordings(path).map((one) => replay(module, filter, one, new ManualClock()));
}

const script = (steps: string): RequestFile => ({ headers: { 'x-probe': steps } });

const VARIED: readonly RequestFile[] = [
  script(''),
  { ...script('body=body-upper;answer=body-append:!'), chunks: ['a', 'b'], trailers: { t: '1' } },
  { ...script('body=pause;body-end=body-replace:new'), chunks: ['one', 'two'] },
  script('request=reply:418'),
  script('request=trap'),
  script('answer-end=trap'),
  script('request=prop:source.address;request=prop:no.such'),
  {
    ...script('request=call:users;request=pause;call=get-call::status;call=continue-request'),
    callouts: [{ target: 'users', response: { status: 204, headers: { 'set-cookie': 'a=b' } } }],
  },
  {
    ...script('request=call:users;request=pause;call=continue-request'),
    callouts: [{ fails: true }],
  },
  { ...script('body=body-get'), body: { base64: 'AAH/' } },
];

describe('replay', () => {
  it('finds nothing different with the same filter', async () => {
    const path = await record('abi-probe', VARIED);
    const found = await replayed('abi-probe', path);
    assert.equal(found.length, VARIED.length);
    for (const one of found) assert.deepEqual(one.differences, [], one.request);
    assert.ok(found.every(({ skipped }) => skipped === ''));
  });

  it('records what came, what left and what the filter asked for', async () => {
    const path = await record('abi-probe', VARIED);
    const recordings = readRecordings(path).map(({ recording }) => recording);
    assert.deepEqual(recordings[1]?.request?.chunks, ['a', 'b']);
    assert.deepEqual(recordings[1]?.sent?.chunks, ['A', 'B']);
    assert.equal(recordings[3]?.localReply?.status, 418);
    assert.equal(recordings[3]?.sent, null);
    assert.match(recordings[4]?.failure ?? '', /^filter_failed/);
    assert.deepEqual(recordings[6]?.properties, { 'source.address': '127.0.0.1:40000' });
    const [callout] = recordings[7]?.callouts ?? [];
    assert.equal(callout?.response?.status, 204);
    assert.deepEqual(callout.response.headers, [['set-cookie', '(redacted)']]);
    assert.equal(recordings[8]?.callouts[0]?.response, null);
  });

  it('shows what another version or configuration does differently', async () => {
    const path = await record('header-filter', [{}, { path: '/blocked' }]);
    const found = await replayed('header-filter', path, 'v2');
    assert.deepEqual(
      found.map(({ differences }) => differences.map(({ what }) => what)),
      [['response headers'], ['response headers']],
    );
    const other = await replayed('abi-probe', path);
    const whats = other[1]?.differences.map(({ what }) => what) ?? [];
    for (const what of ['callbacks', 'local reply', 'request']) {
      assert.ok(whats.includes(what), `${what} of ${whats.join()}`);
    }
  });

  it('knows whether the configuration is the recorded one', async () => {
    const path = await record('header-filter', [{}]);
    const [one] = readRecordings(path);
    assert.ok(one !== undefined);
    const source = { path, pluginName: '', env: [], headersStopIteration: false };
    assert.ok(sameConfiguration({ ...source, configuration: 'v1' }, one.recording));
    assert.ok(!sameConfiguration({ ...source, configuration: 'v2' }, one.recording));
  });

  it('skips what is truncated', async () => {
    const path = await record('abi-probe', [{ body: 'x'.repeat(70_000) }]);
    const [found] = await replayed('abi-probe', path);
    assert.match(found?.skipped ?? '', /truncated/);
  });

  it('refuses files that are no recordings, with the line', async () => {
    const path = join(dir, 'odd.jsonl');
    for (const [text, problem] of [
      ['\n{', /odd\.jsonl:2: is no JSON/],
      ['{"version": 9}', /:1: is no recording of version 1/],
      ['null', /:1: is no recording/],
      ['{"version": 1, "filter": "x"}', /"configSha256" of the recording is damaged/],
    ] as const) {
      writeFileSync(path, text);
      assert.throws(() => readRecordings(path), problem);
    }
  });

  it('refuses or replays whatever a line holds, and never throws anything else', async () => {
    const path = await record('header-filter', [{ path: '/blocked' }]);
    const whole = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const module = await moduleOf('header-filter');
    const filter = {
      path,
      configuration: '',
      pluginName: '',
      env: [],
      headersStopIteration: false,
    };
    const damaged = join(dir, 'damaged.jsonl');
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(whole)), fc.jsonValue(), (name, value) => {
        writeFileSync(damaged, JSON.stringify({ ...whole, [name]: value }));
        try {
          for (const one of readRecordings(damaged)) replay(module, filter, one, new ManualClock());
        } catch (error) {
          assert.ok(error instanceof ScriptError, String(error));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('writes one line of ASCII a request', async () => {
    const path = await record('abi-probe', [{ body: 'h\u00e9llo \u{1F600}' }]);
    const text = readFileSync(path, 'latin1');
    assert.match(text, /^[\x20-\x7e]+\n$/);
    assert.deepEqual(readRecordings(path)[0]?.recording.request?.chunks, ['h\u00e9llo \u{1F600}']);
  });
});
