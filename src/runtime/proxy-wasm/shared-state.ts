/**
 * Shared data and shared queues, which outlive requests and guests. Namespaces are VM ids, as the
 * ABI has it. This keeps them for one thread; the interfaces leave room for one that spans workers.
 *
 * Guests set no bounds, so the host does: what would pass them is dropped and reported, since the
 * ABI has no status for "full" that SDKs survive.
 */

import type { Scheduler } from '../../base/scheduler.ts';

/** Keys and values of one namespace's data. */
const DATA_BYTES_MAX = 64 * 1024 * 1024;
/** Of one queue. */
const QUEUE_ITEMS_MAX = 65_536;
const QUEUE_BYTES_MAX = 16 * 1024 * 1024;

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
  /** Gives the queue's token and makes `ready` its consumer in place of the one before. */
  register(vmId: string, name: string, ready: (token: number) => void): number;
  /** The token, or 0. */
  resolve(vmId: string, name: string): number;
  /** One item later `ready` is told, off this stack. */
  enqueue(token: number, item: Uint8Array): 'ok' | 'unknown' | 'full';
  /** The oldest item; null when drained, undefined for an unknown token. */
  dequeue(token: number): Uint8Array | null | undefined;
  /** The consumer is gone: its events are lost, the items stay. */
  leave(ready: (token: number) => void): void;
}

export interface SharedState {
  readonly data: SharedData;
  readonly queues: SharedQueues;
}

interface DataSpace {
  readonly values: Map<string, SharedValue>;
  bytes: number;
}

export class LocalSharedData implements SharedData {
  readonly #spaces = new Map<string, DataSpace>();
  readonly #bytesMax: number;
  #cas = 0;

  constructor(bytesMax: number = DATA_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get(vmId: string, key: string): SharedValue | null {
    return this.#spaces.get(vmId)?.values.get(key) ?? null;
  }

  set(vmId: string, key: string, value: Uint8Array, cas: number): SetResult {
    const space = this.#space(vmId);
    const known = space.values.get(key);
    if (cas !== 0 && known !== undefined && known.cas !== cas) return 'mismatch';
    const before = known === undefined ? 0 : key.length + known.value.length;
    const bytes = space.bytes - before + key.length + value.length;
    if (bytes > this.#bytesMax) return 'full';
    space.bytes = bytes;
    this.#cas = this.#cas === 0xffff_ffff ? 1 : this.#cas + 1;
    space.values.set(key, { value, cas: this.#cas });
    return 'ok';
  }

  #space(vmId: string): DataSpace {
    const known = this.#spaces.get(vmId);
    if (known !== undefined) return known;
    const space: DataSpace = { values: new Map(), bytes: 0 };
    this.#spaces.set(vmId, space);
    return space;
  }
}

interface Queue {
  readonly token: number;
  readonly items: Uint8Array[];
  bytes: number;
  ready: ((token: number) => void) | null;
}

export class LocalSharedQueues implements SharedQueues {
  readonly #scheduler: Scheduler;
  readonly #byName = new Map<string, Queue>();
  /** Token n is at n - 1. */
  readonly #queues: Queue[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  register(vmId: string, name: string, ready: (token: number) => void): number {
    const key = `${vmId}\u0000${name}`;
    let queue = this.#byName.get(key);
    if (queue === undefined) {
      queue = { token: this.#queues.length + 1, items: [], bytes: 0, ready };
      this.#queues.push(queue);
      this.#byName.set(key, queue);
    }
    queue.ready = ready;
    return queue.token;
  }

  resolve(vmId: string, name: string): number {
    return this.#byName.get(`${vmId}\u0000${name}`)?.token ?? 0;
  }

  enqueue(token: number, item: Uint8Array): 'ok' | 'unknown' | 'full' {
    const queue = this.#queues[token - 1];
    if (queue === undefined) return 'unknown';
    const bytes = queue.bytes + item.length;
    if (queue.items.length >= QUEUE_ITEMS_MAX || bytes > QUEUE_BYTES_MAX) return 'full';
    queue.items.push(item);
    queue.bytes = bytes;
    this.#scheduler.setTimeout(() => queue.ready?.(token), 0);
    return 'ok';
  }

  dequeue(token: number): Uint8Array | null | undefined {
    const queue = this.#queues[token - 1];
    if (queue === undefined) return undefined;
    const item = queue.items.shift();
    if (item === undefined) return null;
    queue.bytes -= item.length;
    return item;
  }

  leave(ready: (token: number) => void): void {
    for (const queue of this.#queues) if (queue.ready === ready) queue.ready = null;
  }
}

/** The shared state of one worker. */
export function createSharedState(scheduler: Scheduler): SharedState {
  return { data: new LocalSharedData(), queues: new LocalSharedQueues(scheduler) };
}
