/**
 * Latency at a rate every proxy can serve: half of what Envoy reaches at full load. A constant-rate
 * generator sends, and a request's latency counts from the moment it was due.
 */

import { median } from '../harness/statistics.ts';
import { OpenLoopProcess } from '../load/open-loop-process.ts';
import { runWrk } from '../load/wrk.ts';
import { plainAsk } from './asks.ts';
import { type Bench, messageOf, type Row, sleep } from './bench.ts';
import { Contender } from './contender.ts';

const TIMEOUT_MS = 5_000;
/** The generator's own: start of the process, connections, compiled code. */
const GENERATOR_WARMUP_MS = 1_500;
/** Share of the due requests that must have been answered, else the generator was the bottleneck. */
const COMPLETE_SHARE = 0.99;
/** A generator later than this, 99th percentile, was not alone on its core: the row says so. */
const LATENESS_MAX_MS = 0.5;

/** Envoy's median rate of the plain row, or a measurement made now; without Envoy, the first peer's. */
async function referenceRate(bench: Bench, contenders: readonly Contender[]): Promise<number> {
  const known = bench.figures.values('plain', '', 'envoy', 'rps');
  if (known.length > 0) return median(known);
  const reference = contenders.find((each) => each.peer.name === 'envoy') ?? contenders[0];
  if (reference === undefined) return 0;
  const { processes, options, cores } = bench;
  const result = await runWrk(processes, reference.shape, options.seconds, cores.load);
  return result.requests / result.seconds;
}

async function measure(
  bench: Bench,
  contender: Contender,
  requestsPerSecond: number,
): Promise<void> {
  const generator = new OpenLoopProcess(
    bench.processes,
    {
      port: contender.scenario.port,
      path: contender.target.path,
      requestsPerSecond,
      connections: bench.options.connections,
      requestsPerConnection: 0,
      timeoutMs: TIMEOUT_MS,
      spin: true,
      warmupMs: GENERATOR_WARMUP_MS,
    },
    bench.cores.load,
  );
  await sleep(bench.options.seconds * 1_000 + GENERATOR_WARMUP_MS);
  const result = await generator.finish();
  const peer = contender.peer.name;
  if (result.succeeded < result.sent * COMPLETE_SHARE) {
    bench.figures.note(
      'rate',
      peer,
      `only ${result.succeeded} of ${result.sent} requests were answered`,
    );
  }
  if (result.latenessP99Ms > LATENESS_MAX_MS) {
    const late = result.latenessP99Ms.toFixed(1);
    bench.figures.note(
      'rate',
      peer,
      `the generator was ${late} ms late (p99): the machine was not quiet`,
    );
  }
  bench.figures.add('rate', '', peer, {
    rps: result.succeeded / result.seconds,
    p50: result.p50Ms,
    p99: result.p99Ms,
    p999: result.p999Ms,
    lateness: result.latenessP99Ms,
    failed: result.failed,
  });
}

async function run(bench: Bench): Promise<void> {
  const contenders: Contender[] = [];
  try {
    for (const peer of bench.peers) {
      try {
        const contender = await Contender.start(bench, peer, '', plainAsk(bench));
        contenders.push(contender);
        await contender.warmUp();
      } catch (error) {
        bench.figures.note('rate', peer.name, messageOf(error));
      }
    }
    const half = Math.round((await referenceRate(bench, contenders)) / 2);
    if (half < 1) throw new Error('there is no rate to measure at');
    for (let round = 0; round < bench.options.rounds; round++) {
      for (const contender of contenders) await measure(bench, contender, half);
      bench.say(`rate: round ${round + 1} of ${bench.options.rounds}, ${half} requests/s`);
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

export const rateRow: Row = {
  name: 'rate',
  title: "Constant rate, half of Envoy's peak",
  run,
};
