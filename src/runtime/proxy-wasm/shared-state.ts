/**
 * Shared data and shared queues, which outlive requests and guests and are the same in all workers
 * of the process. Namespaces are VM ids, as the ABI has it.
 *
 * Guests set no bounds, so the host does: what would pass them is dropped and reported, since the
 * ABI has no status for "full" that SDKs survive.
 */

import type { Scheduler } from '../../base/scheduler.ts';
import { SharedTable } from './shared/data.ts';
import { SharedMemory, type SharedSizes } from './shared/memory.ts';
import { SharedQueueTable } from './shared/queues.ts';

export interface SharedValue {
  readonly value: Uint8Array;
  /** Rises with every write of the process; never 0. */
  readonly cas: number;
}

export type SetResult = 'ok' | 'mismatch' | 'full';

export interface SharedData {
  get(vmId: string, key: string): SharedValue | null;
  /** `cas` 0 writes whatever is there; a key that is not there takes any. */
  set(vmId: string, key: string, value: Uint8Array, cas: number): SetResult;
}

export interface SharedQueues {
  /** Gives the queue's token, from 1, and makes `ready` its consumer; 0: there are too many queues. */
  register(vmId: string, name: string, ready: (token: number) => void): number;
  /** The token, or 0. */
  resolve(vmId: string, name: string): number;
  /** One event later the consumer is told, off this stack. */
  enqueue(token: number, item: Uint8Array): 'ok' | 'unknown' | 'full';
  /** The oldest item; null when drained, undefined for an unknown token. */
  dequeue(token: number): Uint8Array | null | undefined;
  /** `ready` is told no more; whoever else has registered takes over. */
  leave(ready: (token: number) => void): void;
}

export interface SharedState {
  readonly data: SharedData;
  readonly queues: SharedQueues;
}

/** The view of one thread. */
export class ThreadSharedState implements SharedState {
  readonly data: SharedData;
  readonly queues: SharedQueues;
  readonly #memory: SharedMemory;
  readonly #table: SharedQueueTable;

  constructor(memory: SharedMemory, scheduler: Scheduler) {
    this.#memory = memory;
    this.#table = new SharedQueueTable(memory, scheduler);
    this.data = new SharedTable(memory);
    this.queues = this.#table;
  }

  /** To be posted to other threads: {@link attachSharedState}. */
  get shared(): SharedArrayBuffer {
    return this.#memory.shared;
  }

  /** The thread of that slot is gone; call it before its slot is used again. */
  reclaim(slot: number): void {
    this.#memory.reclaim(slot);
    this.#table.reclaim(slot);
  }

  /** No event is told any more. */
  close(): void {
    this.#table.close();
  }
}

/** State of a process, seen from this thread. `sizes`: less than what a process has. */
export function createSharedState(
  scheduler: Scheduler,
  slot = 0,
  sizes?: SharedSizes,
): ThreadSharedState {
  return new ThreadSharedState(SharedMemory.create(slot, sizes), scheduler);
}

/** The same in another thread; no two threads at a time may share a slot, of which there are 288. */
export function attachSharedState(
  shared: SharedArrayBuffer,
  slot: number,
  scheduler: Scheduler,
): ThreadSharedState {
  return new ThreadSharedState(SharedMemory.attach(shared, slot), scheduler);
}
