/**
 * The memory that all workers share: a lock, a few counters, and equal blocks that chains are made
 * of. Values and queue items are chains, so there is no fragmentation: whatever is freed can be
 * used for whatever comes.
 *
 * A worker may be ended at any instruction, also while it holds the lock. Every change is therefore
 * made of steps that leave the structure whole: a chain is written before one store makes it
 * reachable, and is taken out by one store before it is freed. What is lost at worst is a block.
 * {@link SharedMemory.reclaim} opens a lock whose holder is gone.
 */

import { LIMITS } from '../../../base/limits.ts';

// Words at the start.
const LOCK = 0;
const WAITERS = 1;
const FRESH = 2;
const FREE = 3;
export const CAS = 4;
export const DATA_BLOCKS = 5;
export const QUEUE_BLOCKS = 6;
export const QUEUE_COUNT = 7;
const BLOCKS_MAX = 8;
export const DATA_BLOCKS_MAX = 9;
export const QUEUE_BLOCKS_MAX = 10;
const BUCKETS = 11;
/** One word a worker: counts up when there is news of a queue for it. */
export const MAILBOXES = 16;
export const SLOTS_MAX = 288;

const QUEUE_WORDS = 32;
const QUEUES_AT = MAILBOXES + SLOTS_MAX;
const BUCKETS_AT = QUEUES_AT + LIMITS.sharedQueuesMax * QUEUE_WORDS;

const BLOCK_BYTES = 256;
const BLOCK_WORDS = BLOCK_BYTES / 4;
/** The first word of each block is the number of the next one. */
const NEXT_BYTES = 4;

const SPINS = 200;
const WAIT_MS = 1;
/** A value of this many bytes makes a bucket worth while. */
const BYTES_PER_BUCKET = 512;
const BUCKETS_MIN = 64;

export interface SharedSizes {
  readonly dataBytes: number;
  readonly queueBytes: number;
}

const SIZES_OF_PROCESS: SharedSizes = {
  dataBytes: LIMITS.sharedDataBytesMax,
  queueBytes: LIMITS.sharedQueueBytesMax,
};

export class SharedMemory {
  /** To be posted to workers. */
  readonly shared: SharedArrayBuffer;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly slot: number;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #buckets: number;
  readonly #blocksAt: number;

  private constructor(shared: SharedArrayBuffer, slot: number) {
    if (slot < 0 || slot >= SLOTS_MAX) throw new RangeError(`no slot ${slot}`);
    this.shared = shared;
    this.slot = slot;
    this.words = new Int32Array(shared);
    this.#bytes = new Uint8Array(shared);
    this.#buckets = this.words[BUCKETS] as number;
    this.#blocksAt = BUCKETS_AT + this.#buckets;
  }

  /** Memory that is not used costs addresses only. */
  static create(slot = 0, sizes: SharedSizes = SIZES_OF_PROCESS): SharedMemory {
    const data = Math.ceil(sizes.dataBytes / BLOCK_BYTES);
    const queue = Math.ceil(sizes.queueBytes / BLOCK_BYTES);
    const buckets =
      2 ** Math.ceil(Math.log2(Math.max(BUCKETS_MIN, sizes.dataBytes / BYTES_PER_BUCKET)));
    const words = BUCKETS_AT + buckets + (data + queue) * BLOCK_WORDS;
    const shared = new SharedArrayBuffer(words * 4);
    const head = new Int32Array(shared);
    head[BLOCKS_MAX] = data + queue;
    head[DATA_BLOCKS_MAX] = data;
    head[QUEUE_BLOCKS_MAX] = queue;
    head[BUCKETS] = buckets;
    return new SharedMemory(shared, slot);
  }

  /** No two threads at a time may share a slot. */
  static attach(shared: SharedArrayBuffer, slot: number): SharedMemory {
    return new SharedMemory(shared, slot);
  }

  lock(): void {
    const { words } = this;
    const me = this.slot + 1;
    if (Atomics.compareExchange(words, LOCK, 0, me) === 0) return;
    for (;;) {
      for (let i = 0; i < SPINS; i++) {
        if (Atomics.load(words, LOCK) !== 0) continue;
        if (Atomics.compareExchange(words, LOCK, 0, me) === 0) return;
      }
      const holder = Atomics.load(words, LOCK);
      if (holder === 0) continue;
      Atomics.add(words, WAITERS, 1);
      Atomics.wait(words, LOCK, holder, WAIT_MS);
      Atomics.sub(words, WAITERS, 1);
    }
  }

