/**
 * The metrics of one thread. Series live in slabs of shared memory; each new one is announced
 * through a callback, so that the main thread's `MetricsDirectory` can read it without asking.
 *
 * Series are counted by use: asking again for the same name and labels gives the same object, and
 * `release` says that its route or cluster has left the configuration. A released series keeps
 * counting as it stands until its name has reached the bound of label sets; then the oldest
 * released ones make room. Their slots are used again only after the main thread has confirmed
 * that it no longer reads them. Where nothing can make room, values of all labels become "other"
 * and `tulle_metric_overflow_total` rises.
 */

import { LIMITS } from '../base/limits.ts';
import {
  Counter,
  Gauge,
  Histogram,
  type Labels,
  type MetricDefinition,
  type MetricKind,
  Requests,
  type Series,
  slotsOf,
} from './metric.ts';

export const NO_LABELS: Labels = {};

const SLAB_SLOTS = 4_096;
const OVERFLOW = 'tulle_metric_overflow_total';
const OVERFLOW_HELP = 'Label sets counted under "other" because their metric has too many.';
const NAME_PATTERN = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** What a registry tells the main thread. Neither call may throw. */
export interface MetricsSink {
  define(definition: MetricDefinition): void;
  /** The series is gone; answer with {@link MetricsRegistry.confirmRetired}. */
  retire(id: number): void;
}

interface Entry {
  readonly definition: MetricDefinition;
  readonly key: string;
  readonly series: Series;
  uses: number;
}

interface Family {
  readonly kind: MetricKind;
  readonly entries: Map<string, Entry>;
  /** Entries without users, oldest first. */
  readonly idle: Set<Entry>;
}

export interface MetricsOptions {
  /** Label sets of one name, default {@link LIMITS.labelSetsMax}. */
  readonly labelSetsMax?: number;
}

export class MetricsRegistry {
  readonly #sink: MetricsSink | null;
  readonly #labelSetsMax: number;
  readonly #families = new Map<string, Family>();
  readonly #bySeries = new Map<Series, Entry>();
  readonly #retiring = new Map<number, MetricDefinition>();
  /** Free slots by width, as (slab, offset). */
  readonly #free = new Map<number, MetricDefinition[]>();
  /** One view a slab, shared by its series. */
  readonly #views = new Map<SharedArrayBuffer, Float64Array>();
  #slab: SharedArrayBuffer;
  #used = 0;
  #nextId = 0;

  constructor(sink: MetricsSink | null = null, options: MetricsOptions = {}) {
    this.#sink = sink;
    this.#labelSetsMax = options.labelSetsMax ?? LIMITS.labelSetsMax;
    this.#slab = this.#addSlab();
  }

  /** Throws on a name that is no Prometheus name or already is of another kind: a bug of the caller. */
  counter(name: string, help: string, labels: Labels = NO_LABELS): Counter {
    return this.#series('counter', name, help, labels) as Counter;
  }

  gauge(name: string, help: string, labels: Labels = NO_LABELS): Gauge {
    return this.#series('gauge', name, help, labels) as Gauge;
  }

  histogram(name: string, help: string, labels: Labels = NO_LABELS): Histogram {
    return this.#series('histogram', name, help, labels) as Histogram;
  }

  /** Shown as `NAME_requests_total`, `NAME_retries_total` and `NAME_request_duration_seconds`. */
  requests(name: string, help: string, labels: Labels = NO_LABELS): Requests {
    return this.#series('requests', name, help, labels) as Requests;
  }

  /** The kind a name already has; for names that come from outside. */
  kindOf(name: string): MetricKind | undefined {
    return this.#families.get(name)?.kind;
  }

  /** One use less of each; a series may be given as often as it was asked for. */
  release(series: Iterable<Series>): void {
    for (const one of series) {
      const entry = this.#bySeries.get(one);
      if (entry === undefined || entry.uses === 0) continue;
      entry.uses--;
      if (entry.uses === 0) this.#families.get(entry.definition.name)?.idle.add(entry);
    }
  }

  /** The main thread no longer reads what {@link MetricsSink.retire} named. */
  confirmRetired(id: number): void {
    const definition = this.#retiring.get(id);
    if (definition === undefined) return;
    this.#retiring.delete(id);
    const width = slotsOf(definition.kind);
    this.#viewOf(definition.slab).fill(0, definition.offset, definition.offset + width);
    const free = this.#free.get(width);
    if (free === undefined) this.#free.set(width, [definition]);
    else free.push(definition);
  }

