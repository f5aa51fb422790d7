/**
 * How many Wasm instances the whole process holds. V8 reserves 8 GiB of addresses for each memory
 * and dies when they run out, so one shared counter admits or refuses. Each worker counts in a slot
 * of its own as well, so that what a dead worker held can be given back.
 *
 * An instance frees its addresses only when it is collected; `release` says that it no longer can
 * be reached. {@link LIMITS.instancesMax} leaves room for those on their way out.
 */

import { LIMITS } from '../../base/limits.ts';

const TOTAL = 0;

export class InstanceBudget {
  /** To be posted to workers: {@link InstanceBudget.attach}. */
  readonly shared: SharedArrayBuffer;
  readonly #cells: Int32Array;
  readonly #slot: number;
  readonly #max: number;

  private constructor(shared: SharedArrayBuffer, slot: number, max: number) {
    this.shared = shared;
    this.#cells = new Int32Array(shared);
    if (slot < 0 || slot + 1 >= this.#cells.length) throw new RangeError(`no slot ${slot}`);
    this.#slot = slot + 1;
    this.#max = max;
  }

  /** A counter with `slots` workers; this object counts in slot 0. */
  static create(slots = 1, max: number = LIMITS.instancesMax): InstanceBudget {
    return new InstanceBudget(new SharedArrayBuffer(4 * (slots + 1)), 0, max);
  }

  /** A worker's view; no two workers at a time may share a slot. */
  static attach(
    shared: SharedArrayBuffer,
    slot: number,
    max: number = LIMITS.instancesMax,
  ): InstanceBudget {
    return new InstanceBudget(shared, slot, max);
  }

  /** False: the process is full; nothing was taken. */
  acquire(): boolean {
    if (Atomics.add(this.#cells, TOTAL, 1) >= this.#max) {
      Atomics.sub(this.#cells, TOTAL, 1);
      return false;
    }
    Atomics.add(this.#cells, this.#slot, 1);
    return true;
  }

  release(): void {
    if (this.own <= 0) throw new Error('released more instances than were acquired');
    Atomics.sub(this.#cells, this.#slot, 1);
    Atomics.sub(this.#cells, TOTAL, 1);
  }

  /** Instances of the process. */
  get live(): number {
    return Atomics.load(this.#cells, TOTAL);
  }

  /** Instances counted in this slot. */
  get own(): number {
    return Atomics.load(this.#cells, this.#slot);
  }

  /** Gives back what a worker that is gone held; call it after its exit, before its slot is used again. */
  reclaim(slot: number): void {
    const held = Atomics.exchange(this.#cells, slot + 1, 0);
    Atomics.sub(this.#cells, TOTAL, held);
  }
}