  unlock(): void {
    Atomics.store(this.words, LOCK, 0);
    if (Atomics.load(this.words, WAITERS) !== 0) Atomics.notify(this.words, LOCK, 1);
  }

  /** The thread of that slot is gone: should it have held the lock, that is open again. */
  reclaim(slot: number): void {
    Atomics.compareExchange(this.words, LOCK, slot + 1, 0);
    Atomics.notify(this.words, LOCK);
  }

  /** The word that holds the first record of a hash. */
  bucket(hash: number): number {
    return BUCKETS_AT + (hash & (this.#buckets - 1));
  }

  queue(token: number): number {
    return QUEUES_AT + (token - 1) * QUEUE_WORDS;
  }

  /** The word where a block begins. */
  block(number: number): number {
    return this.#blocksAt + (number - 1) * BLOCK_WORDS;
  }

  /** Blocks for a head of so many words and as many bytes. */
  blocksFor(headWords: number, bytes: number): number {
    const inFirst = BLOCK_BYTES - headWords * 4;
    if (bytes <= inFirst) return 1;
    return 1 + Math.ceil((bytes - inFirst) / (BLOCK_BYTES - NEXT_BYTES));
  }

  /** The number of a chain's first block; 0: there are not so many. */
  allocate(count: number): number {
    const { words } = this;
    let first = 0;
    let last = 0;
    for (let i = 0; i < count; i++) {
      const number = this.#take();
      if (number === 0) {
        if (first !== 0) this.free(first);
        return 0;
      }
      words[this.block(number)] = 0;
      if (first === 0) first = number;
      else words[this.block(last)] = number;
      last = number;
    }
    return first;
  }

  /** Blocks freed. Nothing may refer to the chain any more. */
  free(first: number): number {
    const { words } = this;
    let last = first;
    let count = 1;
    for (;;) {
      const next = words[this.block(last)] as number;
      if (next === 0) break;
      last = next;
      count++;
    }
    words[this.block(last)] = words[FREE] as number;
    words[FREE] = first;
    return count;
  }

  #take(): number {
    const { words } = this;
    const free = words[FREE] as number;
    if (free !== 0) {
      words[FREE] = words[this.block(free)] as number;
      return free;
    }
    const fresh = (words[FRESH] as number) + 1;
    if (fresh > (words[BLOCKS_MAX] as number)) return 0;
    words[FRESH] = fresh;
    return fresh;
  }

  /** Writes text, one byte a char, and bytes behind a head of so many words. */
  write(first: number, headWords: number, text: string, value: Uint8Array): void {
    const bytes = this.#bytes;
    let block = this.block(first) * 4;
    let at = block + headWords * 4;
    let end = block + BLOCK_BYTES;
    const step = (): void => {
      block = this.block(this.words[block / 4] as number) * 4;
      at = block + NEXT_BYTES;
      end = block + BLOCK_BYTES;
    };
    for (let i = 0; i < text.length; i++) {
      if (at === end) step();
      bytes[at++] = text.charCodeAt(i);
    }
    let done = 0;
    while (done < value.length) {
      if (at === end) step();
      const size = Math.min(end - at, value.length - done);
      if (size === value.length) bytes.set(value, at);
      else bytes.set(value.subarray(done, done + size), at);
      at += size;
      done += size;
    }
  }

  /** A copy of `length` bytes that stand `skip` bytes behind a head. */
  read(first: number, headWords: number, skip: number, length: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(length);
    let block = this.block(first) * 4;
    let at = block + headWords * 4;
    let left = skip;
    let done = 0;
    while (done < length) {
      const room = block + BLOCK_BYTES - at;
      if (left >= room) left -= room;
      else {
        const size = Math.min(room - left, length - done);
        copy.set(this.#bytes.subarray(at + left, at + left + size), done);
        done += size;
        left = 0;
      }
      if (done === length) break;
      block = this.block(this.words[block / 4] as number) * 4;
      at = block + NEXT_BYTES;
    }
    return copy;
  }

  /** Whether the bytes behind a head begin with the text. */
  startsWith(first: number, headWords: number, text: string): boolean {
    const bytes = this.#bytes;
    let block = this.block(first) * 4;
    let at = block + headWords * 4;
    for (let i = 0; i < text.length; i++) {
      if (at === block + BLOCK_BYTES) {
        block = this.block(this.words[block / 4] as number) * 4;
        at = block + NEXT_BYTES;
      }
      if (bytes[at++] !== (text.charCodeAt(i) & 0xff)) return false;
    }
    return true;
  }
}

/** FNV-1a over chars as bytes. */
export function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ (text.charCodeAt(i) & 0xff), 0x0100_0193);
  }
  return hash;
}
