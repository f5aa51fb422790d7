/**
 * Keeps the addresses of one hostname fresh: looks it up at once and then again and again, and
 * says so only when the set of addresses changed.
 *
 * A failed look-up, or an answer without addresses, keeps what is known: a resolver in trouble must
 * not take a healthy backend away. It is tried again soon, then less and less often, and logged
 * when look-ups begin to fail and when they work again.
 */

import { isIP } from 'node:net';
import { LIMITS } from '../../base/limits.ts';
import type { Log } from '../../base/log.ts';
import type { Scheduler, TimerHandle } from '../../base/scheduler.ts';
import type { Random } from './lb/policy.ts';
import type { Resolution, Resolver } from './resolver.ts';

/** Bounds of what an answer's time to live may ask for. */
const TTL_MIN_MS = 1_000;
const TTL_MAX_MS = 30_000;
/** Wait after the first failure; doubled with each further one. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 30_000;
/** Part of each wait that is random, so that workers and hostnames do not ask in step. */
const JITTER = 0.2;

export interface DnsDeps {
  readonly resolver: Resolver;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly random: Random;
}

export class DnsWatcher {
  readonly #hostname: string;
  readonly #clusterName: string;
  readonly #deps: DnsDeps;
  readonly #onChange: (addresses: readonly string[]) => void;
  readonly #firstAnswer: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  #answered = false;
  #addresses: readonly string[] = [];
  /** Failures in a row. */
  #failures = 0;
  #timer: TimerHandle | null = null;
  #closed = false;

  /** Starts the first look-up. `onChange` gets a sorted list with no repeats, never an empty one. */
  constructor(
    hostname: string,
    clusterName: string,
    deps: DnsDeps,
    onChange: (addresses: readonly string[]) => void,
  ) {
    this.#hostname = hostname;
    this.#clusterName = clusterName;
    this.#deps = deps;
    this.#onChange = onChange;
    void this.#look();
  }

  /** The last good answer; empty before there is one. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Settles when the first look-up ends, well or not, or on close; null once that has happened. */
  whenReady(): Promise<void> | null {
    return this.#answered ? null : this.#firstAnswer.promise;
  }

  /** Asks no more; an answer on its way is ignored. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) this.#deps.scheduler.clear(this.#timer);
    this.#timer = null;
    this.#setReady();
  }

  async #look(): Promise<void> {
    let resolution: Resolution | null = null;
    let failure = 'the answer has no addresses';
    try {
      resolution = await this.#deps.resolver.resolve(this.#hostname);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    if (this.#closed) return;
    const addresses = resolution === null ? [] : sortedAddresses(resolution);
    const waitMs =
      resolution === null || addresses.length === 0
        ? this.#fail(failure)
        : this.#take(addresses, resolution.ttlMs);
    this.#setReady();
    if (this.#closed) return;
    const jitteredMs = waitMs * (1 - JITTER * this.#deps.random());
    this.#timer = this.#deps.scheduler.setTimeout(() => {
      this.#timer = null;
      void this.#look();
    }, jitteredMs);
  }

  /** Time to the next look-up, ms. */
  #take(addresses: readonly string[], ttlMs: number | null): number {
    if (this.#failures > 0) {
      this.#failures = 0;
      this.#write('info', 'hostname resolves again');
    }
    if (addresses.join() !== this.#addresses.join()) {
      this.#addresses = addresses;
      this.#onChange(addresses);
    }
    if (ttlMs === null || !(ttlMs >= 0)) return LIMITS.resolveMs;
    return Math.min(Math.max(ttlMs, TTL_MIN_MS), TTL_MAX_MS);
  }

  #fail(reason: string): number {
    this.#failures++;
    if (this.#failures === 1) {
      const kept = this.#addresses.length;
      const outcome = kept > 0 ? 'its last addresses stay in use' : 'the backend has no endpoint';
      this.#write('warn', `hostname does not resolve, ${outcome}: ${reason}`);
    }
    return Math.min(RETRY_FIRST_MS * 2 ** (this.#failures - 1), RETRY_MAX_MS);
  }

  #setReady(): void {
    this.#answered = true;
    this.#firstAnswer.resolve();
  }

  #write(level: 'info' | 'warn', message: string): void {
    this.#deps.log.write(level, message, { cluster: this.#clusterName, hostname: this.#hostname });
  }
}

/** In one order and without repeats, so that equal sets look equal. */
function sortedAddresses(resolution: Resolution): readonly string[] {
  return [...new Set(resolution.addresses.filter((entry) => isIP(entry) !== 0))].sort();
}
