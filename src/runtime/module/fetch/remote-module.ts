/**
 * One module that is fetched: what is known of it, the attempt that runs, and when the next one does.
 *
 *     absent --attempt--> ready        (from the cache where the policy allows, else fetched)
 *        \-----------> failed --pause--> attempt ...
 *
 * Once there is a module it stays: a later attempt replaces it or leaves it as it is.
 */

import { LIMITS } from '../../../base/limits.ts';
import type { TimerHandle } from '../../../base/scheduler.ts';
import { sha256Hex } from './digest.ts';
import { FetchError, shownUrl } from './fetch-error.ts';
import type { Fetched, FetchOutcome } from './fetched.ts';
import type { CachedRef, ModuleCache } from './module-cache.ts';
import type { RemoteDeps, RemoteSource, RemoteStatus } from './remote.ts';
import { retryDelayMs, type Turnstile } from './retry.ts';

/** What an attempt shares with those of other modules. */
export interface Surroundings {
  readonly deps: RemoteDeps;
  readonly cache: ModuleCache;
  readonly turnstile: Turnstile;
  fetch(source: RemoteSource, knownVersion: string, signal: AbortSignal): Promise<FetchOutcome>;
  /** The module is another one, or there is none after all. */
  changed(): void;
}

export class RemoteModule {
  readonly source: RemoteSource;
  readonly #around: Surroundings;
  readonly #refKey: string;
  #ref: CachedRef | null = null;
  /** Kept only where the cache could not take them. */
  #bytes: Uint8Array | null = null;
  /** Version whose content was no good: it is not loaded again. */
  #refused = { version: '', reason: '' };
  #error = '';
  #failures = 0;
  #attemptedMs = 0;
  #nextMs = 0;
  #running: Promise<void> | null = null;
  #abort: AbortController | null = null;
  #timer: TimerHandle | null = null;
  #closed = false;

  constructor(source: RemoteSource, around: Surroundings) {
    this.source = source;
    this.#around = around;
    // What one secret may see is not for the holder of another.
    const secret = source.pullSecret === '' ? '' : sha256Hex(source.pullSecret);
    this.#refKey = `${source.url} ${secret}`;
  }

  get status(): RemoteStatus {
    const failed = this.#error === '' ? 'loading' : 'failed';
    return {
      state: this.#ref === null ? failed : 'ready',
      source: this.#ref?.source ?? '',
      sha256: this.#ref?.sha256 ?? '',
      error: this.#error,
      attemptedMs: this.#attemptedMs,
      nextMs: this.#nextMs,
    };
  }

  /** Of the module, for the cache to keep; '' when there is none. */
  get sha256(): string {
    return this.#ref?.sha256 ?? '';
  }

