import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { familyOf } from './proc-stat.ts';
import { Processes } from './processes.ts';

function makeProcesses(t: { after(fn: () => void): void }): Processes {
  const dir = mkdtempSync(join(tmpdir(), 'tulle-bench-test-'));
  const processes = new Processes(dir);
  t.after(() => {
    processes.killAll();
    rmSync(dir, { recursive: true, force: true });
  });
  return processes;
}

const node = process.execPath;

test('a piped child gives its output and its exit code', async (t) => {
  const processes = makeProcesses(t);
  const script =
    'process.stdin.once("data", (d) => { process.stdout.write("got " + d); process.exit(3); })';
  const child = processes.launch({
    name: 'echo',
    command: [node, '-e', script],
    core: null,
    piped: true,
  });
  child.write('it');
  assert.deepEqual(await child.ended, { code: 3, signal: null });
  assert.equal(child.stdout, 'got it');
});

test('what a child wrote before it failed is kept for the message', async (t) => {
  const processes = makeProcesses(t);
  const script = 'console.error("no such port"); process.exit(1)';
  const child = processes.launch({ name: 'bad', command: [node, '-e', script], core: null });
  assert.equal((await child.waitExit(10_000))?.code, 1);
  assert.equal(child.lastWords(), 'no such port');
});

test('a program that is not there ends with 127, not with a crash', async (t) => {
  const processes = makeProcesses(t);
  const child = processes.launch({ name: 'none', command: ['/nonexistent/program'], core: null });
  assert.notEqual((await child.ended).code, 0);
});

test('stopping a process takes its children along', async (t) => {
  const processes = makeProcesses(t);
  const script = `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    process.stdout.write(String(child.pid));
    setInterval(() => {}, 1000);`;
  const parent = processes.launch({
    name: 'parent',
    command: [node, '-e', script],
    core: null,
    piped: true,
  });
  while (parent.stdout === '') await new Promise((resolve) => setTimeout(resolve, 10));
  const childPid = Number(parent.stdout);
  assert.ok(familyOf(parent.pid).some((stat) => stat.pid === childPid));
  await parent.stop();
  for (;;) {
    const left = familyOf(childPid).filter((stat) => stat.state !== 'Z');
    if (left.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('a wait that is not answered in time gives null and leaves the process alone', async (t) => {
  const processes = makeProcesses(t);
  const child = processes.launch({
    name: 'long',
    command: [node, '-e', 'setInterval(() => {}, 1000)'],
    core: null,
  });
  assert.equal(await child.waitExit(20), null);
  assert.equal(child.exit, null);
});
