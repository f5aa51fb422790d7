import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { familyOf, parseProcStat, parseRssBytes, treeCpuUs, treeRssBytes } from './proc-stat.ts';

const LINE =
  '4321 (nginx: worker) S 4300 4300 4300 0 -1 4194624 903 12 0 0 150 50 7 3 20 0 1 0 81 9 8 18446744073709551615';

test('utime, stime and the time of ended children are summed, in microseconds', () => {
  const stat = parseProcStat(LINE);
  assert.deepEqual(stat, {
    pid: 4321,
    command: 'nginx: worker',
    state: 'S',
    parent: 4300,
    cpuUs: 2_100_000,
  });
});

test('a command with brackets and blanks does not shift the fields', () => {
  const stat = parseProcStat(LINE.replace('nginx: worker', 'odd) R 1 (name'));
  assert.equal(stat?.command, 'odd) R 1 (name');
  assert.equal(stat?.parent, 4300);
  assert.equal(stat?.cpuUs, 2_100_000);
});

test('what is not such a line is null, and nothing throws', () => {
  assert.equal(parseProcStat(''), null);
  assert.equal(parseProcStat('12 (cut) S 1'), null);
  assert.equal(parseProcStat(') 12 ('), null);
  fc.assert(
    fc.property(fc.string(), (text) => {
      const stat = parseProcStat(text);
      assert.ok(stat === null || Number.isFinite(stat.cpuUs));
    }),
  );
});

test('resident memory is read in bytes', () => {
  assert.equal(
    parseRssBytes('Name:\tx\nVmHWM:\t 999 kB\nVmRSS:\t   2048 kB\nThreads:\t1\n'),
    2048 * 1024,
  );
  assert.equal(parseRssBytes('Name:\tkthreadd\n'), 0);
});

const statOf = (pid: number, parent: number) => {
  const stat = parseProcStat(LINE);
  assert.ok(stat !== null);
  return { ...stat, pid, parent };
};

test('a family is the process with all its descendants and nobody else', () => {
  const all = [
    statOf(1, 0),
    statOf(12, 11),
    statOf(10, 1),
    statOf(11, 10),
    statOf(20, 1),
    statOf(13, 11),
  ];
  assert.deepEqual(
    familyOf(10, all)
      .map((stat) => stat.pid)
      .sort(),
    [10, 11, 12, 13],
  );
  assert.deepEqual(familyOf(99, all), []);
});

test('this process is seen to use CPU and memory, together with a child', async (t) => {
  assert.ok(parseProcStat(readFileSync('/proc/self/stat', 'latin1')) !== null);
  const before = treeCpuUs(process.pid);
  const child = spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  const childPid = child.pid ?? 0;
  while (treeCpuUs(childPid) < 50_000) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(treeCpuUs(process.pid) - before >= 50_000);
  assert.ok(treeRssBytes(process.pid) > treeRssBytes(childPid));
  assert.ok(treeRssBytes(childPid) > 10 * 1024 * 1024);
});
