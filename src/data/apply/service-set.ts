/**
 * The Wasm services of a worker. One whose configuration and module stay the same keeps its
 * connector, and so its queue, through a reload; one that changed gets a new connector, and the old
 * one ends with the requests it has.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Log } from '../../base/log.ts';
import type { Scheduler } from '../../base/scheduler.ts';
import type { WasmService } from '../../config/wasm.ts';
import type { InstanceBudget } from '../../runtime/instance/budget.ts';
import { CommandService } from '../../runtime/service/command.ts';
import {
  createWasmConnector,
  type RunnableService,
  type WasmConnector,
} from '../upstream/wasm/connector.ts';
import { GuestTurns } from '../upstream/wasm/turns.ts';
import { ABSENT_GUEST, type GuestModule, type GuestModules } from './guests.ts';

export interface ServiceSetDeps {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly budget: InstanceBudget;
}

export interface ServiceFigures {
  readonly running: number;
  readonly queued: number;
}

interface Entry {
  readonly config: WasmService;
  readonly sha256: string;
  readonly connector: WasmConnector;
}

export class ServiceSet {
  readonly #deps: ServiceSetDeps;
  readonly #turns: GuestTurns;
  #entries = new Map<string, Entry>();

  constructor(deps: ServiceSetDeps) {
    this.#deps = deps;
    this.#turns = new GuestTurns(deps.clock);
  }

  /** Connectors by service id. */
  update(
    services: readonly WasmService[],
    modules: GuestModules['services'],
  ): ReadonlyMap<string, WasmConnector> {
    const entries = new Map<string, Entry>();
    for (const config of services) {
      const guest = modules.get(config.id) ?? ABSENT_GUEST;
      const before = this.#entries.get(config.id);
      const same = before?.sha256 === guest.sha256 && isDeepStrictEqual(before.config, config);
      const usable = guest.module !== null || before === undefined;
      // A version that cannot be loaded does not replace one that serves.
      entries.set(
        config.id,
        before !== undefined && (same || !usable) ? before : this.#entry(config, guest),
      );
    }
    for (const [id, { connector }] of this.#entries) {
      if (entries.get(id)?.connector !== connector) this.#retire(connector);
    }
    this.#entries = entries;
    return new Map([...entries].map(([id, { connector }]) => [id, connector]));
  }

  figures(): Record<string, ServiceFigures> {
    const figures: Record<string, ServiceFigures> = {};
    for (const [id, { connector, config }] of this.#entries) {
      const running = Math.min(connector.inHand, config.limits.concurrency);
      figures[id] = { running, queued: connector.inHand - running };
    }
    return figures;
  }

  close(): void {
    for (const { connector } of this.#entries.values()) connector.retire();
  }

  #entry(config: WasmService, guest: GuestModule): Entry {
    const { clock, log } = this.#deps;
    const service = this.#service(config, guest);
    const deps = { clock, log, turns: this.#turns, limits: config.limits };
    return {
      config,
      sha256: guest.sha256,
      connector: createWasmConnector(config.id, service, deps),
    };
  }

  #service(config: WasmService, guest: GuestModule): RunnableService | { readonly reason: string } {
    if (guest.module === null) return { reason: guest.reason };
    const { id, args, env, dirs, limits } = config;
    const { clock, log, budget } = this.#deps;
    try {
      return new CommandService(guest.module, {
        name: id,
        args,
        env,
        dirs,
        limits,
        clock,
        log,
        budget,
      });
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Requests that began before the change may still choose it for a while. */
  #retire(connector: WasmConnector): void {
    this.#deps.scheduler.setTimeout(() => connector.retire(), LIMITS.drainMs);
  }
}
