/**
 * A snapshot's way into force: its guests are loaded, one worker takes it, then all the others. What
 * cannot be used of it is told as problems, beside those that the files have.
 */

import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Snapshot } from '../config/snapshot.ts';
import type { ModuleSource } from '../config/wasm.ts';
import type { FileControl } from '../control/control-plane.ts';
import type { Problem } from '../control/resource.ts';
import { type GuestModules, NO_GUESTS } from '../data/apply/guests.ts';
import type { BindFailure } from '../data/apply/outcome.ts';
import type { RemoteStatus } from '../runtime/module/fetch/remote.ts';
import { bindProblems } from './bind-problems.ts';
import type { GuestLoader } from './guest-loader.ts';
import { guestProblems } from './guest-problems.ts';
import { type InForce, keepWorking } from './in-force.ts';
import type { FetchOptions } from './options.ts';
import { NOWHERE } from './places.ts';
import type { Supervisor } from './supervisor.ts';
import { type Died, isDied } from './worker-slot.ts';

/** An address that another process holds may become free. */
const RETRY_MS = 2_000;

export interface ConfigFlowDeps {
  readonly control: FileControl;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly log: Log;
  readonly fetch: FetchOptions;
  /** A module from elsewhere has arrived, or cannot be had: {@link ConfigFlow.apply} is due. */
  onArrival(): void;
}

export class ConfigFlow {
  readonly #deps: ConfigFlowDeps;
  #loader: GuestLoader | null = null;
  #inForce: InForce | null = null;
  #acceptedWallMs = 0;
  #bindFailures: readonly BindFailure[] = [];
  #problems: readonly Problem[] = [];
  #refusal = '';
  #turn: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(deps: ConfigFlowDeps) {
    this.#deps = deps;
  }

  /** Null before the first. */
  get snapshot(): Snapshot | null {
    return this.#inForce?.snapshot ?? null;
  }

  get acceptedWallMs(): number {
    return this.#acceptedWallMs;
  }

  get guests(): GuestModules {
    return this.#inForce?.guests ?? NO_GUESTS;
  }

  /** What came up behind the files: guests, addresses, a snapshot that was refused. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  get bindFailures(): readonly BindFailure[] {
    return this.#bindFailures;
  }

  /** Why the last snapshot was refused as a whole; '' where it was not. */
  get refusal(): string {
    return this.#refusal;
  }

  /**
   * Resolves when what control holds is in force, or was refused. Modules are looked at again. Calls
   * that come while one waits for its turn share that turn, so that changes in quick succession do
   * not queue up.
   */
  apply(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#next !== null) return this.#next;
    const turn = this.#turn.then(() => {
      this.#next = null;
      return this.#apply();
    });
    this.#next = turn;
    this.#turn = turn.catch((error: unknown) => this.#failed(error));
    return this.#turn;
  }

  /** Nothing is taken into force after it. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#loader?.close();
  }

  /** With the next {@link apply}, modules whose policy is to be always asked for are. */
  refetch(): void {
    this.#loader?.refetch();
  }

  /** Null for a file. */
  fetchStatus(module: ModuleSource): RemoteStatus | null {
    return this.#loader?.fetchStatus(module) ?? null;
  }

  async #apply(): Promise<void> {
    clearTimeout(this.#retry);
    const { control, supervisor, clock, log } = this.#deps;
    const { snapshot } = control;
    const startMs = clock.now();
    const loaded = { snapshot, guests: await this.#load(snapshot) };
    const next = keepWorking(loaded, this.#inForce);
    const isNew = this.#inForce === null || !isSame(next, this.#inForce);
    if (isNew || this.#bindFailures.length > 0) {
      const before = this.#inForce;
      let settled = next;
      const outcome = await supervisor.apply(next, ({ filterFailures }) => {
        settled = keepWorking(next, before, filterFailures);
        return settled;
      });
      this.#refusal = isDied(outcome) ? refusalOf(outcome) : '';
      if (!isDied(outcome)) {
        this.#inForce = settled;
        this.#bindFailures = outcome.bindFailures;
        if (isNew) this.#acceptedWallMs = clock.wall();
      }
    }
    this.#settle(snapshot);
    if (!isNew || this.#refusal !== '') return;
    const tookMs = Math.round(clock.now() - startMs);
    log.write('info', 'configuration in force', { version: snapshot.version, tookMs });
  }

  async #load(snapshot: Snapshot): Promise<GuestModules> {
    const count = snapshot.filters.length + snapshot.services.length;
    if (count === 0 && this.#loader === null) return NO_GUESTS;
    this.#loader ??= await this.#createLoader();
    return this.#loader.load(snapshot);
  }

  async #createLoader(): Promise<GuestLoader> {
    const { clock, log, fetch, onArrival } = this.#deps;
    const { GuestLoader } = await import('./guest-loader.ts');
    return new GuestLoader(async () => {
      const { createRemoteModules } = await import('./remote-modules.ts');
      return createRemoteModules({ clock, log, options: fetch, onChange: onArrival });
    });
  }

  #settle(snapshot: Snapshot): void {
    const { control } = this.#deps;
    this.#problems = [
      ...guestProblems(this.guests, control.resources),
      ...bindProblems(this.#bindFailures, snapshot, control.resources),
      ...(this.#refusal === '' ? [] : [this.#refused()]),
    ];
    if (this.#bindFailures.length > 0 && !this.#closed) {
      this.#retry = setTimeout(() => void this.#tryAgain(), RETRY_MS).unref();
    }
  }

  async #tryAgain(): Promise<void> {
    await this.apply();
    if (this.#bindFailures.length > 0) return;
    this.#deps.log.write('info', 'every address of the configuration is listened on now');
  }

  #refused(): Problem {
    return {
      severity: 'error',
      code: 'refused',
      resource: '',
      path: '',
      location: { ...NOWHERE, file: this.#deps.control.files[0] ?? '' },
      message: `the last good configuration stays in force: ${this.#refusal}`,
      remedy: 'Look at the filters that changed: one of them may loop or crash when it starts.',
    };
  }

  /** What is in force stays; the next change is another chance. */
  #failed(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#deps.log.write('error', 'the configuration could not be taken into force', {
      error: text,
    });
  }
}

function refusalOf({ reason, began }: Died): string {
  return began ? `a worker did not survive the configuration: ${reason}` : reason;
}

/** The same snapshot, with the same modules. */
function isSame(a: InForce, b: InForce): boolean {
  return (
    a.snapshot.version === b.snapshot.version &&
    sameGuests(a.guests.filters, b.guests.filters) &&
    sameGuests(a.guests.services, b.guests.services)
  );
}

function sameGuests(a: GuestModules['filters'], b: GuestModules['filters']): boolean {
  for (const [id, { module, reason }] of a) {
    const other = b.get(id);
    if (other?.module !== module || other.reason !== reason) return false;
  }
  return a.size === b.size;
}
