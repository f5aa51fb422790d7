import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import type { LogLevel } from '../base/log.ts';
import { createProcessLog } from './process-log.ts';

function written(
  level: LogLevel,
  options: { json: boolean; color?: boolean },
  use: (log: ReturnType<typeof createProcessLog>) => void,
): string {
  let text = '';
  const stream = {
    write: (chunk: string) => {
      text += chunk;
    },
  };
  use(createProcessLog(level, stream, { ...options, clock: new ManualClock(1_234) }));
  return text;
}

test('JSON lines hold time, level, message and fields', () => {
  const text = written('info', { json: true }, (log) =>
    log.write('warn', 'slow "disk"\n', { ms: 12, path: '/a b', gone: undefined }),
  );
  assert.equal(text.endsWith('\n') && text.indexOf('\n') === text.length - 1, true);
  assert.deepEqual(JSON.parse(text), {
    time: '2026-01-01T00:00:01.234Z',
    level: 'warn',
    message: 'slow "disk"\n',
    ms: 12,
    path: '/a b',
  });
});

test('readable lines align and quote only where needed', () => {
  const text = written('info', { json: false }, (log) => {
    log.write('info', 'ready', { port: 8080, path: '/a b', name: 'x', gone: undefined });
    log.write('error', 'no');
  });
  assert.equal(
    text,
    '00:00:01.234 info  ready port=8080 path="/a b" name=x\n00:00:01.234 error no\n',
  );
});

test('terminal controls of guests do not get out', () => {
  const text = written('info', { json: false }, (log) =>
    log.write('info', 'a\u001B[2J\nb\u009B31m', { x: '\u001B]0;t\u0007\u009B1m' }),
  );
  assert.equal(text, '00:00:01.234 info  a\\x1b[2J\n    b\\x9b31m x="\\u001b]0;t\\u0007\\x9b1m"\n');
});

test('colours only when asked for', () => {
  const text = written('info', { json: false, color: true }, (log) => log.write('error', 'no'));
  assert.equal(text, '00:00:01.234 \u001B[31merror\u001B[0m no\n');
});

function threeLevels(log: ReturnType<typeof createProcessLog>): void {
  log.write('debug', 'd');
  log.write('info', 'i');
  log.write('error', 'e');
}

test('levels below the threshold are left out, off leaves out all', () => {
  assert.equal(written('warn', { json: false }, threeLevels), '00:00:01.234 error e\n');
  assert.equal(written('off', { json: false }, threeLevels), '');
});
