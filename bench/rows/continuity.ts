/**
 * What must not be lost. Under a constant load with connections renewed all the time, `reloads` changes
 * the configuration again and again, each time waiting until the change is in force; `handover` starts a
 * second process on the same port, waits until it is ready, and asks the first to stop (SIGTERM). Every
 * request that did not get a whole 2xx answer is a failure; nothing is retried. Only for Tulle.
 */

import { freePort } from '../harness/ports.ts';
import { pollUntil } from '../harness/probe.ts';
import type { Running } from '../harness/processes.ts';
import type { OpenLoopResult } from '../load/open-loop.ts';
import { OpenLoopProcess } from '../load/open-loop-process.ts';
import type { Peer, Scenario } from '../peers/peer.ts';
import { plainAsk } from './asks.ts';
import { type Bench, makeDir, messageOf, type Row, sleep } from './bench.ts';
import { launchPeer, makeScenario } from './contender.ts';
import { waitRevision } from './latency-of-change.ts';

const ROUTES = 100;
const READY_TIMEOUT_MS = 30_000;
const RELOAD_TIMEOUT_MS = 10_000;
/** Longer than the proxy's own grace for requests in flight. */
const EXIT_TIMEOUT_MS = 40_000;
/** Load alone, before the first operation, after the last and around each hand-over. */
const AROUND_MS = 500;
/** Load between two reloads, so that each meets requests in flight. */
const BETWEEN_MS = 20;

function startLoad(bench: Bench, scenario: Scenario): OpenLoopProcess {
  return new OpenLoopProcess(
    bench.processes,
    {
      port: scenario.port,
      path: '/r0/item',
      requestsPerSecond: 2_000,
      connections: bench.options.connections,
      requestsPerConnection: 20,
      timeoutMs: 5_000,
      spin: false,
      warmupMs: 0,
    },
    bench.cores.load,
  );
}

function record(
  bench: Bench,
  row: string,
  peer: Peer,
  result: OpenLoopResult,
  operations: number,
): void {
  bench.figures.add(row, '', peer.name, {
    operations,
    requests: result.sent,
    failed: result.failed,
    p99: result.p99Ms,
  });
  if (result.failed > 0) {
    bench.figures.note(row, peer.name, `failures: ${JSON.stringify(result.failures)}`);
  }
}

async function reload(bench: Bench, peer: Peer): Promise<void> {
  const ask = { ...plainAsk(bench), routes: ROUTES };
  const base = { ...(await makeScenario(bench, peer, ask)), revision: 'v0' };
  const running = launchPeer(bench, peer, base, bench.cores.proxy);
  try {
    if ((await waitRevision(bench, base, READY_TIMEOUT_MS)) === null) {
      throw new Error(`did not start: ${running.lastWords()}`);
    }
    const load = startLoad(bench, base);
    let done = 0;
    await sleep(AROUND_MS);
    while (done < bench.options.reloads) {
      const changed = { ...base, revision: `v${done + 1}` };
      peer.change(changed, running.pid);
      if ((await waitRevision(bench, changed, RELOAD_TIMEOUT_MS)) === null) break;
      done++;
      await sleep(BETWEEN_MS);
    }
    await sleep(AROUND_MS);
    record(bench, 'reloads', peer, await load.finish(), done);
    if (done < bench.options.reloads)
      throw new Error(`did not take reload ${done + 1}: ${running.lastWords()}`);
  } finally {
    await running.stop();
  }
}

/** Starts a process that shares the port of `scenario`; ready by its own word, not by an answer on the port. */
async function startNext(bench: Bench, peer: Peer, scenario: Scenario): Promise<Running> {
  const mine = { ...scenario, adminPort: await freePort(), dir: makeDir(bench, peer.name) };
  const running = launchPeer(bench, peer, mine, bench.cores.proxy);
  const ready = await pollUntil(
    { port: mine.adminPort, path: '/ready' },
    (answer) => answer.status === 200,
    {
      clock: bench.clock,
      timeoutMs: READY_TIMEOUT_MS,
      abandoned: () => running.exit !== null,
    },
  );
  if (ready !== null) return running;
  await running.stop();
  throw new Error(`did not become ready: ${running.lastWords()}`);
}

async function handOver(bench: Bench, peer: Peer): Promise<void> {
  const scenario = await makeScenario(bench, peer, { ...plainAsk(bench), routes: ROUTES });
  let current = await startNext(bench, peer, scenario);
  const load = startLoad(bench, scenario);
  const badExits: string[] = [];
  let done = 0;
  try {
    for (; done < bench.options.handovers; done++) {
      await sleep(AROUND_MS);
      const next = await startNext(bench, peer, scenario);
      const previous = current;
      current = next;
      const askedMs = bench.clock.now();
      previous.signal('SIGTERM');
      const exit = await previous.waitExit(EXIT_TIMEOUT_MS);
      bench.figures.add('handover', '', peer.name, { time: bench.clock.now() - askedMs });
      if (exit?.code !== 0)
        badExits.push(exit === null ? 'no exit' : `exit ${exit.code ?? exit.signal}`);
      if (exit === null) await previous.stop();
    }
    await sleep(AROUND_MS);
  } finally {
    record(bench, 'handover', peer, await load.finish(), done);
    await current.stop();
  }
  if (badExits.length > 0)
    bench.figures.note('handover', peer.name, `after SIGTERM: ${badExits.join(', ')}`);
}

function onTulle(row: string, measure: (bench: Bench, peer: Peer) => Promise<void>) {
  return async (bench: Bench): Promise<void> => {
    const peer = bench.peers.find((each) => each.name === 'tulle');
    if (peer === undefined) return;
    await measure(bench, peer).catch((error: unknown) => {
      bench.figures.note(row, peer.name, messageOf(error));
    });
    bench.say(`${row}: done`);
  };
}

export const reloadsRow: Row = {
  name: 'reloads',
  title: 'Reloads under load',
  run: onTulle('reloads', reload),
};
export const handoverRow: Row = {
  name: 'handover',
  title: 'Hand-overs to a second process on the same port, under load',
  run: onTulle('handover', handOver),
};
