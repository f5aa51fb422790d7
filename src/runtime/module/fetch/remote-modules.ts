/**
 * The modules that a configuration names by URL, each once however many resources name it. A caller
 * says what is wanted and takes what is there; the rest arrives in the background, attempt by attempt,
 * and `onChange` says when it is worth looking again.
 */

import { LIMITS } from '../../../base/limits.ts';
import { type Keyring, parseKeyring } from './credentials.ts';
import { FetchError } from './fetch-error.ts';
import type { FetchOutcome } from './fetched.ts';
import { fetchHttp } from './http-source.ts';
import { ModuleCache } from './module-cache.ts';
import { fetchOci } from './oci-source.ts';
import type { RemoteDeps, RemoteSource, RemoteStatus } from './remote.ts';
import { RemoteModule, type Surroundings } from './remote-module.ts';
import { Turnstile } from './retry.ts';

export class RemoteModules {
  readonly #deps: RemoteDeps;
  readonly #around: Surroundings;
  readonly #cache: ModuleCache;
  #modules = new Map<string, RemoteModule>();

  constructor(deps: RemoteDeps) {
    this.#deps = deps;
    this.#cache = new ModuleCache({
      directory: deps.cacheDirectory,
      clock: deps.clock,
      log: deps.log,
      ...(deps.cacheBytesMax === undefined ? {} : { bytesMax: deps.cacheBytesMax }),
    });
    this.#around = {
      deps,
      cache: this.#cache,
      turnstile: new Turnstile(LIMITS.moduleFetchesMax),
      fetch: (source, knownVersion, signal) => this.#fetch(source, knownVersion, signal),
      changed: () => this.#changed(),
    };
  }

  /** From now on these and no others: new ones are fetched, and those of policy `always` again. */
  want(sources: readonly RemoteSource[]): void {
    const modules = new Map<string, RemoteModule>();
    for (const source of sources) {
      const key = keyOf(source);
      const module =
        modules.get(key) ?? this.#modules.get(key) ?? new RemoteModule(source, this.#around);
      modules.set(key, module);
    }
    for (const [key, module] of this.#modules) {
      if (!modules.has(key)) module.close();
    }
    this.#modules = modules;
    for (const module of modules.values()) module.refresh();
  }

  /** Resolves when no attempt runs or the time is up. */
  async settled(waitMs: number = LIMITS.moduleFetchWaitMs): Promise<void> {
    const all = Promise.all([...this.#modules.values()].map((module) => module.settled));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#deps.scheduler.setTimeout(resolve, waitMs);
    await Promise.race([all, late]);
    this.#deps.scheduler.clear(timer);
  }

  /** Bytes of a wanted module; null while there are none, and {@link status} says why. */
  async bytes(source: RemoteSource): Promise<Uint8Array | null> {
    return (await this.#modules.get(keyOf(source))?.bytes()) ?? null;
  }

  /** Null for what is not wanted. */
  status(source: RemoteSource): RemoteStatus | null {
    return this.#modules.get(keyOf(source))?.status ?? null;
  }

  /** Ends every attempt. */
  close(): void {
    this.want([]);
  }

  #changed(): void {
    const inUse = new Set([...this.#modules.values()].map(({ sha256 }) => sha256));
    void this.#cache.prune(inUse);
    this.#deps.onChange();
  }

  async #fetch(
    source: RemoteSource,
    knownVersion: string,
    signal: AbortSignal,
  ): Promise<FetchOutcome> {
    const { scheduler, idleMs, plainHttp } = this.#deps;
    const deps = { scheduler, signal, ...(idleMs === undefined ? {} : { idleMs }) };
    if (!/^oci:/i.test(source.url)) return fetchHttp(source.url, knownVersion, deps);
    const keyring = await this.#keyring(source);
    return fetchOci(source.url, knownVersion, { keyring, plainHttp }, deps);
  }

  async #keyring({ pullSecret }: RemoteSource): Promise<Keyring> {
    const keyring =
      pullSecret === ''
        ? parseKeyring('the Docker configuration', await this.#deps.dockerConfig())
        : parseKeyring('the pull secret', pullSecret);
    if ('problem' in keyring) throw new FetchError(keyring.problem);
    return keyring;
  }
}

function keyOf({ url, sha256, pull, pullSecret }: RemoteSource): string {
  return JSON.stringify([url, sha256, pull, pullSecret]);
}
