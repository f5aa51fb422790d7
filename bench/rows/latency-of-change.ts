/**
 * How long the person at the keyboard waits. `start`: from the spawn of the process to its first 200,
 * on as many cores as there are. `change`: from the write of a changed route, among a thousand, to the
 * first answer that shows it. Both are seen by a client that tries each millisecond on a new connection.
 */

import { pollUntil } from '../harness/probe.ts';
import { type Peer, REVISION_HEADER, type Scenario } from '../peers/peer.ts';
import { plainAsk } from './asks.ts';
import { type Bench, messageOf, type Row, sleep } from './bench.ts';
import { launchPeer, makeScenario } from './contender.ts';

const START_TIMEOUT_MS = 30_000;
const CHANGE_TIMEOUT_MS = 30_000;
const CHANGE_ROUTES = 1_000;
/** Between two changes, so that one never waits for the other's aftermath. */
const CALM_MS = 300;

async function startOnce(bench: Bench, peer: Peer): Promise<void> {
  const scenario = await makeScenario(bench, peer, plainAsk(bench));
  const running = launchPeer(bench, peer, scenario, null);
  try {
    const time = await pollUntil(
      { port: scenario.port, path: '/item' },
      (answer) => answer.status === 200,
      {
        clock: bench.clock,
        timeoutMs: START_TIMEOUT_MS,
        abandoned: () => running.exit !== null,
      },
    );
    if (time === null) throw new Error(`did not start: ${running.lastWords()}`);
    bench.figures.add('start', '', peer.name, { time });
  } finally {
    await running.stop();
  }
}

async function runStart(bench: Bench): Promise<void> {
  const failed = new Set<string>();
  for (let count = 0; count < bench.options.starts; count++) {
    for (const peer of bench.peers) {
      if (failed.has(peer.name)) continue;
      await startOnce(bench, peer).catch((error: unknown) => {
        failed.add(peer.name);
        bench.figures.note('start', peer.name, messageOf(error));
      });
    }
  }
  bench.say(`start: ${bench.options.starts} of each`);
}

/** Resolves with the time until `revision` was seen on the first route. */
export async function waitRevision(
  bench: Bench,
  scenario: Scenario,
  timeoutMs: number,
): Promise<number | null> {
  return pollUntil(
    { port: scenario.port, path: '/r0/item' },
    (answer) => answer.status === 200 && answer.headers[REVISION_HEADER] === scenario.revision,
    { clock: bench.clock, timeoutMs },
  );
}

async function changePeer(bench: Bench, peer: Peer): Promise<void> {
  const ask = { ...plainAsk(bench), routes: CHANGE_ROUTES };
  const base = { ...(await makeScenario(bench, peer, ask)), revision: 'v0' };
  const running = launchPeer(bench, peer, base, bench.cores.proxy);
  try {
    if ((await waitRevision(bench, base, START_TIMEOUT_MS)) === null) {
      throw new Error(`did not start: ${running.lastWords()}`);
    }
    for (let count = 1; count <= bench.options.changes; count++) {
      await sleep(CALM_MS);
      const changed = { ...base, revision: `v${count}` };
      const startMs = bench.clock.now();
      peer.change(changed, running.pid);
      const seen = await waitRevision(bench, changed, CHANGE_TIMEOUT_MS);
      if (seen === null) throw new Error(`did not take change ${count}: ${running.lastWords()}`);
      bench.figures.add('change', '', peer.name, { time: bench.clock.now() - startMs });
    }
  } finally {
    await running.stop();
  }
}

async function runChange(bench: Bench): Promise<void> {
  for (const peer of bench.peers) {
    await changePeer(bench, peer).catch((error: unknown) => {
      bench.figures.note('change', peer.name, messageOf(error));
    });
    bench.say(`change: ${peer.name}`);
  }
}

export const startRow: Row = { name: 'start', title: 'Start to first answer', run: runStart };
export const changeRow: Row = {
  name: 'change',
  title: 'A changed route in force, 1,000 routes',
  run: runChange,
};
