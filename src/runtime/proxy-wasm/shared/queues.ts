/**
 * Shared queues of the process. Items are chains in the memory that workers share; who is told of
 * them is one consumer: the worker whose guest registered last. Each item is one event. An event is
 * counted as pending until the consumer's guest has been told, so none is lost: when the consumer
 * goes, by itself or with its worker, another that had registered takes over what is pending.
 *
 * News reaches the consumer's worker through a word of its own that it waits on beside its other
 * work (`Atomics.waitAsync`).
 */

import { LIMITS } from '../../../base/limits.ts';
import type { Scheduler } from '../../../base/scheduler.ts';
import type { SharedQueues } from '../shared-state.ts';
import {
  hashOf,
  MAILBOXES,
  QUEUE_BLOCKS,
  QUEUE_BLOCKS_MAX,
  QUEUE_COUNT,
  type SharedMemory,
  SLOTS_MAX,
} from './memory.ts';

// Words of a queue.
const NAME = 0;
const NAME_HASH = 1;
const NAME_LENGTH = 2;
const HEAD = 3;
const TAIL = 4;
const ITEMS = 5;
const PENDING = 6;
/** Slot + 1 of the worker that is told; 0: nobody. */
const CONSUMER = 7;
/** A bit a slot: its guests have registered. */
const REGISTERED = 8;
/** A bit a slot: an event is with its guest at this moment. */
const BUSY = 17;

// Words of a name's first block, and of an item's, behind the number of the next block.
const NAME_HEAD_WORDS = 1;
const NEXT_ITEM = 1;
const LENGTH = 2;
const ITEM_HEAD_WORDS = 3;

/** Events in one go; the rest come after other work. */
const BATCH = 256;

type Ready = (token: number) => void;

export class SharedQueueTable implements SharedQueues {
  readonly #memory: SharedMemory;
  readonly #scheduler: Scheduler;
  /** Guests of this worker by token; the last one is told. */
  readonly #consumers = new Map<number, Ready[]>();
  #listening = false;
  #scheduled = false;
  #closed = false;

  constructor(memory: SharedMemory, scheduler: Scheduler) {
    this.#memory = memory;
    this.#scheduler = scheduler;
  }

  register(vmId: string, name: string, ready: Ready): number {
    const memory = this.#memory;
    memory.lock();
    let token: number;
    try {
      token = this.#open(`${vmId}\0${name}`);
      if (token === 0) return 0;
      const { slot, words } = memory;
      const queue = memory.queue(token);
      const word = queue + REGISTERED + (slot >> 5);
      words[word] = (words[word] as number) | (1 << (slot & 31));
      words[queue + CONSUMER] = slot + 1;
    } finally {
      memory.unlock();
    }
    const others = this.#consumers.get(token) ?? [];
    this.#consumers.set(token, [...others.filter((one) => one !== ready), ready]);
    this.#listen();
    this.#schedule();
    return token;
  }

  resolve(vmId: string, name: string): number {
    const memory = this.#memory;
    memory.lock();
    try {
      return this.#find(`${vmId}\0${name}`);
    } finally {
      memory.unlock();
    }
  }

