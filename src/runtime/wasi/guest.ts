/**
 * One run of a guest: its memory, its arguments, its open descriptors and how long it may take.
 * Host calls are plain functions over this object; nothing of it outlives the run.
 */

import type { Clock } from '../../base/clock.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Descriptor } from './descriptor.ts';
import { GuestMemory } from './memory.ts';
import { GuestStop } from './stop.ts';
import type { ByteString } from './strings.ts';

/** What the process lends to guests. */
export interface WasiHost {
  readonly clock: Clock;
  /** Blocks the thread; ms with fraction. */
  sleep(durationMs: number): void;
  /** Fills the whole view with random bytes. */
  random(bytes: Uint8Array): void;
}

export interface GuestOptions {
  readonly host: WasiHost;
  readonly args: readonly ByteString[];
  /** `NAME=value`. */
  readonly env: readonly ByteString[];
  /** By number: standard input, output, error, then preopened directories. */
  readonly descriptors: Descriptor[];
  /** On the host's monotonic clock; Infinity for none. */
  readonly deadlineMs: number;
}

export class WasiGuest {
  readonly memory: GuestMemory = new GuestMemory();
  readonly host: WasiHost;
  readonly args: readonly ByteString[];
  readonly env: readonly ByteString[];
  readonly startMs: number;
  readonly deadlineMs: number;
  readonly #descriptors: (Descriptor | null)[];

  constructor(options: GuestOptions) {
    this.host = options.host;
    this.args = options.args;
    this.env = options.env;
    this.startMs = options.host.clock.now();
    this.deadlineMs = options.deadlineMs;
    this.#descriptors = options.descriptors;
  }

  /** Ends the run if its time is over; every host call passes here. */
  checkTime(): void {
    if (this.host.clock.now() > this.deadlineMs) throw new GuestStop('wall', 0);
  }

  descriptor(fd: number): Descriptor | null {
    return this.#descriptors[fd >>> 0] ?? null;
  }

  /** The lowest free number, or -1 when the guest holds as many as it may. */
  add(descriptor: Descriptor): number {
    let fd = this.#descriptors.indexOf(null);
    if (fd < 0) fd = this.#descriptors.length;
    if (fd >= LIMITS.guestDescriptorsMax) return -1;
    this.#descriptors[fd] = descriptor;
    return fd;
  }

  /** Whether {@link WasiGuest.add} would succeed. */
  get hasRoom(): boolean {
    return (
      this.#descriptors.length < LIMITS.guestDescriptorsMax || this.#descriptors.indexOf(null) >= 0
    );
  }

  close(fd: number): boolean {
    const found = this.descriptor(fd);
    if (found === null) return false;
    this.#descriptors[fd >>> 0] = null;
    found.close();
    return true;
  }

  /** Moves `from` onto `to`, closing what was there. Both must be open. */
  renumber(from: number, to: number): boolean {
    const moved = this.descriptor(from);
    if (moved === null || this.descriptor(to) === null) return false;
    if (from >>> 0 === to >>> 0) return true;
    this.close(to);
    this.#descriptors[to >>> 0] = moved;
    this.#descriptors[from >>> 0] = null;
    return true;
  }

  /** Ends the run: closes every descriptor. */
  dispose(): void {
    for (const descriptor of this.#descriptors) descriptor?.close();
    this.#descriptors.length = 0;
  }
}
