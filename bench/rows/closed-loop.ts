/**
 * The rows about cost: every contender (a peer in one variant of the scenario) is started and warmed,
 * then they are measured in turn, A B C D A B C D, so that a slow moment of the machine falls on all of
 * them. Those that wait their turn are idle on the same core.
 */

import type { Peer } from '../peers/peer.ts';
import { filteredAsk, largeAsk, plainAsk, postAsk } from './asks.ts';
import { type Bench, messageOf, type Row } from './bench.ts';
import { type Ask, Contender } from './contender.ts';

interface Variant {
  readonly name: string;
  readonly ask: (bench: Bench) => Ask;
}

interface ClosedLoop {
  readonly name: string;
  readonly title: string;
  readonly variants: (bench: Bench) => readonly Variant[];
  readonly peers?: (peer: Peer) => boolean;
}

const single = (ask: (bench: Bench) => Ask) => (): readonly Variant[] => [{ name: '', ask }];

const CLOSED_LOOPS: readonly ClosedLoop[] = [
  { name: 'plain', title: 'Plain GET, 100-byte answer', variants: single(plainAsk) },
  { name: 'body10k', title: 'GET, 10 KiB answer', variants: single(largeAsk) },
  { name: 'post10k', title: 'POST, 10 KiB body', variants: single(postAsk) },
  {
    name: 'routes',
    title: 'Many routes, each request to one of them at random',
    variants: (bench) =>
      bench.options.routeCounts.map((routes) => ({
        name: String(routes),
        ask: () => ({ ...plainAsk(bench), routes }),
      })),
  },
  {
    name: 'log',
    title: 'Access log to a file',
    variants: single((bench) => ({ ...plainAsk(bench), log: true })),
  },
  {
    name: 'filter',
    title: 'One Rust proxy-wasm filter that touches two headers',
    variants: () => [
      { name: 'without', ask: plainAsk },
      { name: 'with', ask: filteredAsk },
    ],
    peers: (peer) => peer.runsFilters,
  },
];

async function startAll(bench: Bench, row: ClosedLoop): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const variant of row.variants(bench)) {
    const ask = variant.ask(bench);
    for (const peer of bench.peers.filter(row.peers ?? (() => true))) {
      try {
        const contender = await Contender.start(bench, peer, variant.name, ask);
        contenders.push(contender);
        await contender.warmUp();
      } catch (error) {
        bench.figures.note(row.name, peer.name, `${variant.name} ${messageOf(error)}`.trim());
      }
    }
  }
  return contenders;
}

async function runRow(bench: Bench, row: ClosedLoop): Promise<void> {
  const contenders = await startAll(bench, row);
  try {
    for (let round = 0; round < bench.options.rounds; round++) {
      for (const contender of contenders) {
        if (contender.running.exit !== null) continue;
        await contender.measure(row.name).catch((error: unknown) => {
          bench.figures.note(row.name, contender.peer.name, messageOf(error));
        });
      }
      bench.say(`${row.name}: round ${round + 1} of ${bench.options.rounds}`);
    }
    for (const contender of contenders) {
      if (!contender.logged())
        bench.figures.note(row.name, contender.peer.name, 'wrote no access log');
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

export const closedLoopRows: readonly Row[] = CLOSED_LOOPS.map((row) => ({
  name: row.name,
  title: row.title,
  run: (bench) => runRow(bench, row),
}));
