/**
 * The Wasm filters of a worker, by id. One whose configuration and module stay the same keeps its
 * guest through a reload. A new version is started beside the old one and takes over at the next
 * request; if it does not start, the old one stays.
 */

import { isDeepStrictEqual } from 'node:util';
import type { WasmFilter } from '../../config/wasm.ts';
import type { PluginDeps } from '../../runtime/proxy-wasm/host.ts';
import type { HttpFilterFactory } from '../filter/contract.ts';
import type { FilterRecorder } from '../filter/recorder.ts';
import { createWasmFilterFactory, type WasmFilterFactory } from '../filter/wasm/factory.ts';
import { ABSENT_GUEST, type GuestModule, type GuestModules } from './guests.ts';
import type { FilterFailure } from './outcome.ts';

interface Entry {
  readonly config: WasmFilter;
  readonly sha256: string;
  readonly factory: WasmFilterFactory;
  /** What requests pass: `factory`, maybe with a recorder around it. */
  readonly served: HttpFilterFactory;
  /** Why it did not start; null where it did. */
  readonly startProblem: string | null;
}

export interface FilterUpdate {
  /** By filter id. */
  readonly factories: ReadonlyMap<string, HttpFilterFactory>;
  /** New versions that do not start; where there was one that runs, it stays. */
  readonly failures: readonly FilterFailure[];
}

export class FilterSet {
  readonly #deps: PluginDeps;
  readonly #recorder: FilterRecorder | null;
  #entries = new Map<string, Entry>();
  #unused: Entry[] = [];

  constructor(deps: PluginDeps, recorder: FilterRecorder | null = null) {
    this.#deps = deps;
    this.#recorder = recorder;
  }

  /** Call {@link retireUnused} once nothing refers to the factories before. */
  update(filters: readonly WasmFilter[], modules: GuestModules['filters']): FilterUpdate {
    const entries = new Map<string, Entry>();
    const failures: FilterFailure[] = [];
    for (const config of filters) {
      const guest = modules.get(config.id) ?? ABSENT_GUEST;
      entries.set(config.id, this.#entry(config, guest, failures));
    }
    for (const [id, entry] of this.#entries) {
      if (entries.get(id) !== entry) this.#unused.push(entry);
    }
    this.#entries = entries;
    return {
      factories: new Map([...entries].map(([id, { served }]) => [id, served])),
      failures,
    };
  }

  /** The filters that the last update left out end with the requests they have. */
  retireUnused(): void {
    for (const { factory } of this.#unused) factory.retire();
    this.#unused = [];
  }

  close(): void {
    for (const { factory } of this.#entries.values()) factory.retire();
  }

  #entry(config: WasmFilter, guest: GuestModule, failures: FilterFailure[]): Entry {
    const before = this.#entries.get(config.id);
    const entry = isSame(before, config, guest) ? before : this.#start(config, guest);
    const { startProblem } = entry;
    if (startProblem === null) return entry;
    failures.push({ id: config.id, problem: startProblem });
    if (before === undefined || before === entry || before.factory.problem !== null) return entry;
    entry.factory.retire();
    return before;
  }

  #start(config: WasmFilter, guest: GuestModule): Entry {
    const factory = createWasmFilterFactory(config, guest.module ?? guest.reason, this.#deps);
    const served = this.#recorder?.around(factory, config) ?? factory;
    return { config, sha256: guest.sha256, factory, served, startProblem: factory.problem };
  }
}

function isSame(
  before: Entry | undefined,
  config: WasmFilter,
  guest: GuestModule,
): before is Entry {
  return before?.sha256 === guest.sha256 && isDeepStrictEqual(before.config, config);
}
