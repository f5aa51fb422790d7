/**
 * Loads the modules a snapshot names, once for all workers: read, verified and compiled on the main
 * thread, so that a large module delays no request. What has not changed on disk since the last
 * time is not loaded again. A module that cannot be used becomes a reason, never a failure.
 */

import { stat } from 'node:fs/promises';
import type { Snapshot } from '../config/snapshot.ts';
import type { ModuleSource } from '../config/wasm.ts';
import type { GuestModule, GuestModules } from '../data/apply/guests.ts';
import { isRefusal, type LoadOptions, loadModule } from '../runtime/module/load.ts';
import { prepareFilter } from '../runtime/proxy-wasm/verify.ts';
import { prepareCommand } from '../runtime/service/prepare.ts';

type Prepare = NonNullable<LoadOptions['prepare']>;

interface Known {
  /** Size and time of the file the outcome was made from. */
  readonly stamp: string;
  readonly guest: GuestModule;
}

export class GuestLoader {
  #known = new Map<string, Known>();

  async load(snapshot: Snapshot): Promise<GuestModules> {
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
    if (source.path === '') return failed(`${source.url} is not served by this version`);
    const key = `${use} ${source.path} ${source.sha256}`;
    const stamp = await stampOf(source.path);
    const before = known.get(key) ?? this.#known.get(key);
    if (before !== undefined && before.stamp === stamp) {
      known.set(key, before);
      return before.guest;
    }
    const loaded = await loadModule(source, { prepare });
    const guest = isRefusal(loaded)
      ? failed(loaded.reason)
      : { module: loaded.module, sha256: loaded.sha256, reason: '', works: true };
    known.set(key, { stamp, guest });
    return guest;
  }
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
