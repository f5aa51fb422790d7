/**
 * Memory, of the whole process tree. `idle`: what connections cost that have had one request and now wait.
 * `soak`: what a process holds after a number of requests, and what it has gained after as many again.
 */

import { fileURLToPath } from 'node:url';
import type { Running } from '../harness/processes.ts';
import { runCounted } from '../load/h2load.ts';
import type { Peer } from '../peers/peer.ts';
import { plainAsk } from './asks.ts';
import { type Bench, messageOf, type Row, sleep } from './bench.ts';
import { Contender } from './contender.ts';

const IDLE_MAIN = fileURLToPath(new URL('../load/idle-main.ts', import.meta.url));
const IDLE_TIMEOUT_MS = 60_000;
/** The slowest rate at which a soak is waited for. */
const SOAK_RATE_MIN = 1_000;

async function eachPeer(
  bench: Bench,
  row: string,
  measure: (contender: Contender) => Promise<void>,
): Promise<void> {
  const measureOne = async (peer: Peer): Promise<void> => {
    const contender = await Contender.start(bench, peer, '', plainAsk(bench));
    try {
      await measure(contender);
    } finally {
      await contender.stop();
    }
  };
  for (const peer of bench.peers) {
    await measureOne(peer).catch((error: unknown) => {
      bench.figures.note(row, peer.name, messageOf(error));
    });
    bench.say(`${row}: ${peer.name}`);
  }
}

async function openIdle(bench: Bench, contender: Contender): Promise<Running> {
  const { port, path } = contender.target;
  const count = bench.options.idleConnections;
  const holder = bench.processes.launch({
    name: 'idle',
    command: [process.execPath, IDLE_MAIN, String(port), path, String(count)],
    core: bench.cores.load,
    piped: true,
  });
  const startMs = bench.clock.now();
  while (!holder.stdout.includes('\n')) {
    if (holder.exit !== null || bench.clock.now() - startMs > IDLE_TIMEOUT_MS) {
      await holder.stop();
      throw new Error(`${count} connections could not be opened: ${holder.lastWords()}`);
    }
    await sleep(10);
  }
  const { failed } = JSON.parse(holder.stdout) as { opened: number; failed: number };
  if (failed > 0) {
    await holder.stop();
    throw new Error(`${failed} of ${count} connections failed (is "ulimit -n" above ${count}?)`);
  }
  return holder;
}

async function measureIdle(bench: Bench, contender: Contender): Promise<void> {
  await contender.warmUp();
  await sleep(bench.options.settleMs);
  const beforeMiB = contender.rssMiB();
  const holder = await openIdle(bench, contender);
  try {
    await sleep(bench.options.settleMs);
    const rss = contender.rssMiB();
    const perConnection = ((rss - beforeMiB) * 1024) / bench.options.idleConnections;
    bench.figures.add('idle', '', contender.peer.name, {
      rss,
      rssGrowth: rss - beforeMiB,
      perConnection,
    });
  } finally {
    await holder.stop();
  }
}

async function measureSoak(bench: Bench, contender: Contender): Promise<void> {
  const { soakRequests: requests, connections } = bench.options;
  const { port, path } = contender.target;
  const timeoutMs = 30_000 + (requests / SOAK_RATE_MIN) * 1_000;
  const soak = async (): Promise<number> => {
    const target = { port, path, requests, connections };
    const result = await runCounted(bench.processes, target, bench.cores.load, timeoutMs);
    await sleep(bench.options.settleMs);
    return result.failed;
  };
  const failedFirst = await soak();
  const rss = contender.rssMiB();
  const failedThen = await soak();
  bench.figures.add('soak', '', contender.peer.name, {
    rss,
    rssGrowth: contender.rssMiB() - rss,
    requests: requests * 2,
    failed: failedFirst + failedThen,
  });
}

export const idleRow: Row = {
  name: 'idle',
  title: 'Idle connections',
  run: (bench) => eachPeer(bench, 'idle', (contender) => measureIdle(bench, contender)),
};

export const soakRow: Row = {
  name: 'soak',
  title: 'Memory after a number of requests, and its growth over as many again',
  run: (bench) => eachPeer(bench, 'soak', (contender) => measureSoak(bench, contender)),
};
