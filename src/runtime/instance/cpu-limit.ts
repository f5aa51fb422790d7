/**
 * How long a guest may run before it has to return, for modules that `module/instrument` has given
 * a counter. The counter says only when to look at the clock, every 20 to 500 us of a guest's
 * running. The first look within a call starts the time, so that a call costs nothing here as long
 * as it is short; one past the limit ends the guest with a trap that it cannot catch.
 */

import type { Clock } from '../../base/clock.ts';
import { CPU_TABLE } from '../module/instrument/added.ts';
import { SLICE } from '../module/instrument/costs.ts';

/** Imports a function of JavaScript and exports it: a table takes no other kind of function. */
const BRIDGE = Buffer.from('0061736d010000000105016000017f02070101680166000007050101660000', 'hex');

/** More looks than a guest can cause in a millisecond: ends it even where the clock stands still. */
const LOOKS_PER_MS_MAX = 200;
const END = 0;

/** `() -> i32`: the next slice, 0 to end the guest; or the same, made to suspend it meanwhile. */
export type LookFunction = (() => number) | WebAssembly.Suspending;

/** Has the counter of an instance call `look`. Without effect on one that has no counter. */
export function onSliceUsed(instance: WebAssembly.Instance, look: LookFunction): void {
  const table = instance.exports[CPU_TABLE];
  if (!(table instanceof WebAssembly.Table)) return;
  const bridge = new WebAssembly.Instance(bridgeModule(), { h: { f: look } });
  table.set(0, bridge.exports['f']);
}

let compiled: WebAssembly.Module | null = null;

function bridgeModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(BRIDGE);
  return compiled;
}

/** The limit of one guest. */
export class CpuLimit {
  /** Of one call, from its first look at the clock on. */
  limitMs: number;
  /** The guest was ended for it. */
  exceeded = false;
  /** Called with each look at the clock. */
  onLook: (() => void) | null = null;
  readonly #clock: Clock;
  #looks = 0;
  #startedMs = 0;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.limitMs = limitMs;
  }

  bind(instance: WebAssembly.Instance): void {
    onSliceUsed(instance, () => this.#look());
  }

  /** The host is about to call the guest. */
  begin(): void {
    this.#looks = 0;
  }

  /** For people: `exceeded its CPU limit of 50 ms`. */
  get reason(): string {
    return `exceeded its CPU limit of ${this.limitMs} ms`;
  }

  #look(): number {
    const nowMs = this.#clock.now();
    if (this.onLook !== null) this.onLook();
    if (this.#looks === 0) this.#startedMs = nowMs;
    this.#looks++;
    if (nowMs - this.#startedMs < this.limitMs && this.#looks <= this.limitMs * LOOKS_PER_MS_MAX) {
      return SLICE;
    }
    this.exceeded = true;
    return END;
  }
}
