import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../base/limits.ts';
import { silentLog } from '../../base/log.ts';
import { GuestLog } from './guest-log.ts';
import { MemoryLog } from './testing/harness.ts';

function written(...parts: (string | Buffer)[]): string[] {
  const log = new MemoryLog();
  const guest = new GuestLog(log, 'svc');
  for (const part of parts) {
    const bytes = Buffer.concat([Buffer.from('##'), Buffer.from(part), Buffer.from('##')]);
    assert.equal(guest.write(bytes, 2, bytes.length - 4), bytes.length - 4);
  }
  guest.end();
  return log.lines.map((line) => line.message);
}

test('lines are put together from pieces, the last one without a newline too', () => {
  assert.deepEqual(written('a', 'b\nc', '\n\nd'), ['ab', 'c', '', 'd']);
  assert.deepEqual(written(), []);
});

test('UTF-8 split between writes is whole again', () => {
  const bytes = Buffer.from('é\n');
  assert.deepEqual(written(bytes.subarray(0, 1), bytes.subarray(1)), ['é']);
});

test('control characters cannot forge lines or colours', () => {
  assert.deepEqual(written('a\r\x1b[31mb\tc\n'), ['a\ufffd\ufffd[31mb\tc']);
});

test('a line is cut, and all of it together', () => {
  assert.equal(written(`${'x'.repeat(10_000)}\n`)[0]?.length, 4096);
  const lines = written(...Array.from({ length: 100 }, () => `${'y'.repeat(999)}\n`), 'z\n');
  const bytes = lines.slice(0, -1).reduce((sum, line) => sum + line.length + 1, 0);
  assert.ok(bytes <= LIMITS.guestLogBytesMax + 1, String(bytes));
  assert.match(lines.at(-1) ?? '', /standard error cut/);
  assert.equal(lines.filter((line) => line.includes('cut')).length, 1);
});

test('a log that does not listen costs nothing and refuses nothing', () => {
  const guest = new GuestLog(silentLog, 'svc');
  assert.equal(guest.write(Buffer.from('abc\n'), 0, 4), 4);
  guest.end();
});
