/**
 * The Wasm filters of a worker, by id. One whose configuration and module stay the same keeps its
 * guest through a reload. A new version is started beside the old one and takes over at the next
 * request; if it does not start, the old one stays.
 */

import { isDeepStrictEqual } from 'node:util';
import type { WasmFilter } from '../../config/wasm.ts';
import type { PluginDeps } from '../../runtime/proxy-wasm/host.ts';
import type { HttpFilterFactory } from '../filter/contract.ts';
import { createWasmFilterFactory, type WasmFilterFactory } from '../filter/wasm/factory.ts';
import type { GuestModule, GuestModules } from './guests.ts';

interface Entry {
  readonly config: WasmFilter;
  readonly sha256: string;
  readonly factory: WasmFilterFactory;
}

const ABSENT: GuestModule = { module: null, sha256: '', reason: 'the module was not loaded' };

export class FilterSet {
  readonly #deps: PluginDeps;
  #entries = new Map<string, Entry>();
  #unused: Entry[] = [];

  constructor(deps: PluginDeps) {
    this.#deps = deps;
  }

  /** Factories by filter id; call {@link retireUnused} once nothing refers to the ones before. */
  update(
    filters: readonly WasmFilter[],
    modules: GuestModules['filters'],
  ): ReadonlyMap<string, HttpFilterFactory> {
    const entries = new Map<string, Entry>();
    for (const config of filters) {
      entries.set(config.id, this.#entry(config, modules.get(config.id) ?? ABSENT));
    }
    for (const [id, entry] of this.#entries) {
      if (entries.get(id) !== entry) this.#unused.push(entry);
    }
    this.#entries = entries;
    return new Map([...entries].map(([id, { factory }]) => [id, factory]));
  }

  /** The filters that the last update left out end with the requests they have. */
  retireUnused(): void {
    for (const { factory } of this.#unused) factory.retire();
    this.#unused = [];
  }

  close(): void {
    for (const { factory } of this.#entries.values()) factory.retire();
  }

  #entry(config: WasmFilter, guest: GuestModule): Entry {
    const before = this.#entries.get(config.id);
    if (before?.sha256 === guest.sha256 && isDeepStrictEqual(before.config, config)) return before;
    const factory = createWasmFilterFactory(config, guest.module ?? guest.reason, this.#deps);
    if (before === undefined || before.factory.problem !== null || factory.problem === null) {
      return { config, sha256: guest.sha256, factory };
    }
    this.#deps.log.write(
      'error',
      'the new version of a Wasm filter does not start; the old one stays',
      {
        filter: config.id,
        problem: factory.problem,
      },
    );
    factory.retire();
    return before;
  }
}
