import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '../../base/clock.ts';
import { LIMITS } from '../../base/limits.ts';
import { CountingBudget, Harness } from './testing/harness.ts';
import { command } from './testing/wasm.ts';

test('a Rust guest answers from its environment and standard input', async () => {
  const harness = await Harness.start('cgi-hello');
  const env = {
    REQUEST_METHOD: 'POST',
    PATH_INFO: '/hello',
    QUERY_STRING: 'a=b',
    HTTP_X_HELLO: 'hi',
  };
  const { code, exitCode, stdout } = harness.run(env, 'a body');
  assert.deepEqual([code, exitCode], [null, 0]);
  assert.equal(
    stdout,
    'content-type: text/plain\nx-guest: cgi-hello\n\n' +
      'method POST\npath /hello\nquery a=b\nx-hello hi\nbody 6\n',
  );
});

test('each request runs in an instance of its own', async () => {
  const harness = await Harness.start('js-hello');
  for (let i = 0; i < 3; i++) {
    const { stdout } = harness.get('/hello', '', 'body');
    assert.match(stdout, /served 1\n$/);
    assert.match(stdout, /hello from JavaScript\nmethod GET\npath \/hello\n/);
    assert.match(stdout, /body BODY\n/);
  }
  assert.deepEqual([harness.budget.live, harness.budget.peak], [0, 1]);
});

