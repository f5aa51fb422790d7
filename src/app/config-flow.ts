/** A snapshot's way into force: its guests are loaded, then every worker applies it, one at a time. */

import type { Snapshot } from '../config/snapshot.ts';
import type { FileControl } from '../control/control-plane.ts';
import type { Problem } from '../control/resource.ts';
import type { BindFailure } from '../data/apply/data-plane.ts';
import { type GuestModules, NO_GUESTS } from '../data/apply/guests.ts';
import { GuestLoader } from './guest-loader.ts';
import { guestProblems } from './guest-problems.ts';
import type { Supervisor } from './supervisor.ts';

export class ConfigFlow {
  readonly #control: FileControl;
  readonly #supervisor: Supervisor;
  readonly #loader = new GuestLoader();
  #guests: GuestModules = NO_GUESTS;
  #problems: readonly Problem[] = [];
  #inForce: Snapshot | null = null;
  #inForceWallMs = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(control: FileControl, supervisor: Supervisor) {
    this.#control = control;
    this.#supervisor = supervisor;
  }

  /** Null before the first. */
  get snapshot(): Snapshot | null {
    return this.#inForce;
  }

  get acceptedWallMs(): number {
    return this.#inForceWallMs;
  }

  get guests(): GuestModules {
    return this.#guests;
  }

  /** Modules that cannot be used. */
  get guestProblems(): readonly Problem[] {
    return this.#problems;
  }

  /** Resolves with what could not be listened on; changes that come meanwhile wait their turn. */
  apply(snapshot: Snapshot, wallMs: number): Promise<readonly BindFailure[]> {
    const applied = this.#turn.then(() => this.#apply(snapshot, wallMs));
    this.#turn = applied.catch(() => {});
    return applied;
  }

  async #apply(snapshot: Snapshot, wallMs: number): Promise<readonly BindFailure[]> {
    this.#guests = await this.#loader.load(snapshot);
    this.#problems = guestProblems(this.#guests, this.#control.resources);
    const failures = await this.#supervisor.apply(snapshot, this.#guests);
    this.#inForce = snapshot;
    this.#inForceWallMs = wallMs;
    return failures;
  }
}
