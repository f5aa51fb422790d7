/**
 * Loads the modules a snapshot names, once for all workers: read, verified and compiled on the main
 * thread, so that a large module delays no request. What has not changed on disk since the last
 * time is not loaded again. A module that cannot be used becomes a reason, never a failure.
 *
 * Modules from elsewhere are waited for a little with a new snapshot; what comes later is found by
 * loading the same snapshot again.
 */

import { stat } from 'node:fs/promises';
import type { Snapshot } from '../config/snapshot.ts';
import type { ModuleSource } from '../config/wasm.ts';
import type { GuestModule, GuestModules } from '../data/apply/guests.ts';
import { shownUrl } from '../runtime/module/fetch/fetch-error.ts';
import type { RemoteSource, RemoteStatus } from '../runtime/module/fetch/remote.ts';
import type { RemoteModules } from '../runtime/module/fetch/remote-modules.ts';
import {
  compileModule,
  isRefusal,
  type LoadedModule,
  type LoadOptions,
  type LoadRefusal,
  loadModule,
} from '../runtime/module/load.ts';
import { prepareFilter } from '../runtime/proxy-wasm/verify.ts';
import { prepareCommand } from '../runtime/service/prepare.ts';

type Prepare = NonNullable<LoadOptions['prepare']>;

interface Known {
  /** Of the file the outcome was made from: size and time, or sha256 where it was fetched. */
  readonly stamp: string;
  readonly guest: GuestModule;
}

/** Called with the first module that has to be fetched. */
type OpenRemote = () => Promise<RemoteModules>;

export class GuestLoader {
  readonly #openRemote: OpenRemote | null;
  #remote: RemoteModules | null = null;
  #known = new Map<string, Known>();
  #version = 0;

  /** Null: nothing is fetched, and modules from elsewhere stay on their way. */
  constructor(openRemote: OpenRemote | null) {
    this.#openRemote = openRemote;
  }

  /** The next load asks again for modules whose policy is to be always asked for. */
  refetch(): void {
    this.#version = 0;
  }

  /** Ends what is being fetched. */
  close(): void {
    this.#remote?.close();
  }

  /** Null for a file. */
  fetchStatus(source: ModuleSource): RemoteStatus | null {
    const remote = remoteSource(source);
    return remote === null ? null : (this.#remote?.status(remote) ?? null);
  }

  async load(snapshot: Snapshot): Promise<GuestModules> {
    await this.#want(snapshot);
    const known = new Map<string, Known>();
    const filters = new Map<string, GuestModule>();
    const services = new Map<string, GuestModule>();
    for (const { id, module } of snapshot.filters) {
      filters.set(id, await this.#guest('filter', module, prepareFilter, known));
    }
    for (const { id, module, limits } of snapshot.services) {
      const prepare = prepareCommand(limits.memoryBytes);
      services.set(id, await this.#guest(`service ${limits.memoryBytes}`, module, prepare, known));
    }
    this.#known = known;
    return { filters, services };
  }

  async #guest(
    use: string,
    source: ModuleSource,
    prepare: Prepare,
    known: Map<string, Known>,
  ): Promise<GuestModule> {
    const remote = remoteSource(source);
    if (remote !== null) return this.#fetched(use, remote, prepare, known);
    if (source.path === '') return failed(`${shownUrl(source.url)} cannot be loaded`);
    const key = `${use} ${source.path} ${source.sha256}`;
    const stamp = await stampOf(source.path);
    const before = known.get(key) ?? this.#known.get(key);
    if (before !== undefined && before.stamp === stamp) {
      known.set(key, before);
      return before.guest;
    }
    const guest = guestOf(await loadModule(source, { prepare }));
    known.set(key, { stamp, guest });
    return guest;
  }

  async #want(snapshot: Snapshot): Promise<void> {
    if (this.#openRemote === null || snapshot.version === this.#version) return;
    this.#version = snapshot.version;
    const modules = [...snapshot.filters, ...snapshot.services].map(({ module }) => module);
    const sources = modules.map(remoteSource).filter((source) => source !== null);
    if (sources.length === 0 && this.#remote === null) return;
    this.#remote ??= await this.#openRemote();
    this.#remote.want(sources);
    await this.#remote.settled();
  }

  async #fetched(
    use: string,
    source: RemoteSource,
    prepare: Prepare,
    known: Map<string, Known>,
  ): Promise<GuestModule> {
    const status = this.#remote?.status(source) ?? null;
    const url = shownUrl(source.url);
    if (status?.state !== 'ready') {
      const isFailed = status?.state === 'failed';
      const reason = isFailed ? `${url}: ${status.error}` : `${url} is being fetched`;
      return { ...failed(reason), fetch: isFailed ? 'failed' : 'loading' };
    }
    const { sha256 } = status;
    const key = `${use} ${url} ${sha256}`;
    const before = known.get(key) ?? this.#known.get(key);
    if (before !== undefined && before.stamp === sha256) {
      known.set(key, before);
      return before.guest;
    }
    const bytes = (await this.#remote?.bytes(source)) ?? null;
    if (bytes === null) return { ...failed(`${url} is being fetched`), fetch: 'loading' };
    const guest = guestOf(await compileModule(bytes, { path: url, sha256: '' }, { prepare }));
    known.set(key, { stamp: sha256, guest });
    return guest;
  }
}

function remoteSource({ url, sha256, remote }: ModuleSource): RemoteSource | null {
  return remote === undefined ? null : { url, sha256, ...remote };
}

function guestOf(loaded: LoadedModule | LoadRefusal): GuestModule {
  if (isRefusal(loaded)) return failed(loaded.reason);
  return { module: loaded.module, sha256: loaded.sha256, reason: '', works: true };
}

function failed(reason: string): GuestModule {
  return { module: null, sha256: '', reason, works: false };
}

async function stampOf(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${size} ${mtimeMs} ${ino}`;
  } catch {
    return 'absent';
  }
}
