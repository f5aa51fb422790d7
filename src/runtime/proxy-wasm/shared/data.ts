/**
 * Shared data of the process: a hash table in the memory that workers share. A write makes a new
 * record and puts it in the place of the old one with one store; all under one lock, which is held
 * for a microsecond, so compare-and-swap is exact whichever workers write.
 */

import type { SetResult, SharedData, SharedValue } from '../shared-state.ts';
import { CAS, DATA_BLOCKS, DATA_BLOCKS_MAX, hashOf, type SharedMemory } from './memory.ts';

// Words of a record's first block, behind the number of the next block.
const IN_BUCKET = 1;
const HASH = 2;
const KEY_LENGTH = 3;
const VALUE_LENGTH = 4;
const RECORD_CAS = 5;
const HEAD_WORDS = 6;

export class SharedTable implements SharedData {
  readonly #memory: SharedMemory;
  /** The word that refers to the record found last. */
  #link = 0;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  get(vmId: string, key: string): SharedValue | null {
    const memory = this.#memory;
    const full = `${vmId}\0${key}`;
    const hash = hashOf(full);
    memory.lock();
    try {
      const record = this.#find(full, hash);
      if (record === 0) return null;
      const at = memory.block(record);
      const length = memory.words[at + VALUE_LENGTH] as number;
      const value = memory.read(record, HEAD_WORDS, full.length, length);
      return { value, cas: (memory.words[at + RECORD_CAS] as number) >>> 0 };
    } finally {
      memory.unlock();
    }
  }

  set(vmId: string, key: string, value: Uint8Array, cas: number): SetResult {
    const memory = this.#memory;
    const full = `${vmId}\0${key}`;
    const hash = hashOf(full);
    memory.lock();
    try {
      return this.#put(full, hash, value, cas);
    } finally {
      memory.unlock();
    }
  }

  #put(full: string, hash: number, value: Uint8Array, cas: number): SetResult {
    const memory = this.#memory;
    const { words } = memory;
    const old = this.#find(full, hash);
    const link = this.#link;
    if (cas !== 0 && old !== 0 && words[memory.block(old) + RECORD_CAS] !== (cas | 0)) {
      return 'mismatch';
    }
    const count = memory.blocksFor(HEAD_WORDS, full.length + value.length);
    const freed = old === 0 ? 0 : this.#blocksOf(old);
    const blocks = (words[DATA_BLOCKS] as number) + count - freed;
    if (blocks > (words[DATA_BLOCKS_MAX] as number)) return 'full';
    const record = memory.allocate(count);
    if (record === 0) return 'full';
    const at = memory.block(record);
    words[at + HASH] = hash;
    words[at + KEY_LENGTH] = full.length;
    words[at + VALUE_LENGTH] = value.length;
    words[at + RECORD_CAS] = this.#nextCas();
    memory.write(record, HEAD_WORDS, full, value);
    words[at + IN_BUCKET] = old === 0 ? 0 : (words[memory.block(old) + IN_BUCKET] as number);
    Atomics.store(words, link, record);
    words[DATA_BLOCKS] = blocks;
    if (old !== 0) memory.free(old);
    return 'ok';
  }

  /** The record's first block, or 0; leaves the word that refers to it in `#link`. */
  #find(full: string, hash: number): number {
    const memory = this.#memory;
    const { words } = memory;
    let link = memory.bucket(hash);
    for (;;) {
      this.#link = link;
      const record = words[link] as number;
      if (record === 0) return 0;
      const at = memory.block(record);
      const fits = words[at + HASH] === hash && words[at + KEY_LENGTH] === full.length;
      if (fits && memory.startsWith(record, HEAD_WORDS, full)) return record;
      link = at + IN_BUCKET;
    }
  }

  #blocksOf(record: number): number {
    const memory = this.#memory;
    const at = memory.block(record);
    const bytes =
      (memory.words[at + KEY_LENGTH] as number) + (memory.words[at + VALUE_LENGTH] as number);
    return memory.blocksFor(HEAD_WORDS, bytes);
  }

  /** Rises with every write of the process; never 0. */
  #nextCas(): number {
    const { words } = this.#memory;
    const next = ((words[CAS] as number) + 1) | 0 || 1;
    words[CAS] = next;
    return next;
  }
}
