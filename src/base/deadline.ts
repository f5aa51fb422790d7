/**
 * Deadlines of tens of thousands of connections and requests on one native timer.
 *
 * Time is cut into ticks; a ring of slots holds the ticks ahead, each slot a linked list of the
 * deadlines that may fall due in it. A deadline that moves later (the usual case: every byte of a
 * connection pushes its idle deadline out) or is cleared stays in its slot and only changes a
 * field; when the slot is reached, what is due fires, what is later goes to a slot of its own, what
 * was cleared drops out. A deadline beyond the ring waits in the last slot and is looked at again
 * there, once a turn of the ring.
 *
 * A deadline never fires early, and at most one tick late plus what the event loop adds. The native
 * timer is armed for the first slot in use, so an idle wheel costs no wake-ups.
 */

import type { Clock } from './clock.ts';
import type { Scheduler, TimerHandle } from './scheduler.ts';
import { systemScheduler } from './scheduler.ts';

/** A power of two; with ticks of 20 ms a turn takes 10.2 s. */
const SLOTS = 512;
const SLOT_MASK = SLOTS - 1;
const NEVER_MS: number = Number.POSITIVE_INFINITY;

/** One moment that can be moved, cleared and used again. */
export class Deadline {
  /** When it is due on the wheel's clock; Infinity while clear. Set it with {@link set}. */
  atMs: number = NEVER_MS;

  // The wheel's own from here: neighbours in a slot (itself when in none), and the end of the tick
  // before the slot's, up to which a new time needs an earlier slot.
  next: Deadline = this;
  previous: Deadline = this;
  slotAfterMs: number = NEVER_MS;
  readonly onExpired: () => void;
  readonly #wheel: DeadlineWheel;

  constructor(wheel: DeadlineWheel, onExpired: () => void) {
    this.#wheel = wheel;
    this.onExpired = onExpired;
  }

  /** Due at `atMs` (monotonic) from now on, whatever was set before; a past time is due at once. */
  set(atMs: number): void {
    this.atMs = atMs;
    if (atMs > this.slotAfterMs) return;
    this.#wheel.place(this);
  }

  /** Not due any more. The slot lets go of it within a turn of the wheel. */
  clear(): void {
    this.atMs = NEVER_MS;
  }

  /** As {@link clear}, and the wheel lets go of it now: for an owner that ends. */
  release(): void {
    this.atMs = NEVER_MS;
    this.#wheel.remove(this);
  }
}

export class DeadlineWheel {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #tickMs: number;
  /** Each a sentinel: the head of a ring of deadlines. */
  readonly #slots: Deadline[] = [];
  /** The slot being worked on, taken out so that new entries of the same slot are left for later. */
  readonly #due: Deadline;
  /** Slots up to this tick have been worked on. */
  #tick: number;
  #size = 0;
  #timer: TimerHandle | null = null;
  /** The tick the timer is set for; Infinity when there is none. */
  #armedTick: number = NEVER_MS;
  #advancing = false;
  #closed = false;

  constructor(clock: Clock, tickMs = 20, scheduler: Scheduler = systemScheduler) {
    if (!(tickMs >= 1)) throw new RangeError(`tickMs must be 1 or more, got ${tickMs}`);
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#tickMs = tickMs;
    this.#tick = Math.floor(clock.now() / tickMs);
    this.#due = new Deadline(this, () => {});
    for (let i = 0; i < SLOTS; i++) this.#slots.push(new Deadline(this, () => {}));
  }

  /** Deadlines in a slot, those cleared but not yet let go of included. */
  get size(): number {
    return this.#size;
  }

