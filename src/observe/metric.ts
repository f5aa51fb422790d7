/**
 * One counter, gauge or histogram: a few slots of a shared Float64Array that exactly one thread
 * writes and the main thread reads at scrape time. No atomics: a slot has one writer, and an
 * aligned 64-bit store is not torn on the machines Node runs on.
 *
 * A series taken out of its registry is pointed at a trash slot, so that a request that still
 * holds it cannot write into what the slot becomes next.
 */

export type PlainKind = 'counter' | 'gauge' | 'histogram';

/**
 * `requests` is a group that is counted together, so that it is kept together: requests by class of
 * status, retries and durations of one owner. The directory shows it as three metrics.
 */
export type MetricKind = PlainKind | 'requests';

/** Label names and values of one series. */
export type Labels = Readonly<Record<string, string>>;

/** What the main thread has to know to read a series; structured clone safe. */
export interface MetricDefinition {
  /** Unique within its registry. */
  readonly id: number;
  readonly kind: MetricKind;
  readonly name: string;
  readonly help: string;
  readonly labels: Labels;
  readonly slab: SharedArrayBuffer;
  /** In slots of 8 bytes. */
  readonly offset: number;
}

/** Upper bounds of a histogram's buckets, seconds; one more bucket holds what is above. */
export const HISTOGRAM_BOUNDS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

const BOUNDS_MS = Float64Array.from(HISTOGRAM_BOUNDS_SECONDS, (seconds) => seconds * 1000);

/** Slot 0 is the sum in ms, then one slot a bucket (not cumulative). The count is their total. */
const HISTOGRAM_SLOTS = BOUNDS_MS.length + 2;

/** Classes of status in a `requests` group; 0: cut without an answer. */
export const CODE_CLASSES: readonly string[] = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'];

/** Slots of a `requests` group: the classes, the retries, then a histogram. */
export const RETRIES_SLOT: number = CODE_CLASSES.length;
export const DURATION_SLOT: number = RETRIES_SLOT + 1;
const REQUESTS_SLOTS = DURATION_SLOT + HISTOGRAM_SLOTS;

export function slotsOf(kind: MetricKind): number {
  if (kind === 'requests') return REQUESTS_SLOTS;
  return kind === 'histogram' ? HISTOGRAM_SLOTS : 1;
}

const TRASH = new Float64Array(REQUESTS_SLOTS);

/** Common to all kinds; not used by itself. */
export abstract class Series {
  protected slots: Float64Array;
  protected at: number;

  constructor(slots: Float64Array, at: number) {
    this.slots = slots;
    this.at = at;
  }

  /** For the registry: further writes go nowhere. */
  detach(): void {
    this.slots = TRASH;
    this.at = 0;
  }
}

/** Only rises. */
export class Counter extends Series {
  add(amount: number): void {
    this.slots[this.at] = (this.slots[this.at] as number) + amount;
  }

  /** What this thread has counted. */
  get value(): number {
    return this.slots[this.at] as number;
  }
}

/** A level that rises and falls. */
export class Gauge extends Series {
  add(amount: number): void {
    this.slots[this.at] = (this.slots[this.at] as number) + amount;
  }

  set(value: number): void {
    this.slots[this.at] = value;
  }

  get value(): number {
    return this.slots[this.at] as number;
  }
}

/** Durations, given in ms and shown in seconds. */
export class Histogram extends Series {
  observe(ms: number): void {
    observeAt(this.slots, this.at, ms);
  }

  get count(): number {
    let count = 0;
    for (let i = 1; i < HISTOGRAM_SLOTS; i++) count += this.slots[this.at + i] as number;
    return count;
  }

  get sumMs(): number {
    return this.slots[this.at] as number;
  }
}

/** What one owner's requests came to, in neighbouring slots. */
export class Requests extends Series {
  /** `codeClass`: index into {@link CODE_CLASSES}. */
  record(codeClass: number, durationMs: number, retries: number): void {
    const slots = this.slots;
    const at = this.at;
    slots[at + codeClass] = (slots[at + codeClass] as number) + 1;
    if (retries !== 0) slots[at + RETRIES_SLOT] = (slots[at + RETRIES_SLOT] as number) + retries;
    observeAt(slots, at + DURATION_SLOT, durationMs);
  }

  /** What this thread has counted. */
  countOf(codeClass: number): number {
    return this.slots[this.at + codeClass] as number;
  }

  get retries(): number {
    return this.slots[this.at + RETRIES_SLOT] as number;
  }
}

function observeAt(slots: Float64Array, at: number, ms: number): void {
  let bucket = 0;
  while (bucket < BOUNDS_MS.length && ms > (BOUNDS_MS[bucket] as number)) bucket++;
  slots[at] = (slots[at] as number) + ms;
  slots[at + 1 + bucket] = (slots[at + 1 + bucket] as number) + 1;
}