  /** Resolves when no attempt runs; at once if that is so. */
  get settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Asks for the module if it is not there, or if its policy is to ask each time. */
  refresh(): void {
    const isDone = this.#ref !== null && this.#error === '' && this.source.pull !== 'always';
    if (isDone || this.#running !== null || this.#closed) return;
    this.#clearTimer();
    this.#running = this.#attempt().finally(() => {
      this.#running = null;
    });
  }

  /** The bytes, verified; null when there are none (any more), and then they are asked for. */
  async bytes(): Promise<Uint8Array | null> {
    if (this.#ref === null) return null;
    const bytes = this.#bytes ?? (await this.#around.cache.read(this.#ref.sha256));
    if (bytes === null) {
      this.#ref = null;
      this.refresh();
    }
    return bytes;
  }

  /** Ends what runs; nothing is heard of it again. */
  close(): void {
    this.#closed = true;
    this.#clearTimer();
    this.#abort?.abort(new FetchError('no longer wanted'));
  }

  async #attempt(): Promise<void> {
    if (this.#ref === null) await this.#takeCached();
    if (this.#ref !== null && this.#attemptedMs === 0 && this.source.pull !== 'always') return;
    const { turnstile, deps } = this.#around;
    await turnstile.enter();
    if (this.#closed) {
      turnstile.leave();
      return;
    }
    this.#attemptedMs = deps.clock.wall();
    this.#nextMs = 0;
    const abort = new AbortController();
    this.#abort = abort;
    const late = new FetchError(`it took longer than ${LIMITS.moduleFetchMs / 1000} s`);
    const timer = deps.scheduler.setTimeout(() => abort.abort(late), LIMITS.moduleFetchMs);
    try {
      const outcome = await this.#around.fetch(this.source, this.#knownVersion(), abort.signal);
      await this.#take(outcome);
    } catch (error) {
      this.#fail(error);
    } finally {
      deps.scheduler.clear(timer);
      this.#abort = null;
      turnstile.leave();
    }
  }

  /** What the cache holds for this very URL, or for the digest that the resource gives. */
  async #takeCached(): Promise<void> {
    const { cache } = this.#around;
    const { sha256, url } = this.source;
    const ref = await cache.readRef(this.#refKey);
    if (ref !== null && matches(sha256, ref.sha256, ref.digests)) {
      if ((await cache.read(ref.sha256)) !== null) this.#ref = ref;
    }
    if (this.#ref === null && sha256 !== '' && (await cache.read(sha256)) !== null) {
      this.#ref = { sha256, version: '', source: shownUrl(url), digests: [] };
    }
    if (this.#ref !== null && !this.#closed) this.#around.changed();
  }

  #knownVersion(): string {
    return this.#refused.version || (this.#ref?.version ?? '');
  }

  async #take(outcome: FetchOutcome): Promise<void> {
    if (outcome === 'unchanged') {
      if (this.#refused.version !== '') throw new FetchError(this.#refused.reason);
      if (this.#ref === null) throw new FetchError('the module is gone from the cache');
      this.#succeed();
      return;
    }
    if ('unusable' in outcome) throw this.#refuse(outcome.version, outcome.unusable);
    const { version, source, digests } = outcome;
    const sha256 = sha256Hex(outcome.module);
    const expected = this.source.sha256;
    if (!matches(expected, sha256, digests)) {
      throw this.#refuse(version, mismatch(expected, sha256, outcome));
    }
    const ref = { sha256, version, source, digests };
    const isKept = await this.#around.cache.write(sha256, outcome.module);
    if (isKept) await this.#around.cache.writeRef(this.#refKey, ref);
    if (this.#closed) return;
    const isNew = this.#ref?.sha256 !== sha256;
    this.#bytes = isKept ? null : outcome.module;
    this.#ref = ref;
    this.#succeed();
    if (!isNew) return;
    this.#around.deps.log.write('info', 'a module was fetched', { source, sha256 });
    this.#around.changed();
  }

  #refuse(version: string, reason: string): FetchError {
    this.#refused = { version, reason };
    return new FetchError(reason);
  }

  #succeed(): void {
    this.#refused = { version: '', reason: '' };
    this.#failures = 0;
    this.#error = '';
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    const { deps } = this.#around;
    const isFirst = this.#error === '';
    const askedMs = error instanceof FetchError ? error.retryAfterMs : 0;
    this.#error = error instanceof Error ? error.message : String(error);
    this.#failures++;
    const retryMs = retryDelayMs(this.#failures, deps.random(), askedMs);
    this.#nextMs = deps.clock.wall() + retryMs;
    this.#timer = deps.scheduler.setTimeout(() => this.refresh(), retryMs);
    deps.log.write('warn', 'a module cannot be fetched', {
      module: shownUrl(this.source.url),
      reason: this.#error,
      retryMs,
      kept: this.#ref === null ? undefined : this.#ref.sha256,
    });
    if (isFirst && this.#ref === null) this.#around.changed();
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#around.deps.scheduler.clear(this.#timer);
    this.#timer = null;
  }
}

/** Istio checks the image's digest where there is an image; a module's own is accepted as well. */
function matches(expected: string, sha256: string, digests: readonly string[]): boolean {
  return expected === '' || expected === sha256 || digests.includes(`sha256:${expected}`);
}

function mismatch(expected: string, sha256: string, { digests }: Fetched): string {
  const image = digests.length === 0 ? '' : `, its image ${digests.join(' and ')}`;
  return `the module has sha256 ${sha256}${image}; expected ${expected}`;
}
