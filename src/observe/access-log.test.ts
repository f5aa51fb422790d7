import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { AccessLog } from './access-log.ts';
import { MetricsRegistry } from './metrics.ts';
import { type TapBatch, TapBuffer } from './tap.ts';
import { streamInfo } from './testing/stream-info.ts';

const directory = mkdtempSync(join(tmpdir(), 'tulle-access-log-'));
after(() => rmSync(directory, { recursive: true }));

function open(target: string, format: string, registry = new MetricsRegistry()): AccessLog {
  return new AccessLog({ target, format, registry, clock: new ManualClock(), log: silentLog });
}

test('a line for each request, in the format asked for', async () => {
  const target = join(directory, 'text.log');
  const log = open(target, '%REQ(:METHOD)% %RESPONSE_CODE%');
  log.write(streamInfo());
  log.write(streamInfo({ method: 'POST', status: 503 }));
  await log.flush();
  assert.equal(readFileSync(target, 'utf8'), 'GET 200\nPOST 503\n');
  await log.close();
});

test('off writes nothing and still can be tapped', async () => {
  const log = open('off', 'json');
  const lines: string[] = [];
  log.write(streamInfo());
  log.tap((line) => lines.push(line));
  log.write(streamInfo({ status: 404 }));
  log.tap(null);
  log.write(streamInfo());
  await log.flush();
  await log.reopen();
  await log.close();
  assert.equal(lines.length, 1);
  assert.equal((JSON.parse(lines[0] as string) as { status: number }).status, 404);
});

test('lost lines are counted', async () => {
  const registry = new MetricsRegistry();
  const log = open(join(directory, 'closed.log'), 'json', registry);
  await log.close();
  log.write(streamInfo());
  assert.equal(registry.counter('tulle_access_log_dropped_total', '').value, 1);
});

test('a format that does not compile is refused', () => {
  assert.throws(() => open('off', '%NOPE%'), /unknown operator %NOPE%/);
});

test('tapped lines go in batches, and a burst is cut and counted', () => {
  const batches: TapBatch[] = [];
  const buffer = new TapBuffer((batch) => batches.push(batch), 60_000);
  buffer.flush();
  buffer.take('a');
  buffer.take('b');
  buffer.flush();
  const long = 'x'.repeat(100_000);
  for (let i = 0; i < 5; i++) buffer.take(long);
  buffer.flush();
  buffer.close();
  assert.deepEqual(batches[0], { lines: 'a\nb\n', dropped: 0 });
  assert.equal(batches[1]?.lines.length, 200_002);
  assert.equal(batches[1]?.dropped, 3);
  assert.equal(batches.length, 2);
});

test('a batch goes out by itself', async () => {
  const batches: TapBatch[] = [];
  const buffer = new TapBuffer((batch) => batches.push(batch), 5);
  buffer.take('a');
  for (let turn = 0; turn < 2_000 && batches.length === 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.deepEqual(batches, [{ lines: 'a\n', dropped: 0 }]);
});