  enqueue(token: number, item: Uint8Array): 'ok' | 'unknown' | 'full' {
    const memory = this.#memory;
    let consumer: number;
    memory.lock();
    try {
      if (!this.#knows(token)) return 'unknown';
      if (!this.#put(token, item)) return 'full';
      consumer = memory.words[memory.queue(token) + CONSUMER] as number;
    } finally {
      memory.unlock();
    }
    if (consumer === memory.slot + 1) this.#schedule();
    else if (consumer !== 0) this.#tell(consumer - 1);
    return 'ok';
  }

  dequeue(token: number): Uint8Array | null | undefined {
    const memory = this.#memory;
    const { words } = memory;
    memory.lock();
    try {
      if (!this.#knows(token)) return undefined;
      const queue = memory.queue(token);
      const item = words[queue + HEAD] as number;
      if (item === 0) return null;
      const at = memory.block(item);
      const bytes = memory.read(item, ITEM_HEAD_WORDS, 0, words[at + LENGTH] as number);
      const next = words[at + NEXT_ITEM] as number;
      Atomics.store(words, queue + HEAD, next);
      if (next === 0) words[queue + TAIL] = 0;
      words[queue + ITEMS] = (words[queue + ITEMS] as number) - 1;
      words[QUEUE_BLOCKS] = (words[QUEUE_BLOCKS] as number) - memory.free(item);
      return bytes;
    } finally {
      memory.unlock();
    }
  }

  leave(ready: Ready): void {
    for (const [token, consumers] of this.#consumers) {
      if (!consumers.includes(ready)) continue;
      const left = consumers.filter((one) => one !== ready);
      if (left.length > 0) {
        this.#consumers.set(token, left);
        continue;
      }
      this.#consumers.delete(token);
      this.#leaveQueue(token, this.#memory.slot);
    }
  }

  /** The thread of that slot is gone: its queues go to others, with the event it did not finish. */
  reclaim(slot: number): void {
    const count = this.#memory.words[QUEUE_COUNT] as number;
    for (let token = 1; token <= count; token++) this.#leaveQueue(token, slot);
  }

  close(): void {
    this.#closed = true;
    this.#tell(this.#memory.slot);
  }

  #leaveQueue(token: number, slot: number): void {
    const memory = this.#memory;
    const { words } = memory;
    const queue = memory.queue(token);
    const bit = 1 << (slot & 31);
    let heir = 0;
    memory.lock();
    try {
      const registered = queue + REGISTERED + (slot >> 5);
      words[registered] = (words[registered] as number) & ~bit;
      const busy = queue + BUSY + (slot >> 5);
      if (((words[busy] as number) & bit) !== 0 && slot !== memory.slot) {
        words[busy] = (words[busy] as number) & ~bit;
        words[queue + PENDING] = (words[queue + PENDING] as number) + 1;
      }
      if (words[queue + CONSUMER] !== slot + 1) return;
      heir = firstSlot(words, queue + REGISTERED);
      words[queue + CONSUMER] = heir;
    } finally {
      memory.unlock();
    }
    if (heir === memory.slot + 1) this.#schedule();
    else if (heir !== 0) this.#tell(heir - 1);
  }

  #knows(token: number): boolean {
    return token >= 1 && token <= (this.#memory.words[QUEUE_COUNT] as number);
  }

  /** The token of a name, or 0. */
  #find(name: string): number {
    const memory = this.#memory;
    const { words } = memory;
    const hash = hashOf(name);
    const count = words[QUEUE_COUNT] as number;
    for (let token = 1; token <= count; token++) {
      const queue = memory.queue(token);
      if (words[queue + NAME_HASH] !== hash || words[queue + NAME_LENGTH] !== name.length) continue;
      if (memory.startsWith(words[queue + NAME] as number, NAME_HEAD_WORDS, name)) return token;
    }
    return 0;
  }

  /** The token of a name, which gets one where it has none; 0: there are too many. */
  #open(name: string): number {
    const known = this.#find(name);
    if (known !== 0) return known;
    const memory = this.#memory;
    const { words } = memory;
    const token = (words[QUEUE_COUNT] as number) + 1;
    if (token > LIMITS.sharedQueuesMax) return 0;
    const count = memory.blocksFor(NAME_HEAD_WORDS, name.length);
    const blocks = (words[QUEUE_BLOCKS] as number) + count;
    if (blocks > (words[QUEUE_BLOCKS_MAX] as number)) return 0;
    const chain = memory.allocate(count);
    if (chain === 0) return 0;
    memory.write(chain, NAME_HEAD_WORDS, name, NOTHING);
    const queue = memory.queue(token);
    words[queue + NAME] = chain;
    words[queue + NAME_HASH] = hashOf(name);
    words[queue + NAME_LENGTH] = name.length;
    words[QUEUE_BLOCKS] = blocks;
    Atomics.store(words, QUEUE_COUNT, token);
    return token;
  }

