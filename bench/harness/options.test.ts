import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions, ROW_NAMES, UsageError } from './options.ts';

test('nothing given means every row and the lengths that the bars ask for', () => {
  const options = parseOptions([]);
  assert.ok(options !== null);
  assert.deepEqual(options.rows, ROW_NAMES);
  assert.equal(options.soakRequests, 1_000_000);
  assert.equal(options.reloads, 200);
  assert.equal(options.handovers, 5);
  assert.equal(options.compare, null);
});

test('lists, numbers and switches are taken; a flag beats --quick', () => {
  const options = parseOptions([
    '--quick',
    '--rows',
    'plain, filter',
    '--peers=envoy',
    '--rounds',
    '3',
    '-o',
    'json',
  ]);
  assert.deepEqual(options?.rows, ['plain', 'filter']);
  assert.deepEqual(options?.peers, ['envoy']);
  assert.equal(options?.rounds, 3);
  assert.equal(options?.seconds, 1);
  assert.equal(options?.json, true);
});

test('help is null', () => assert.equal(parseOptions(['--help']), null));

test('what is wrong is named', () => {
  for (const [args, message] of [
    [['--rows', 'plane'], /no "plane"; there are plain/],
    [['--peers', 'caddy'], /no "caddy"/],
    [['--rounds', 'x'], /--rounds/],
    [['--rounds', '1.5'], /whole/],
    [['--seconds=-1'], /positive/],
    [['-o', 'xml'], /-o/],
    [['--fast'], /--fast/],
    [['plain'], /plain/],
  ] as const) {
    assert.throws(
      () => parseOptions(args),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  }
});