  #series(kind: MetricKind, name: string, help: string, labels: Labels): Series {
    const family = this.#family(kind, name);
    const key = labelsKey(labels);
    const known = family.entries.get(key);
    if (known !== undefined) return use(family, known);
    if (family.entries.size >= this.#labelSetsMax && !this.#makeRoom(family)) {
      return this.#other(family, name, help, labels);
    }
    return use(family, this.#define(family, { kind, name, help, labels }, key));
  }

  #family(kind: MetricKind, name: string): Family {
    const known = this.#families.get(name);
    if (known !== undefined) {
      if (known.kind !== kind) throw new TypeError(`metric ${name} is a ${known.kind}`);
      return known;
    }
    if (!NAME_PATTERN.test(name)) throw new RangeError(`"${name}" is not a metric name`);
    const family: Family = { kind, entries: new Map(), idle: new Set() };
    this.#families.set(name, family);
    return family;
  }

  #other(family: Family, name: string, help: string, labels: Labels): Series {
    if (name !== OVERFLOW) this.counter(OVERFLOW, OVERFLOW_HELP, { metric: name }).add(1);
    const others: Record<string, string> = {};
    for (const label of Object.keys(labels)) others[label] = 'other';
    const key = labelsKey(others);
    const known = family.entries.get(key);
    if (known !== undefined) return use(family, known);
    return use(
      family,
      this.#define(family, { kind: family.kind, name, help, labels: others }, key),
    );
  }

  #define(
    family: Family,
    what: Pick<MetricDefinition, 'kind' | 'name' | 'help' | 'labels'>,
    key: string,
  ): Entry {
    const width = slotsOf(what.kind);
    const place = this.#free.get(width)?.pop() ?? this.#allocate(width);
    const definition: MetricDefinition = {
      id: this.#nextId++,
      ...what,
      slab: place.slab,
      offset: place.offset,
    };
    const series = create(what.kind, this.#viewOf(place.slab), place.offset);
    const entry: Entry = { definition, key, series, uses: 0 };
    family.entries.set(key, entry);
    this.#bySeries.set(entry.series, entry);
    this.#sink?.define(definition);
    return entry;
  }

  #allocate(width: number): Pick<MetricDefinition, 'slab' | 'offset'> {
    if (this.#used + width > SLAB_SLOTS) {
      this.#slab = this.#addSlab();
      this.#used = 0;
    }
    const offset = this.#used;
    this.#used += width;
    return { slab: this.#slab, offset };
  }

  #addSlab(): SharedArrayBuffer {
    const slab = new SharedArrayBuffer(SLAB_SLOTS * 8);
    this.#views.set(slab, new Float64Array(slab));
    return slab;
  }

  #viewOf(slab: SharedArrayBuffer): Float64Array {
    return this.#views.get(slab) as Float64Array;
  }

  #makeRoom(family: Family): boolean {
    for (const entry of family.idle) {
      family.idle.delete(entry);
      family.entries.delete(entry.key);
      this.#bySeries.delete(entry.series);
      entry.series.detach();
      const { definition } = entry;
      this.#retiring.set(definition.id, definition);
      if (this.#sink === null) this.confirmRetired(definition.id);
      else this.#sink.retire(definition.id);
      return true;
    }
    return false;
  }
}

function use(family: Family, entry: Entry): Series {
  if (entry.uses === 0) family.idle.delete(entry);
  entry.uses++;
  return entry.series;
}

function create(kind: MetricKind, slots: Float64Array, at: number): Series {
  switch (kind) {
    case 'counter':
      return new Counter(slots, at);
    case 'gauge':
      return new Gauge(slots, at);
    case 'histogram':
      return new Histogram(slots, at);
    case 'requests':
      return new Requests(slots, at);
  }
}

/** The same for equal label sets, whatever the order they are written in. */
export function labelsKey(labels: Labels): string {
  const names = Object.keys(labels);
  if (names.length === 0) return '';
  if (names.length > 1) names.sort();
  let key = '';
  for (const name of names) {
    const value = labels[name] as string;
    key += `${name}=${value.length}:${value},`;
  }
  return key;
}

/** A name Prometheus accepts, for names that guests choose. */
export function metricNameOf(raw: string): string {
  const name = raw.replaceAll(/[^a-zA-Z0-9_:]/g, '_');
  return NAME_PATTERN.test(name) ? name : `_${name}`;
}
