import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import { run } from './testing/run.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FILTER = join(ROOT, 'test/guests/header-filter.wasm');
const EXAMPLES = join(ROOT, 'examples/filters');

const dir = mkdtempSync(join(tmpdir(), 'tulle-filter-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

/** The command as a user starts it. */
function spawned(args: readonly string[], input = ''): Promise<{ code: number; out: string }> {
  const main = join(ROOT, 'src/cli/main.ts');
  const child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      out += bytes.toString();
    });
  }
  child.stdin.end(input);
  return new Promise((done) => child.on('close', (code) => done({ code: code ?? -1, out })));
}

describe('tulle filter run', () => {
  it('shows calls, messages and the verdict', async () => {
    const { code, out } = await run(['filter', 'run', FILTER, '--config', 'v1']);
    assert.equal(code, 0);
    assert.match(out, /^proxy_on_request_headers\(headers: 4, end: true\) {2}context 2$/m);
    assert.match(out, /proxy_get_header_map_value\(.*name: "x-log"\) = NOT_FOUND/);
    assert.match(out, /^ {4}x-filtered: v1$/m);
    assert.match(out, /^verdict {2}forwarded$/m);
    assert.ok(!out.includes('\u001B'));
  });

  it('has colours where they help', async () => {
    const { out } = await run(['filter', 'run', FILTER], { color: true });
    assert.ok(out.includes('\u001B[32mforwarded\u001B[0m'));
  });

  it('writes one object a line with --trace json', async () => {
    const { out } = await run(['filter', 'run', FILTER, '--trace', 'json']);
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(events[0]?.['event'], 'callback');
    const last = events.at(-1);
    assert.equal(last?.['event'], 'result');
    assert.equal(last['verdict'], 'forwarded');
    assert.ok(Array.isArray(last['costs']));
  });

  it('reads requests from standard input, HTTP and YAML alike', async () => {
    const args = ['filter', 'run', FILTER, '--request', '-'];
    for (const input of ['GET /blocked HTTP/1.1\nHost: a.test\n\n', 'path: /blocked\n']) {
      const { code, out } = await spawned(args, input);
      assert.equal(code, 0, out);
      assert.match(out, /^local reply {2}403/m);
    }
  });

  it('reads what the backend answers', async () => {
    const response = file('answer.http', 'HTTP/1.1 404 Not Found\nx-own: 1\n\ngone\n');
    const { out } = await run(['filter', 'run', FILTER, '--response', response]);
    assert.match(out, /^ {4}404\n {4}x-own: 1\n/m);
  });

  it('ends with 1 where the filter fails', async () => {
    const request = file('trap.yaml', 'headers: {x-trap: "yes"}\n');
    const { code, out } = await run(['filter', 'run', FILTER, '--request', request]);
    assert.equal(code, 1);
    assert.match(out, /trap: unreachable/);
    assert.match(out, /at .*on_http_request_headers @0x/);
    assert.match(out, /^verdict {2}failed: filter_failed/m);
  });

  it('ends with 1 where the module cannot be used, with 2 where it was asked wrongly', async () => {
    const none = await run(['filter', 'run', join(dir, 'nowhere.wasm')]);
    assert.equal(none.code, 1);
    assert.match(none.err, /nowhere\.wasm does not exist/);
    const request = file('bad.yaml', 'pth: /x\n');
    const bad = await run(['filter', 'run', FILTER, '--request', request]);
    assert.equal(bad.code, 2);
    assert.match(bad.err, /bad\.yaml:1:1: error: pth: unknown field "pth", did you mean "path"\?/);
    assert.equal((await run(['filter', 'run', FILTER, '--trace', 'xml'])).code, 2);
    assert.equal((await run(['filter', 'run'])).code, 2);
  });

  it('waits for a debugger with --inspect and says where', async () => {
    const main = join(ROOT, 'src/cli/main.ts');
    const child = spawn(process.execPath, [main, 'filter', 'run', FILTER, '--inspect', '0']);
    let told = '';
    const url = await new Promise<string>((done, fail) => {
      child.on('close', () => fail(new Error(`it ended: ${told}`)));
      child.stderr.on('data', (bytes: Buffer) => {
        told += bytes.toString();
        const found = /ws:\/\/127\.0\.0\.1:\d+\/\S+/.exec(told)?.[0];
        if (found !== undefined && told.includes('chrome://inspect')) done(found);
      });
    });
    const closed = new Promise((done) => child.on('close', done));
    let stops = 0;
    const socket = new WebSocket(url);
    const send = (method: string): void => socket.send(JSON.stringify({ id: 1, method }));
    socket.addEventListener('open', () => {
      send('Debugger.enable');
      send('Runtime.runIfWaitingForDebugger');
    });
    let sawModule = false;
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as { method?: string; params?: { url?: string } };
      if (message.method === 'Debugger.scriptParsed') {
        sawModule ||= message.params?.url?.startsWith('wasm://') === true;
      }
      if (message.method !== 'Debugger.paused') return;
      stops++;
      send('Debugger.resume');
      socket.close();
    });
    await closed;
    assert.equal(stops, 1);
    assert.ok(sawModule);
    assert.equal(child.exitCode, 0);
  });
});

