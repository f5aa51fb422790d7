import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ManualClock } from '../base/clock.ts';
import { type Log, silentLog } from '../base/log.ts';
import { LineFile, type LineFileOptions } from './line-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'tulle-line-file-'));
after(() => rmSync(directory, { recursive: true }));

let files = 0;
const freshPath = (): string => join(directory, `log-${files++}`);

function open(path: string, options: Partial<LineFileOptions> = {}): LineFile {
  return new LineFile({ path, clock: new ManualClock(), log: silentLog, ...options });
}

/** A log that keeps what it is told. */
function keptLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { lines, log: { level: 'info', write: (_level, message) => lines.push(message) } };
}

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);

test('lines are appended in order, after what is there', async () => {
  const path = freshPath();
  appendFileSync(path, 'before\n');
  const file = open(path);
  for (let i = 0; i < 5_000; i++) file.write(`line ${i}`);
  await file.flush();
  const lines = linesOf(path);
  assert.equal(lines.length, 5_001);
  assert.equal(lines[0], 'before');
  assert.equal(lines[5_000], 'line 4999');
  await file.close();
});

test('a line goes out by itself after a moment', async () => {
  const path = freshPath();
  const file = open(path, { flushMs: 5 });
  file.write('alone');
  for (let turn = 0; turn < 2_000 && readFileSync(path).length === 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.deepEqual(linesOf(path), ['alone']);
  await file.close();
});

test('a line longer than a chunk is written whole', async () => {
  const path = freshPath();
  const file = open(path);
  const long = 'x'.repeat(200_000);
  file.write('short');
  file.write(long);
  file.write('y'.repeat(64 * 1024 - 1));
  file.write('last');
  await file.close();
  assert.deepEqual(
    linesOf(path).map((line) => line.length),
    [5, 200_000, 65_535, 4],
  );
});

test('what does not fit the bound is dropped, counted and reported once', async () => {
  const path = freshPath();
  const { log, lines: reports } = keptLog();
  let dropped = 0;
  const file = open(path, {
    queueBytesMax: 1_000,
    log,
    onDropped: (lines) => {
      dropped += lines;
    },
  });
  for (let i = 0; i < 150; i++) file.write('123456789');
  assert.equal(dropped, 50);
  assert.equal(reports.length, 1);
  await file.flush();
  file.write('fits again');
  await file.close();
  assert.equal(linesOf(path).length, 101);
});

test('after close lines are dropped and nothing throws', async () => {
  const path = freshPath();
  let dropped = 0;
  const file = open(path, { onDropped: () => dropped++ });
  await file.close();
  await file.close();
  file.write('late');
  await file.reopen();
  assert.equal(dropped, 1);
  assert.equal(readFileSync(path).length, 0);
});

test('reopen follows a rotation', async () => {
  const path = freshPath();
  const file = open(path);
  file.write('one');
  await file.flush();
  renameSync(path, `${path}.1`);
  file.write('two');
  await file.reopen();
  await file.close();
  assert.deepEqual(linesOf(`${path}.1`), ['one']);
  assert.deepEqual(linesOf(path), ['two']);
});

test('a rename without a signal is noticed after the next write', async () => {
  const path = freshPath();
  const clock = new ManualClock();
  const file = open(path, { clock });
  renameSync(path, `${path}.1`);
  clock.advance(1_000);
  file.write('to the old');
  await file.flush();
  for (let turn = 0; turn < 2_000 && !existsSync(path); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await file.reopen();
  file.write('to the new');
  await file.close();
  assert.deepEqual(linesOf(`${path}.1`), ['to the old']);
  assert.deepEqual(linesOf(path), ['to the new']);
});

test('a path that cannot be reopened leaves the log where it was', async () => {
  const nested = join(directory, 'gone');
  execFileSync('mkdir', [nested]);
  const { log, lines: reports } = keptLog();
  const file = open(join(nested, 'log'), { log });
  rmSync(nested, { recursive: true });
  await file.reopen();
  assert.match(reports[0] ?? '', /its directory does not exist; create it/);
  file.write('nowhere, but nothing breaks');
  await file.close();
});

test('a target that cannot be opened is one clear line', () => {
  assert.throws(
    () => open(join(directory, 'no', 'log')),
    /its directory does not exist; create it$/,
  );
  assert.throws(() => open(directory), /it is a directory; name a file in it$/);
});

test('a disk that takes nothing loses lines, counts them and does not hang', async (t) => {
  if (!existsSync('/dev/full')) {
    t.skip('there is no /dev/full here; run on Linux');
    return;
  }
  const { log, lines: reports } = keptLog();
  let dropped = 0;
  const file = open('/dev/full', {
    log,
    onDropped: (lines) => {
      dropped += lines;
    },
  });
  file.write('one');
  file.write('two');
  await file.flush();
  file.write('three');
  await file.close();
  assert.equal(dropped, 3);
  assert.match(reports[0] ?? '', /loses lines: ENOSPC/);
});

test('a pipe without a reader is refused, one with a slow reader gets whole lines', async () => {
  const path = freshPath();
  execFileSync('mkfifo', [path]);
  assert.throws(() => open(path), /nothing reads that pipe; start the reader first$/);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const file = open(path);
  const sent: string[] = [];
  for (let i = 0; i < 3_000; i++) {
    sent.push(`line ${i} ${'z'.repeat(i % 90)}`);
    file.write(sent[i] as string);
  }
  let received = '';
  const state = { flushed: false };
  const done = file.flush().then(() => {
    state.flushed = true;
  });
  const bytes = Buffer.alloc(16 * 1024);
  while (!state.flushed) {
    received += readSome(reader, bytes);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await done;
  for (let rest = readSome(reader, bytes); rest !== ''; rest = readSome(reader, bytes)) {
    received += rest;
  }
  await file.close();
  closeSync(reader);
  assert.deepEqual(received.split('\n').slice(0, -1), sent);
});

/** '' when the pipe is empty. */
function readSome(fd: number, bytes: Buffer): string {
  try {
    return bytes.toString('latin1', 0, readSync(fd, bytes));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
    return '';
  }
}

test('threads that share a file never mix lines', async () => {
  const path = freshPath();
  const source = `
    const { workerData } = require('node:worker_threads');
    const { href, path, letter } = workerData;
    import(href).then(async ({ LineFile }) => {
      const clock = { now: () => 0, wall: () => 0 };
      const log = { level: 'off', write() {} };
      const file = new LineFile({ path, clock, log, queueBytesMax: 1e9 });
      for (let i = 0; i < 20000; i++) file.write(letter.repeat(20 + (i % 60)));
      await file.close();
    });`;
  const href = new URL('./line-file.ts', import.meta.url).href;
  const workers = ['a', 'b', 'c'].map(
    (letter) => new Worker(source, { eval: true, workerData: { href, path, letter } }),
  );
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.on('exit', resolve))));
  const lines = linesOf(path);
  assert.equal(lines.length, 60_000);
  for (const line of lines) assert.match(line, /^(?:a+|b+|c+)$/);
});
