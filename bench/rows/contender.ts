/**
 * A peer running one scenario. It counts as started when it gives the answer that the scenario promises:
 * right status, right length, the filter's header when there is a filter. A proxy that does less than it
 * was asked to is reported, not measured.
 */

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../harness/ports.ts';
import { type ProbeAnswer, type ProbeTarget, pollUntil, probe } from '../harness/probe.ts';
import { treeCpuUs, treeRssBytes } from '../harness/proc-stat.ts';
import type { Running } from '../harness/processes.ts';
import { type LoadShape, runWrk } from '../load/wrk.ts';
import { FILTER_CONFIG, type Peer, type Scenario } from '../peers/peer.ts';
import { type Bench, makeDir } from './bench.ts';

/** What a row asks for; the rest of the scenario is the harness's to fill in. */
export interface Ask {
  readonly upstreamPort: number;
  readonly answerBytes: number;
  readonly routes: number;
  readonly log: boolean;
  readonly filter: string | null;
  readonly method: 'GET' | 'POST';
  readonly bodyBytes: number;
}

const START_TIMEOUT_MS = 30_000;

export class Contender {
  readonly peer: Peer;
  readonly variant: string;
  readonly ask: Ask;
  readonly scenario: Scenario;
  readonly running: Running;
  readonly #bench: Bench;

  private constructor(bench: Bench, peer: Peer, variant: string, ask: Ask, scenario: Scenario) {
    this.#bench = bench;
    this.peer = peer;
    this.variant = variant;
    this.ask = ask;
    this.scenario = scenario;
    this.running = launchPeer(bench, peer, scenario, bench.cores.proxy);
  }

  /** Throws an Error that says what it did instead. */
  static async start(bench: Bench, peer: Peer, variant: string, ask: Ask): Promise<Contender> {
    const scenario = await makeScenario(bench, peer, ask);
    const contender = new Contender(bench, peer, variant, ask, scenario);
    try {
      await contender.#verify();
    } catch (error) {
      await contender.stop();
      throw error;
    }
    return contender;
  }

  get target(): ProbeTarget {
    const { ask } = this;
    return {
      port: this.scenario.port,
      path: ask.routes === 0 ? '/item' : `/r${ask.routes - 1}/item`,
      method: ask.method,
      body: ask.bodyBytes === 0 ? null : Buffer.alloc(ask.bodyBytes, 'x'),
    };
  }

  get shape(): LoadShape {
    return {
      port: this.scenario.port,
      path: this.target.path,
      routes: this.ask.routes,
      method: this.ask.method,
      bodyBytes: this.ask.bodyBytes,
      connections: this.#bench.options.connections,
    };
  }

  /** Load that is not measured: caches fill, and the compiler sees the hot paths. */
  async warmUp(): Promise<void> {
    const { processes, options, cores } = this.#bench;
    if (options.warmupSeconds === 0) return;
    await runWrk(processes, this.shape, options.warmupSeconds, cores.load);
  }

  rssMiB(): number {
    return treeRssBytes(this.running.pid) / 1024 / 1024;
  }

  /** One closed-loop measurement, added to the figures of a row. */
  async measure(row: string): Promise<void> {
    const { figures, processes, options, cores } = this.#bench;
    const cpuBeforeUs = treeCpuUs(this.running.pid);
    const result = await runWrk(processes, this.shape, options.seconds, cores.load);
    const cpuUs = treeCpuUs(this.running.pid) - cpuBeforeUs;
    if (this.running.exit !== null)
      throw new Error(`ended under load: ${this.running.lastWords()}`);
    figures.add(row, this.variant, this.peer.name, {
      cpu: cpuUs / Math.max(1, result.requests),
      rps: result.requests / result.seconds,
      p50: result.p50Ms,
      p99: result.p99Ms,
      p999: result.p999Ms,
      rss: this.rssMiB(),
      failed: result.failed,
    });
  }

  /** False when an access log was asked for and there is nothing in it. */
  logged(): boolean {
    const path = this.scenario.accessLog;
    return path === null || (existsSync(path) && statSync(path).size > 0);
  }

  async stop(): Promise<void> {
    await this.running.stop();
  }

  async #verify(): Promise<void> {
    const started = await pollUntil(this.target, (answer) => this.#complaint(answer) === null, {
      clock: this.#bench.clock,
      timeoutMs: START_TIMEOUT_MS,
      abandoned: () => this.running.exit !== null,
    });
    if (started !== null) return;
    if (this.running.exit !== null) {
      throw new Error(
        `ended at start (exit ${this.running.exit.code}): ${this.running.lastWords()}`,
      );
    }
    const answer = await probe(this.target);
    const complaint =
      answer === null ? 'gives no answer' : (this.#complaint(answer) ?? 'answers too late');
    throw new Error(`${complaint}: ${this.running.lastWords()}`);
  }

  #complaint(answer: ProbeAnswer): string | null {
    const { ask } = this;
    if (answer.status !== 200) return `answers ${answer.status} in place of 200`;
    if (answer.bodyBytes !== ask.answerBytes) {
      return `answers ${answer.bodyBytes} bytes in place of ${ask.answerBytes}`;
    }
    if (ask.filter !== null && answer.headers['x-filtered'] !== FILTER_CONFIG) {
      return 'serves without the filter';
    }
    return null;
  }
}

export async function makeScenario(bench: Bench, peer: Peer, ask: Ask): Promise<Scenario> {
  const dir = makeDir(bench, peer.name);
  return {
    port: await freePort(),
    adminPort: await freePort(),
    upstreamPort: ask.upstreamPort,
    routes: ask.routes,
    revision: null,
    accessLog: ask.log ? join(dir, 'access.log') : null,
    filter: ask.filter,
    dir,
  };
}

export function launchPeer(
  bench: Bench,
  peer: Peer,
  scenario: Scenario,
  core: number | null,
): Running {
  const launch = peer.prepare(scenario);
  return bench.processes.launch({
    name: peer.name,
    command: launch.command,
    core,
    stdoutPath: launch.stdoutPath,
  });
}