describe('tulle filter test', () => {
  it('passes the examples, as TAP', async () => {
    const { code, out } = await spawned(['filter', 'test', EXAMPLES]);
    assert.equal(code, 0, out);
    assert.match(out, /^TAP version 14\nok 1 - .*: marks requests and answers\n/);
    assert.match(out, /\n1\.\.6\n$/);
  });

  it('fails with what differs and where, in TAP, JSON and JUnit', async () => {
    const path = file(
      'bad.test.yaml',
      `filter: ${FILTER}\ncases:\n- name: a <b> & "c"\n  expect: {response: {status: 404}}\n`,
    );
    const junit = join(dir, 'junit.xml');
    const { code, out } = await spawned(['filter', 'test', path, '--junit', junit]);
    assert.equal(code, 1);
    assert.match(out, /^not ok 1 - /m);
    assert.ok(out.includes(`- at: "${path}:4:23"`), out);
    assert.ok(out.includes('expected "404"\n               got "200"'), out);
    const xml = readFileSync(junit, 'utf8');
    assert.match(xml, /<testsuites tests="1" failures="1"/);
    assert.ok(xml.includes('name="a &lt;b&gt; &amp; &quot;c&quot;"'), xml);
    const json = await run(['filter', 'test', path, '-o', 'json']);
    const report = JSON.parse(json.out) as { ok: boolean; results: { failures: unknown[] }[] };
    assert.equal(report.ok, false);
    assert.equal(report.results[0]?.failures.length, 1);
  });

  it('refuses what is not there', async () => {
    const { code, err } = await run(['filter', 'test', join(dir, 'nowhere')]);
    assert.equal(code, 2);
    assert.match(err, /there is no file or directory/);
  });
});

describe('tulle filter inspect', () => {
  it('says what a module is', async () => {
    const { code, out } = await run(['filter', 'inspect', FILTER]);
    assert.equal(code, 0);
    assert.match(out, /^abi +proxy-wasm 0\.2\.1$/m);
    assert.match(out, /^ +env\.proxy_log \(i32,i32,i32\)->i32$/m);
    assert.match(out, /^loads$/m);
    const json = await run(['filter', 'inspect', FILTER, '-o', 'json']);
    assert.equal((JSON.parse(json.out) as { language: string }).language, 'Rust');
  });

  it('ends with 1 for one that would be refused', async () => {
    const { code, out } = await run([
      'filter',
      'inspect',
      join(ROOT, 'test/guests/cgi-hello.wasm'),
    ]);
    assert.equal(code, 1);
    assert.match(out, /^refused: is no proxy-wasm filter/m);
  });
});
