/**
 * `poll_oneoff`: what is ready now, or a sleep until the first clock. A synchronous run sleeps with
 * its thread, so never beyond its own deadline; a run that can be suspended will wait elsewhere.
 */

import { EVENT_HANGUP, EVENTTYPE, FILETYPE, RIGHTS, SUBCLOCK_ABSTIME } from './abi.ts';
import { clockNs } from './clock.ts';
import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';

const EVENT_BYTES = 32;

/** Where a subscription's fields stand; they moved between `wasi_unstable` and preview 1. */
export interface SubscriptionLayout {
  readonly bytes: number;
  readonly clockAt: number;
  readonly timeoutAt: number;
  readonly flagsAt: number;
}

export const SUBSCRIPTION: SubscriptionLayout = {
  bytes: 48,
  clockAt: 16,
  timeoutAt: 24,
  flagsAt: 40,
};
export const SUBSCRIPTION_UNSTABLE: SubscriptionLayout = {
  bytes: 56,
  clockAt: 24,
  timeoutAt: 32,
  flagsAt: 48,
};

export interface PollCall {
  readonly subscriptions: number;
  readonly events: number;
  readonly count: number;
  readonly out: number;
  readonly layout: SubscriptionLayout;
}

export function pollOneoff(guest: WasiGuest, call: PollCall): number {
  const { memory } = guest;
  if (call.count === 0) return ERRNO.inval;
  if (!memory.fitsArray(call.subscriptions, call.count, call.layout.bytes)) return ERRNO.fault;
  if (!memory.fitsArray(call.events, call.count, EVENT_BYTES)) return ERRNO.fault;
  if (!memory.fits(call.out, 4)) return ERRNO.fault;
  const poll = new Poll(guest, call);
  let errno = poll.pass(0);
  if (errno === ERRNO.success && poll.eventCount === 0) {
    const waitMs = poll.soonestMs;
    const leftMs = Math.max(0, guest.deadlineMs - guest.host.clock.now());
    if (waitMs === Infinity && leftMs === Infinity) return ERRNO.deadlk;
    // One more millisecond takes the sleep past the deadline, so that the run ends below.
    guest.host.sleep(Math.min(waitMs, leftMs + 1));
    guest.checkTime();
    errno = poll.pass(waitMs);
  }
  if (errno === ERRNO.success) memory.setU32(call.out, poll.eventCount);
  return errno;
}

class Poll {
  readonly #guest: WasiGuest;
  readonly #call: PollCall;
  /** By clock id. Read once, so that both passes reckon from the same instant. */
  readonly #startNs: readonly bigint[];
  eventCount = 0;
  /** Until the first clock rings, ms from the start; Infinity where there is none. */
  soonestMs = Infinity;

  constructor(guest: WasiGuest, call: PollCall) {
    this.#guest = guest;
    this.#call = call;
    this.#startNs = [0, 1, 2, 3].map((id) => clockNs(guest, id));
  }

  /** Writes an event for all that is ready `elapsedMs` after the start. */
  pass(elapsedMs: number): number {
    const { subscriptions, count, layout } = this.#call;
    for (let i = 0; i < count >>> 0; i++) {
      const at = (subscriptions >>> 0) + i * layout.bytes;
      const kind = this.#guest.memory.u8(at + 8);
      if (kind === EVENTTYPE.clock) this.#clock(at, elapsedMs);
      else if (kind === EVENTTYPE.fdRead) this.#read(at);
      else if (kind === EVENTTYPE.fdWrite) this.#write(at);
      else return ERRNO.inval;
    }
    return ERRNO.success;
  }

  #clock(at: number, elapsedMs: number): void {
    const { memory } = this.#guest;
    const { layout } = this.#call;
    const id = memory.u32(at + layout.clockAt);
    const startNs = this.#startNs[id];
    if (startNs === undefined) {
      this.#event(at, EVENTTYPE.clock, ERRNO.inval, 0, 0);
      return;
    }
    const timeoutNs = memory.u64(at + layout.timeoutAt);
    const absolute = (memory.u16(at + layout.flagsAt) & SUBCLOCK_ABSTIME) !== 0;
    const ringsMs = Number(absolute ? timeoutNs - startNs : timeoutNs) / 1e6;
    this.soonestMs = Math.min(this.soonestMs, Math.max(0, ringsMs));
    if (ringsMs <= elapsedMs) this.#event(at, EVENTTYPE.clock, ERRNO.success, 0, 0);
  }

  #read(at: number): void {
    const descriptor = this.#guest.descriptor(this.#guest.memory.u32(at + 16));
    if (descriptor === null || (descriptor.rights & RIGHTS.fdRead) === 0) {
      this.#event(at, EVENTTYPE.fdRead, ERRNO.badf, 0, 0);
      return;
    }
    const bytes = descriptor.readable();
    if (bytes < 0) return;
    const ended = bytes === 0 && descriptor.fileType !== FILETYPE.regularFile;
    this.#event(at, EVENTTYPE.fdRead, ERRNO.success, bytes, ended ? EVENT_HANGUP : 0);
  }

  #write(at: number): void {
    const descriptor = this.#guest.descriptor(this.#guest.memory.u32(at + 16));
    const writable = descriptor !== null && (descriptor.rights & RIGHTS.fdWrite) !== 0;
    const errno = writable ? ERRNO.success : ERRNO.badf;
    this.#event(at, EVENTTYPE.fdWrite, errno, writable ? 65_536 : 0, 0);
  }

  #event(at: number, kind: number, errno: number, bytes: number, flags: number): void {
    const { memory } = this.#guest;
    const userdata = memory.u64(at);
    const event = (this.#call.events >>> 0) + this.eventCount * EVENT_BYTES;
    memory.bytes.fill(0, event, event + EVENT_BYTES);
    memory.setU64(event, userdata);
    memory.setU16(event + 8, errno);
    memory.setU8(event + 10, kind);
    memory.setU64(event + 16, BigInt(bytes));
    memory.setU16(event + 24, flags);
    this.eventCount += 1;
  }
}
