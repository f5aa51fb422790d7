import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from './testing/run.ts';

const HERE = fileURLToPath(import.meta.url);

test('help teaches with examples and ends well', async () => {
  const { code, out, err } = await run(['--help']);
  assert.equal(code, 0);
  assert.equal(err, '');
  for (const word of ['up', 'check', 'get', 'tap', 'drain', 'Examples:', 'Exit codes:']) {
    assert.ok(out.includes(word), word);
  }
  for (const verb of ['up', 'check', 'get', 'tap', 'drain']) {
    const help = await run([verb, '--help']);
    assert.equal(help.code, 0);
    assert.match(help.out, new RegExp(`^Usage: tulle ${verb} `));
    if (verb !== 'drain') assert.match(help.out, /\nExamples?:\n {2}tulle /);
  }
});

test('the version is that of the package', async () => {
  const { code, out } = await run(['--version']);
  assert.equal(code, 0);
  assert.match(out, /^[0-9]+\.[0-9]+\.[0-9]+\n$/);
});

test('no verb is wrong usage and shows the help', async () => {
  const { code, err } = await run([]);
  assert.equal(code, 2);
  assert.match(err, /^Usage: tulle /);
});

test('wrong usage is one line with what was meant, and exit code 2', async () => {
  const cases: [string[], RegExp][] = [
    [['gte', 'routes'], /unknown command 'gte' \(Did you mean get\?\)/],
    [['get', 'rotues'], /Did you mean "routes"\?/],
    [['get', 'everything'], /Write one of routes, clusters, filters/],
    [['get'], /missing required argument 'kind'/],
    [['get', 'routes', '-o', 'jsno'], /Did you mean "json"\?/],
    [['get', 'routes', '--admin', 'x:y'], /Write HOST:PORT, such as 127\.0\.0\.1:15000/],
    [['get', 'routes', '--admin', '127.0.0.1:99999'], /Write HOST:PORT/],
    [['get', 'routes', '--admin', 'off'], /Write HOST:PORT/],
    [['up', '--worker', '3'], /unknown option '--worker' \(Did you mean --workers\?\)/],
    [['up', '--workers', '0', '-f', HERE], /Write a number from 1 to 256/],
    [['up', '--workers', '1e1', '-f', HERE], /Write a number from 1 to 256/],
    [['up', '--log-level', 'inof', '-f', HERE], /Did you mean "info"\?/],
    [['up', '--drain-timeout', '30', '-f', HERE], /Write a duration such as 500ms, 30s or 1m/],
    [['up', '--access-log-format', '%NOPE%', '-f', HERE], /unknown operator %NOPE%/],
    [['up', '--access-log-format', 'jsn', '-f', HERE], /did you mean "json"\?$/],
    [['up', '-f'], /argument missing/],
    [['drain', 'now'], /too many arguments/],
  ];
  for (const [argv, message] of cases) {
    const { code, out, err, up } = await run(argv);
    assert.equal(code, 2, argv.join(' '));
    assert.equal(out, '');
    assert.equal(up, null);
    assert.match(err, /^tulle: [^\n]+\n$/, argv.join(' '));
    assert.match(err.trimEnd(), message);
  }
});

test('a file that is not there is a problem found, told in one line', async () => {
  for (const verb of ['up', 'check']) {
    const { code, out, err, up } = await run([verb, '-f', HERE, '-f', '/no/such/file']);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.equal(up, null);
    assert.equal(err, 'tulle: there is no file or directory /no/such/file\n');
  }
});

test('up hands over what was asked', async () => {
  const argv = ['up', '-f', HERE, '--file', '.', '--workers', '3', '--admin', '[::1]:0'];
  argv.push('--access-log', 'a.log', '--access-log-format', '%PROTOCOL%', '--log-level', 'debug');
  argv.push('--drain-timeout', '1m30s', '--cache-dir', '/var/cache/tulle');
  argv.push('--plain-http-registry', 'Registry:5000', '--plain-http-registry', 'other');
  const { code, up } = await run(argv, { upCode: 1 });
  assert.equal(code, 1);
  assert.ok(up !== null);
  const { terminal, ...rest } = up;
  assert.deepEqual(rest, {
    files: [HERE, '.'],
    workers: 3,
    admin: { host: '::1', port: 0 },
    accessLog: 'a.log',
    accessLogFormat: '%PROTOCOL%',
    logLevel: 'debug',
    drainMs: 90_000,
    fetch: { cacheDirectory: '/var/cache/tulle', plainHttp: ['registry:5000', 'other'] },
  });
  assert.equal(terminal.logJson, true);
});

test('defaults of up', async () => {
  const { up } = await run(['up', '-f', HERE]);
  assert.ok(up !== null);
  assert.ok(up.workers >= 1);
  assert.deepEqual(up.admin, { host: '127.0.0.1', port: 15_000 });
  assert.equal(up.accessLog, 'off');
  assert.equal(up.accessLogFormat, 'json');
  assert.equal(up.logLevel, 'info');
  assert.equal(up.drainMs, 30_000);
  assert.deepEqual(up.fetch, { plainHttp: [] });
  assert.equal((await run(['up', '-f', HERE, '--admin', 'off'])).up?.admin, null);
  assert.deepEqual((await run(['up', '-f', HERE, '--admin', '80'])).up?.admin, {
    host: '127.0.0.1',
    port: 80,
  });
});

test('what up prints goes to standard output unless the access log does', async () => {
  for (const target of ['off', '-']) {
    const argv = ['up', '-f', HERE, '--access-log', target];
    const shown = await run(argv, {
      onUp: ({ terminal }) => {
        terminal.print('ready');
        terminal.fail('not any more');
        terminal.printTable(['listener', 'url'], [['edge', 'http://localhost:8080']]);
      },
    });
    const text = 'ready\nLISTENER  URL\nedge      http://localhost:8080\n';
    assert.equal(shown.out, target === '-' ? '' : text);
    const failure = 'tulle: not any more\n';
    const ready = 'ready\n';
    assert.equal(shown.err, target === '-' ? ready + failure + text.slice(ready.length) : failure);
  }
});

/** The real command, as a process. */
function tulle(
  argv: readonly string[],
  env: Record<string, string> = {},
): ReturnType<typeof spawnSync> {
  const script = fileURLToPath(new URL('./main.ts', import.meta.url));
  const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const;
  return spawnSync(process.execPath, [script, ...argv], options);
}

test('the process ends with the code of the verb', () => {
  assert.equal(tulle(['--version']).status, 0);
  const wrong = tulle(['gte']);
  assert.equal(wrong.status, 2);
  assert.equal(String(wrong.stderr), "tulle: unknown command 'gte' (Did you mean get?)\n");
  const nobody = tulle(['get', 'routes', '--admin', '127.0.0.1:1']);
  assert.equal(nobody.status, 1);
  assert.match(
    String(nobody.stderr),
    /^tulle: nothing answers at 127\.0\.0\.1:1; start `tulle up`/,
  );
});
