import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ManualClock } from '../../base/clock.ts';
import { runTests, type TestResult, testFiles } from './run-tests.ts';
import { readTestFile } from './test-file.ts';
import { GUESTS } from './testing/bench.ts';

const dir = mkdtempSync(join(tmpdir(), 'tulle-workbench-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const HEAD = `filter: ${join(GUESTS, 'abi-probe.wasm')}\n`;

async function results(text: string, name = 'one.test.yaml'): Promise<TestResult[]> {
  const file = join(dir, name);
  writeFileSync(file, text);
  return runTests([file], new ManualClock());
}

/** One case of the probe: what differs. */
async function failures(script: string, expect: string): Promise<string[]> {
  const [result] = await results(
    `${HEAD}cases:\n- name: it\n  request: {headers: {x-probe: ${JSON.stringify(script)}}}\n  expect: ${expect}\n`,
  );
  return (result?.failures ?? []).map(({ path, message }) => `${path}: ${message.split('\n')[0]}`);
}

describe('filter tests', () => {
  it('pass where everything is as expected', async () => {
    const expect = `{request: {headers: {x-a: "1", x-none: null}}, response: {status: 200, body: {matches: "^ok"}}, calls: [{name: proxy_add_header_map_value, args: {name: x-a, value: {contains: "1"}}, result: OK}], log: ["log"], metrics: {hits: 2}}`;
    assert.deepEqual(await failures('request=add-req:x-a=1;request=counter:hits=2', expect), []);
  });

  it('name each thing that differs', async () => {
    const found = await failures(
      'request=reply:418',
      '{verdict: forwarded, request: {path: /}, response: {status: 200, headers: {x-reply: null}}, localReply: none, metrics: {n: 1}, log: [never]}',
    );
    assert.deepEqual(
      found.map((line) => line.split(':')[0]),
      [
        'expect.verdict',
        'expect.request.path',
        'expect.response.status',
        'expect.response.headers.x-reply',
        'expect.localReply',
        'expect.metrics.n',
        'expect.log[0]',
      ],
    );
  });

  it('fail for a trap and for an exchange that is held, unless that is expected', async () => {
    assert.equal((await failures('request=trap', '{}')).length, 2);
    assert.deepEqual(await failures('request=trap', '{trap: true}'), []);
    assert.deepEqual(await failures('request=trap', '{trap: {contains: asked to trap}}'), [
      'expect.trap: expected text with "asked to trap"',
    ]);
    assert.equal((await failures('request=pause', '{}')).length, 1);
    assert.deepEqual(await failures('request=pause', '{verdict: waits, request: none}'), []);
  });

  it('compare all calls where that is asked for', async () => {
    const [found = ''] = await failures('request=time', '{exactCalls: [proxy_on_vm_start]}');
    assert.match(found, /^expect\.exactCalls\[0\]: expected proxy_on_vm_start/);
  });

  it('keep the order of calls', async () => {
    const found = await failures('', '{calls: [proxy_on_log, proxy_on_request_headers]}');
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /^expect\.calls\[1\].*behind the ones before it/);
  });

  it('say where in the file', async () => {
    const [result] = await results(
      `# a comment\n${HEAD}cases:\n- name: it\n  expect:\n    response:\n      status: 404\n`,
    );
    assert.equal(result?.failures[0]?.location.line, 7);
  });

  it('refuse fields that are not known, with the one that was meant', async () => {
    const [mistake, sound] = await results(
      `${HEAD}cases:\n- name: it\n  expct: {}\n---\n${HEAD}cases:\n- name: it\n  expect: {}\n`,
    );
    assert.match(
      mistake?.failures[0]?.message ?? '',
      /unknown field "expct", did you mean "expect"/,
    );
    assert.equal(mistake?.failures[0]?.location.line, 4);
    assert.deepEqual(sound?.failures, []);
  });

  it('say so where there is no filter, or one that cannot be loaded', async () => {
    const [none] = await results('cases:\n- name: it\n  expect: {}\n');
    assert.match(none?.failures[0]?.message ?? '', /names a filter/);
    const [absent] = await results('filter: nowhere.wasm\ncases:\n- name: it\n  expect: {}\n');
    assert.match(absent?.failures[0]?.message ?? '', /does not exist/);
  });

  it('are found below a directory', () => {
    const files = testFiles([join(GUESTS, '../../examples/filters')]);
    assert.deepEqual(
      files.map((file) => file.split('/').at(-1)),
      ['header-filter.test.yaml'],
    );
    assert.throws(() => testFiles([join(dir, 'nowhere')]), /there is no file or directory/);
  });

  it('never throw for what is in a file', () => {
    const file = join(dir, 'fuzz.test.yaml');
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (first, second) => {
        const body = { filter: 'x.wasm', cases: [{ name: 'it', expect: first, request: second }] };
        writeFileSync(file, JSON.stringify(body));
        const { cases, problems } = readTestFile(file);
        assert.ok(cases.length + problems.length > 0);
      }),
      { numRuns: 50 },
    );
  });
});
