/** Traffic of `tulle up --record` through the filter again. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigDir, httpAsk, Tulle } from '../support/cli.ts';
import { freePort } from '../support/data-plane.ts';
import { origin } from '../support/origin.ts';
import { backend, documents, gateway, plugin, route } from '../support/resources.ts';

const FILTER = fileURLToPath(new URL('../../guests/header-filter.wasm', import.meta.url));

test('what tulle up records is replayed', async (t) => {
  const { port: backPort } = await origin(t);
  const port = await freePort();
  const filter = plugin('marker', `file://${FILTER}`, '"on"');
  const base = documents(gateway(port), route('all'), backend('origin', backPort), filter);
  const dir = new ConfigDir(t, { 'mesh.yaml': base });
  const records = dir.file('records/made');
  const tulle = await Tulle.start(t, dir.file('mesh.yaml'), { args: ['--record', records] });
  await httpAsk(port, '/a', { headers: { authorization: 'Bearer hidden' } });
  assert.equal((await httpAsk(port, '/blocked')).status, 403);
  assert.equal((await httpAsk(port, '/trap', { headers: { 'x-trap': 'yes' } })).status, 503);
  tulle.signal('SIGTERM');
  await tulle.exited;

  const file = `${records}/worker-0.jsonl`;
  const text = readFileSync(file, 'utf8');
  assert.equal(text.trimEnd().split('\n').length, 3);
  assert.ok(!text.includes('hidden'));

  const replay = async (config: string): Promise<Tulle> => {
    const args = ['filter', 'run', FILTER, '--config', config, '--replay', file];
    const run = Tulle.run(t, args);
    await run.exited;
    return run;
  };
  const same = await replay('on');
  assert.match(same.out, /\n3 the same, 0 different, 0 skipped\n$/);
  assert.equal(same.exit?.code, 0);
  const other = await replay('off');
  assert.equal(other.exit?.code, 1);
  assert.match(other.out, / {2}response headers\n {4}- x-filtered: on\n {4}\+ x-filtered: off\n/);
  assert.match(other.err, /recorded with another configuration/);
});
