/**
 * The stream contexts a guest knows, by id. An id is the number of a slot and how often the slot
 * was used before, so it does not come again for a long time: an answer that is late for one
 * stream must not reach the next.
 *
 * Not a Map: its churn leaves dead tables in V8's old generation, which keep every stream they
 * name alive through young collections. Measured: 4 KB a request promoted, 10 ms a collection.
 */

import type { GuestStream } from './stream.ts';

const SLOT_BITS = 16;
const SLOTS_MAX = 1 << SLOT_BITS;
const USES_MAX = 0xffff;

export class StreamTable {
  readonly #first: number;
  readonly #streams: (GuestStream | null)[] = [];
  readonly #uses: number[] = [];
  readonly #free: number[] = [];

  /** `first`: ids below it belong to others. */
  constructor(first: number) {
    this.#first = first;
  }

  /** Gives the stream an id; false when there are as many as there may be. */
  add(stream: GuestStream): boolean {
    const slot = this.#free.pop() ?? this.#streams.length;
    if (slot >= SLOTS_MAX - this.#first) return false;
    const uses = ((this.#uses[slot] ?? -1) + 1) & USES_MAX;
    this.#uses[slot] = uses;
    this.#streams[slot] = stream;
    stream.id = uses * SLOTS_MAX + slot + this.#first;
    return true;
  }

  get(id: number): GuestStream | undefined {
    const stream = this.#streams[(id % SLOTS_MAX) - this.#first];
    return stream?.id === id ? stream : undefined;
  }

  remove(stream: GuestStream): void {
    if (this.get(stream.id) === undefined) return;
    const slot = (stream.id % SLOTS_MAX) - this.#first;
    this.#streams[slot] = null;
    this.#free.push(slot);
  }

  /** All that are in the table. */
  *[Symbol.iterator](): Generator<GuestStream> {
    for (const stream of this.#streams) if (stream !== null) yield stream;
  }

  clear(): void {
    for (const stream of this) this.remove(stream);
  }
}
