/**
 * A constant-rate load: request i is due at start + i / rate whatever the proxy does, and its latency
 * counts from then. A request that finds no free connection waits in the queue and its waiting counts too,
 * so a proxy that stalls cannot hide the stall by slowing its clients (the flaw of a closed loop).
 *
 *     due times > queue > idle connections > answers > histogram
 *
 * `spin` looks at the clock on every turn of the event loop: sends leave within microseconds of their
 * time, for one whole core (run it at idle priority when the core is shared). Without it a 1 ms timer drives
 * the sends, which is enough where only failures are counted.
 *
 * Connections take turns, so that each one carries its share and none lies idle for long.
 *
 * A failure is any request that did not get a whole 2xx answer in time, and any connection that could
 * not be made. Nothing is retried: the caller decides what a failure means.
 */

import type { Clock } from '../../src/base/clock.ts';
import { LoadConnection, type LoadOutcome, type LoadOwner } from './connection.ts';
import { LatencyHistogram } from './histogram.ts';
import { TimeQueue } from './time-queue.ts';

export interface OpenLoopPlan {
  /** Target on 127.0.0.1. */
  readonly port: number;
  readonly path: string;
  readonly requestsPerSecond: number;
  readonly connections: number;
  /** A connection is closed after so many answers and another one made; 0 keeps it. */
  readonly requestsPerConnection: number;
  /** From the due time; a slower request has failed and its connection is cut. */
  readonly timeoutMs: number;
  readonly spin: boolean;
  /** Latencies of requests due earlier than this after the start are left out; failures are not. */
  readonly warmupMs: number;
}

export interface OpenLoopResult {
  readonly seconds: number;
  readonly sent: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Failures by reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** How late the generator itself noticed that a request was due: part of each latency above. */
  readonly latenessP50Ms: number;
  readonly latenessP99Ms: number;
}

/** Due requests kept while no connection is free; more means the proxy is overwhelmed. */
const QUEUE_MAX = 1 << 17;
const EXPIRY_CHECK_MS = 50;

export class OpenLoop implements LoadOwner {
  readonly clock: Clock;
  readonly plan: OpenLoopPlan;
  readonly requestBytes: Buffer;
  readonly #connections: LoadConnection[] = [];
  readonly #idle: LoadConnection[] = [];
  readonly #queue = new TimeQueue(QUEUE_MAX);
  readonly #latencies = new LatencyHistogram();
  readonly #lateness = new LatencyHistogram();
  readonly #failures: Record<string, number> = {};
  readonly #intervalMs: number;
  #startMs = 0;
  #measuredFromMs = 0;
  #scheduled = 0;
  #succeeded = 0;
  #nextCheckMs = 0;
  #inFlight = 0;
  #stopping = false;
  #finish: (() => void) | null = null;

  constructor(plan: OpenLoopPlan, clock: Clock) {
    this.plan = plan;
    this.clock = clock;
    this.#intervalMs = 1_000 / plan.requestsPerSecond;
    this.requestBytes = Buffer.from(
      `GET ${plan.path} HTTP/1.1\r\nhost: 127.0.0.1:${plan.port}\r\n\r\n`,
    );
  }

  /** Opens every connection; sends begin with the first turn of the loop. */
  start(): void {
    this.#startMs = this.clock.now();
    this.#measuredFromMs = this.#startMs + this.plan.warmupMs;
    for (let index = 0; index < this.plan.connections; index++) {
      this.#connections.push(new LoadConnection(this));
    }
    this.#turn();
  }

  /** No further request becomes due; resolves when those in flight and in the queue are settled. */
  stop(): Promise<OpenLoopResult> {
    this.#stopping = true;
    const seconds = (this.clock.now() - this.#startMs) / 1_000;
    return new Promise((resolve) => {
      this.#finish = () => resolve(this.#result(seconds));
    });
  }

  onIdle(connection: LoadConnection): void {
    this.#idle.push(connection);
    this.#dispatch();
  }

  onLost(connection: LoadConnection): void {
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  onOutcome(outcome: LoadOutcome, dueMs: number): void {
    this.#inFlight--;
    if (outcome !== 'ok') {
      this.#fail(outcome);
      return;
    }
    this.#succeeded++;
    if (dueMs >= this.#measuredFromMs) this.#latencies.record((this.clock.now() - dueMs) * 1_000);
  }

  onConnectFailure(reason: string): void {
    this.#fail(reason);
  }

  #fail(reason: string): void {
    this.#failures[reason] = (this.#failures[reason] ?? 0) + 1;
  }

  #turn = (): void => {
    const nowMs = this.clock.now();
    if (!this.#stopping) this.#schedule(nowMs);
    this.#dispatch();
    if (nowMs >= this.#nextCheckMs) this.#expire(nowMs);
    if (this.#stopping && this.#inFlight === 0 && this.#queue.length === 0) {
      for (const connection of this.#connections) connection.close();
      this.#finish?.();
      return;
    }
    if (this.plan.spin) setImmediate(this.#turn);
    else setTimeout(this.#turn, 1);
  };

  #schedule(nowMs: number): void {
    for (;;) {
      const dueMs = this.#startMs + this.#scheduled * this.#intervalMs;
      if (dueMs > nowMs) return;
      this.#scheduled++;
      if (dueMs >= this.#measuredFromMs) this.#lateness.record((nowMs - dueMs) * 1_000);
      if (!this.#queue.push(dueMs)) this.#fail('queue overflow');
    }
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const connection = this.#idle.shift();
      if (connection === undefined) return;
      this.#inFlight++;
      connection.send(this.#queue.shift());
    }
  }

  #expire(nowMs: number): void {
    this.#nextCheckMs = nowMs + EXPIRY_CHECK_MS;
    const lastDueMs = nowMs - this.plan.timeoutMs;
    for (const connection of this.#connections) connection.expire(lastDueMs);
    while (this.#queue.length > 0 && this.#queue.first < lastDueMs) {
      this.#queue.shift();
      this.#fail('timeout in queue');
    }
  }

  #result(seconds: number): OpenLoopResult {
    const at = (percent: number) => this.#latencies.percentileUs(percent) / 1_000;
    return {
      seconds,
      sent: this.#scheduled,
      succeeded: this.#succeeded,
      failed: Object.values(this.#failures).reduce((sum, count) => sum + count, 0),
      failures: this.#failures,
      p50Ms: at(50),
      p90Ms: at(90),
      p99Ms: at(99),
      p999Ms: at(99.9),
      maxMs: this.#latencies.maxUs / 1_000,
      latenessP50Ms: this.#lateness.percentileUs(50) / 1_000,
      latenessP99Ms: this.#lateness.percentileUs(99) / 1_000,
    };
  }
}