test('JavaScript: promises, errors with their place, answers that are none', async () => {
  const harness = await Harness.start('js-hello');
  assert.match(harness.get('/later').stdout, /^status: 202\n\nlater\n$/);
  assert.deepEqual(harness.get('/throw').exitCode, 1);
  const text = harness.log.lines.map((line) => line.message).join('\n');
  assert.match(text, /handler\.js: Error: asked to throw/);
  assert.match(text, /at handle \(handler\.js:7/);
  assert.equal(harness.get('/nothing').exitCode, 1);
});

test('the environment: the service wins, NUL cannot be smuggled, arguments come through', async () => {
  const harness = await Harness.start('cgi-hello', {
    name: 'shop',
    args: ['--flag', 'é'],
    env: [
      ['MODE', 'production'],
      ['HTTP_X_TENANT', 'fixed'],
      ['NAME', 'é=ü'],
    ],
  });
  const { stdout } = harness.run({
    PATH_INFO: '/env',
    HTTP_X_TENANT: 'forged',
    MODE: 'debug',
    HTTP_X_NUL: 'a\0MODE=debug',
    HTTP_X_LATIN: '\u00e9',
  });
  const lines = stdout.split('\n').slice(2, -1);
  assert.deepEqual(lines, [
    'MODE=production',
    'HTTP_X_TENANT=fixed',
    'NAME=é=ü',
    'PATH_INFO=/env',
    'HTTP_X_LATIN=\ufffd',
    'arg shop',
    'arg --flag',
    'arg é',
  ]);
});

test('a trap is service_trap, with the stack of the guest in the log', async () => {
  const harness = await Harness.start('cgi-hello');
  const { code, detail } = harness.get('/trap');
  assert.deepEqual([code, detail], ['service_trap', 'unreachable']);
  const messages = harness.log.lines.map((line) => line.message);
  assert.ok(messages.includes('asked to trap'), messages.join('\n'));
  const logged = harness.log.lines.find((line) => line.level === 'error');
  assert.equal(logged?.fields['service'], 'guest');
  assert.match(String(logged?.fields['stack']), /cgi_hello.*main.*\(wasm-function\[\d+\]:0x/);
  assert.equal(harness.get('/hello').code, null, 'the next request is not concerned');
});

test('running out of stack is a trap, in the guest or in the engine', async () => {
  const harness = await Harness.start('cgi-hello');
  assert.equal(harness.get('/overflow').code, 'service_trap');
  const recursive = await Harness.start(command({ body: [0x10, 0] }));
  const { code, detail } = recursive.run();
  assert.equal(code, 'service_trap');
  assert.match(detail, /call stack/);
});

test('exit codes are told, with what was written before', async () => {
  const harness = await Harness.start('cgi-hello');
  assert.deepEqual(harness.get('/exit3'), { code: null, detail: '', exitCode: 3, stdout: '' });
  const last = harness.get('/answer-exit3');
  assert.equal(last.exitCode, 3);
  assert.match(last.stdout, /last words/);
});

test('more output than allowed is service_output', async () => {
  const harness = await Harness.start('cgi-hello', { outputBytes: 100_000 });
  assert.equal(harness.get('/big', '90000').code, null);
  const { code, stdout } = harness.get('/big', '100001');
  assert.equal(code, 'service_output');
  assert.ok(stdout.length <= 100_000);
});

test('memory ends at the limit: the guest sees it, the process does not', async () => {
  const harness = await Harness.start('cgi-hello', { memoryBytes: 8 * 1024 * 1024 });
  assert.match(harness.get('/grow', '4').stdout, /held 4 MiB/);
  assert.equal(harness.get('/grow', '16').code, 'service_trap');
});

test('the wall limit ends a run at its next host call, a sleep included', async () => {
  const clock = new ManualClock();
  const slept: number[] = [];
  const host = {
    clock,
    sleep: (durationMs: number) => {
      slept.push(durationMs);
      clock.advance(durationMs);
    },
    random: (bytes: Uint8Array) => bytes.fill(1),
  };
  const harness = await Harness.start('cgi-hello', { clock, host, wallMs: 100 });
  assert.match(harness.get('/sleep', '30').stdout, /slept 30 ms/);
  const { code, detail } = harness.get('/sleep', '5000');
  assert.deepEqual([code, detail], ['service_timeout', 'ran longer than 100 ms']);
  assert.deepEqual(slept, [30, 101]);
});

test('a guest that only yields is ended by the clock', async () => {
  const harness = await Harness.start('cgi-hello', { wallMs: 20 });
  assert.equal(harness.get('/busy').code, 'service_timeout');
});

test('directories: read, listed, written where they may be', async () => {
  const root = fs.mkdtempSync(join(tmpdir(), 'tulle-service-'));
  const [ro, rw] = [join(root, 'ro'), join(root, 'rw')] as const;
  fs.mkdirSync(ro);
  fs.mkdirSync(rw);
  fs.writeFileSync(join(ro, 'a.txt'), 'read me');
  fs.symlinkSync('/etc/passwd', join(ro, 'passwd'));
  const harness = await Harness.start('cgi-hello', {
    dirs: [
      { guest: '/assets', host: ro, readonly: true },
      { guest: '/data', host: rw, readonly: false },
    ],
  });
  const body = (path: string, query: string, stdin?: string): string =>
    harness.get(path, query, stdin ?? null).stdout.replace('content-type: text/plain\n\n', '');
  assert.equal(body('/file', '/assets/a.txt'), 'read me');
  assert.equal(body('/list', '/assets'), 'file a.txt\nfile passwd\n');
  assert.match(body('/file', '/assets/passwd'), /Operation not permitted/);
  assert.match(body('/file', '/assets/../rw/x'), /error/);
  assert.match(body('/file', '/etc/passwd'), /error/);
  assert.match(body('/write', '/assets/b.txt', 'x'), /Read-only file system/);
  assert.equal(body('/write', '/data/b.txt', 'written'), 'wrote 7 bytes\n');
  assert.equal(fs.readFileSync(join(rw, 'b.txt'), 'utf8'), 'written');
  harness.service.close();
  fs.rmSync(root, { recursive: true });
});

test('a directory that does not exist is an error at start', async () => {
  const dirs = [{ guest: '/x', host: '/nonexistent/tulle', readonly: true }];
  await assert.rejects(Harness.start('cgi-hello', { dirs }), { code: 'ENOENT' });
});

test('a full process refuses instead of dying', async () => {
  const budget = new CountingBudget(0);
  const harness = await Harness.start('cgi-hello', { budget });
  assert.equal(harness.get('/hello').code, 'service_limit');
  assert.equal(budget.live, 0);
});

test('standard error goes to the log line by line, and only so much of it', async () => {
  const harness = await Harness.start('cgi-hello');
  harness.get('/log', '2');
  assert.deepEqual(
    harness.log.lines.map(({ level, message, fields }) => [level, message, fields['service']]),
    [
      ['info', 'line 0 on standard error', 'guest'],
      ['info', 'line 1 on standard error', 'guest'],
    ],
  );
  harness.log.lines.length = 0;
  harness.get('/log', '10000');
  const bytes = harness.log.lines.reduce((sum, line) => sum + line.message.length, 0);
  assert.ok(bytes <= LIMITS.guestLogBytesMax + 100, String(bytes));
  assert.match(harness.log.lines.at(-1)?.message ?? '', /standard error cut after 65536 bytes/);
});

test('a host call in a start section finds no memory, and is told so', async () => {
  // random_get(0, 4), its errno raised as a signal: EFAULT is 21, SIGTTIN too.
  const bytes = command({
    imports: [
      ['random_get', 2],
      ['proc_raise', 1],
    ],
    body: [0x41, 0, 0x41, 4, 0x10, 0, 0x10, 1, 0x1a],
    start: true,
  });
  const harness = await Harness.start(bytes);
  assert.equal(harness.run().exitCode, 128 + 21);
});

test('2,000 runs leave memory where it was', async () => {
  const harness = await Harness.start('cgi-hello');
  const burst = async (runs: number): Promise<void> => {
    for (let i = 0; i < runs; i++) {
      assert.equal(harness.get('/hello').code, null);
      // The event loop turns between requests, as it does in service.
      if (i % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await burst(1000);
  const before = process.memoryUsage().rss;
  await burst(2000);
  const grownMib = (process.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grownMib < 30, `${grownMib.toFixed(1)} MiB more`);
  assert.equal(harness.budget.live, 0);
});