  #put(token: number, value: Uint8Array): boolean {
    const memory = this.#memory;
    const { words } = memory;
    const queue = memory.queue(token);
    const count = memory.blocksFor(ITEM_HEAD_WORDS, value.length);
    const blocks = (words[QUEUE_BLOCKS] as number) + count;
    if (blocks > (words[QUEUE_BLOCKS_MAX] as number)) return false;
    if ((words[queue + ITEMS] as number) >= LIMITS.sharedQueueItemsMax) return false;
    const item = memory.allocate(count);
    if (item === 0) return false;
    const at = memory.block(item);
    words[at + NEXT_ITEM] = 0;
    words[at + LENGTH] = value.length;
    memory.write(item, ITEM_HEAD_WORDS, '', value);
    const tail = words[queue + TAIL] as number;
    Atomics.store(words, tail === 0 ? queue + HEAD : memory.block(tail) + NEXT_ITEM, item);
    words[queue + TAIL] = item;
    words[queue + ITEMS] = (words[queue + ITEMS] as number) + 1;
    words[queue + PENDING] = (words[queue + PENDING] as number) + 1;
    words[QUEUE_BLOCKS] = blocks;
    return true;
  }

  #tell(slot: number): void {
    Atomics.add(this.#memory.words, MAILBOXES + slot, 1);
    Atomics.notify(this.#memory.words, MAILBOXES + slot);
  }

  /** Events are told off the stack they come from, which may be a guest's. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#scheduler.setTimeout(() => {
      this.#scheduled = false;
      this.#deliver();
    }, 0);
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#await(Atomics.load(this.#memory.words, MAILBOXES + this.#memory.slot));
  }

  /** `seen`: the word as it was before events were looked for, or will be. */
  #await(seen: number): void {
    const { words, slot } = this.#memory;
    const news = Atomics.waitAsync(words, MAILBOXES + slot, seen);
    if (!news.async) queueMicrotask(() => this.#again());
    else void news.value.then(() => this.#again());
  }

  #again(): void {
    if (this.#closed) return;
    const seen = Atomics.load(this.#memory.words, MAILBOXES + this.#memory.slot);
    this.#deliver();
    this.#await(seen);
  }

  #deliver(): void {
    let left = BATCH;
    for (const token of this.#consumers.keys()) {
      while (this.#claim(token)) {
        try {
          this.#consumers.get(token)?.at(-1)?.(token);
        } finally {
          this.#finish(token);
        }
        if (--left === 0) {
          this.#schedule();
          return;
        }
      }
    }
  }

  /** Takes one pending event of a queue whose consumer is here. */
  #claim(token: number): boolean {
    if (this.#closed || !this.#consumers.has(token)) return false;
    const memory = this.#memory;
    const { words, slot } = memory;
    const queue = memory.queue(token);
    memory.lock();
    try {
      const pending = words[queue + PENDING] as number;
      if (pending === 0 || words[queue + CONSUMER] !== slot + 1) return false;
      const busy = queue + BUSY + (slot >> 5);
      words[busy] = (words[busy] as number) | (1 << (slot & 31));
      words[queue + PENDING] = pending - 1;
      return true;
    } finally {
      memory.unlock();
    }
  }

  #finish(token: number): void {
    const { slot, words } = this.#memory;
    const busy = this.#memory.queue(token) + BUSY + (slot >> 5);
    Atomics.and(words, busy, ~(1 << (slot & 31)));
  }
}

const NOTHING = new Uint8Array(0);

/** The lowest slot with its bit set, plus 1; 0: none. */
function firstSlot(words: Int32Array, at: number): number {
  for (let slot = 0; slot < SLOTS_MAX; slot++) {
    if (((words[at + (slot >> 5)] as number) & (1 << (slot & 31))) !== 0) return slot + 1;
  }
  return 0;
}
