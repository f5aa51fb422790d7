import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '../base/log.ts';
import type { Problem } from '../control/resource.ts';
import { ProblemLog } from './problem-log.ts';

const problem = (message: string, severity: Problem['severity'] = 'error'): Problem => ({
  severity,
  code: 'test',
  resource: 'HTTPRoute default/a',
  path: 'spec',
  location: { file: 'a.yaml', line: 3, column: 5 },
  message,
  remedy: 'Mend it.',
});

function recorder(): { log: Log; taken(): string[] } {
  let lines: string[] = [];
  const write: Log['write'] = (level, message) => lines.push(`${level} ${message.split('\n')[0]}`);
  const taken = (): string[] => {
    const all = lines;
    lines = [];
    return all;
  };
  return { log: { level: 'trace', write }, taken };
}

const lineOf = (message: string, severity = 'error'): string =>
  `a.yaml:3:5: ${severity}: HTTPRoute default/a: spec: ${message}`;

test('a problem is told when it turns up, and again only after it was gone', () => {
  const { log, taken } = recorder();
  const problems = new ProblemLog(log);
  problems.show([]);
  assert.deepEqual(taken(), []);
  problems.show([problem('one'), problem('one'), problem('two', 'warning')]);
  assert.deepEqual(taken(), [`error ${lineOf('one')}`, `warn ${lineOf('two', 'warning')}`]);
  problems.show([problem('one'), problem('three')]);
  assert.deepEqual(taken(), [`error ${lineOf('three')}`]);
  problems.show([]);
  assert.deepEqual(taken(), ['info the configuration has no problem any more']);
  problems.show([]);
  problems.show([problem('one')]);
  assert.deepEqual(taken(), [`error ${lineOf('one')}`]);
});
