import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { compile } from '../../src/control/compile/compile.ts';
import { formatProblem } from '../../src/control/schema/report.ts';
import { readFiles } from '../../src/control/source/file/read.ts';
import { envoy } from './envoy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import type { Peer, Scenario } from './peer.ts';
import { tulleAt } from './tulle.ts';

const PLAIN: Omit<Scenario, 'dir'> = {
  port: 18_080,
  adminPort: 18_081,
  upstreamPort: 18_082,
  routes: 0,
  revision: null,
  accessLog: null,
  filter: null,
};

const SCENARIOS: Readonly<Record<string, Partial<Scenario>>> = {
  plain: {},
  'many routes': { routes: 300 },
  'a revision on one route': { revision: 'v7' },
  'a revision on the first of many': { routes: 3, revision: 'v7' },
  'access log': { accessLog: '/dev/null' },
};

/** The peer's own check of its configuration, without serving. */
const CHECKS: readonly { peer: Peer; flags: readonly string[] }[] = [
  { peer: envoy, flags: ['--mode', 'validate'] },
  { peer: haproxy, flags: ['-c'] },
  { peer: nginx, flags: ['-t'] },
];

function scratch(t: { after(fn: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'tulle-bench-peers-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

for (const { peer, flags } of CHECKS) {
  const found = peer.find();
  const skip = found.ok ? false : `${peer.name} is not installed: ${found.remedy}`;
  for (const [name, part] of Object.entries(SCENARIOS)) {
    test(`${peer.name} accepts its configuration: ${name}`, { skip }, (t) => {
      const dir = scratch(t);
      const { command } = peer.prepare({ ...PLAIN, ...part, dir });
      const [program = '', ...args] = [...command, ...flags];
      const check = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 });
      assert.equal(check.status, 0, `${check.stdout}${check.stderr}`);
    });
  }
}

const OWN = { ...SCENARIOS, filter: { filter: '/filters/one.wasm' } };

for (const [name, part] of Object.entries<Partial<Scenario>>(OWN)) {
  test(`Tulle’s resources hold no problem: ${name}`, (t) => {
    const dir = scratch(t);
    const scenario = { ...PLAIN, ...part, dir };
    const { command } = tulleAt('/nowhere').prepare(scenario);
    const file = command[command.indexOf('-f') + 1] ?? '';
    assert.equal(dirname(file), dir);
    const read = readFiles([file]);
    const compiled = compile(read.resources, { version: 1, baseDirOf: () => dir });
    const problems = [...read.problems, ...compiled.problems];
    assert.deepEqual(problems.map(formatProblem), []);
    const routes = read.resources.filter((resource) => resource.kind === 'HTTPRoute');
    assert.equal(routes.length, Math.max(1, scenario.routes));
  });
}

test('a change rewrites what Tulle watches', (t) => {
  const dir = scratch(t);
  const scenario = { ...PLAIN, dir, routes: 2 };
  const tulle = tulleAt('/nowhere');
  const { command } = tulle.prepare(scenario);
  const file = command[command.indexOf('-f') + 1] ?? '';
  assert.doesNotMatch(JSON.stringify(readFiles([file]).resources), /v8/);
  tulle.change({ ...scenario, revision: 'v8' }, 0);
  assert.match(JSON.stringify(readFiles([file]).resources), /"v8"/);
});

test('a checkout without dist/ says how to make it', () => {
  assert.deepEqual(tulleAt('/nowhere').find(), { ok: false, remedy: 'npm run build' });
});