  /** Drops every deadline; none fires any more. */
  close(): void {
    this.#closed = true;
    this.#disarm();
    for (const slot of this.#slots) this.#empty(slot);
    this.#empty(this.#due);
  }

  /** For {@link Deadline} only: puts `entry` into the slot of its time. */
  place(entry: Deadline): void {
    const atMs = entry.atMs;
    if (Number.isNaN(atMs)) {
      entry.atMs = NEVER_MS;
      throw new RangeError('a deadline must be a number of milliseconds, got NaN');
    }
    if (atMs === NEVER_MS || this.#closed) return;
    this.#unlink(entry);
    if (this.#size === 0 && !this.#advancing) {
      this.#tick = Math.max(this.#tick, Math.floor(this.#clock.now() / this.#tickMs));
    }
    const wanted = Math.ceil(atMs / this.#tickMs);
    const tick = Math.min(Math.max(wanted, this.#tick + 1), this.#tick + SLOTS - 1);
    this.#link(entry, tick);
    if (tick < this.#armedTick && !this.#advancing) this.#arm(tick);
  }

  /** For {@link Deadline} only. */
  remove(entry: Deadline): void {
    this.#unlink(entry);
    if (this.#size === 0) this.#disarm();
  }

  #link(entry: Deadline, tick: number): void {
    const slot = this.#slots[tick & SLOT_MASK] as Deadline;
    const last = slot.previous;
    entry.previous = last;
    entry.next = slot;
    last.next = entry;
    slot.previous = entry;
    entry.slotAfterMs = (tick - 1) * this.#tickMs;
    this.#size++;
  }

  #unlink(entry: Deadline): void {
    if (entry.next === entry) return;
    entry.previous.next = entry.next;
    entry.next.previous = entry.previous;
    entry.next = entry;
    entry.previous = entry;
    entry.slotAfterMs = NEVER_MS;
    this.#size--;
  }

  #empty(slot: Deadline): void {
    while (slot.next !== slot) {
      slot.next.atMs = NEVER_MS;
      this.#unlink(slot.next);
    }
  }

  #arm(tick: number): void {
    this.#disarm();
    const delayMs = Math.max(1, Math.ceil(tick * this.#tickMs - this.#clock.now()));
    this.#armedTick = tick;
    this.#timer = this.#scheduler.setTimeout(this.#onTimer, delayMs);
  }

  #disarm(): void {
    if (this.#timer !== null) this.#scheduler.clear(this.#timer);
    this.#timer = null;
    this.#armedTick = NEVER_MS;
  }

  readonly #onTimer = (): void => {
    this.#timer = null;
    this.#armedTick = NEVER_MS;
    const nowMs = this.#clock.now();
    const fromTick = this.#tick;
    // Set before the walk: what a callback places then lies after now, so one walk is bounded.
    this.#tick = Math.max(fromTick, Math.floor(nowMs / this.#tickMs));
    const toTick = Math.min(this.#tick, fromTick + SLOTS);
    const failures: unknown[] = [];
    this.#advancing = true;
    for (let tick = fromTick + 1; tick <= toTick; tick++) {
      this.#takeSlot(this.#slots[tick & SLOT_MASK] as Deadline);
      this.#fireDue(nowMs, failures);
    }
    this.#advancing = false;
    this.#armNext();
    // An owner's mistake must not cost the others their deadlines, nor pass unseen.
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'deadline callbacks failed');
  };

  #takeSlot(slot: Deadline): void {
    if (slot.next === slot) return;
    const due = this.#due;
    due.next = slot.next;
    due.previous = slot.previous;
    due.next.previous = due;
    due.previous.next = due;
    slot.next = slot;
    slot.previous = slot;
  }

  #fireDue(nowMs: number, failures: unknown[]): void {
    const due = this.#due;
    for (let entry = due.next; entry !== due; entry = due.next) {
      this.#unlink(entry);
      if (entry.atMs > nowMs) {
        this.place(entry);
        continue;
      }
      entry.atMs = NEVER_MS;
      try {
        entry.onExpired();
      } catch (error) {
        failures.push(error);
      }
    }
  }

  #armNext(): void {
    if (this.#size === 0 || this.#closed) return;
    for (let tick = this.#tick + 1; tick < this.#tick + SLOTS; tick++) {
      const slot = this.#slots[tick & SLOT_MASK] as Deadline;
      if (slot.next === slot) continue;
      this.#arm(tick);
      return;
    }
  }
}
