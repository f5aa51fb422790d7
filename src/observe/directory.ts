/**
 * All metrics of the process as the main thread sees them: definitions arrive from each thread's
 * registry, figures are read from its shared memory when somebody asks.
 *
 * Counters and histograms of the same name and labels are summed over threads. What a thread that
 * has ended counted is kept, so that no sum goes backwards; its gauges count 0 from then on.
 */

import {
  CODE_CLASSES,
  DURATION_SLOT,
  HISTOGRAM_BOUNDS_SECONDS,
  type Labels,
  type MetricDefinition,
  type MetricKind,
  type PlainKind,
  RETRIES_SLOT,
  slotsOf,
} from './metric.ts';
import { labelsKey } from './metrics.ts';

/** A metric with all its series, ready to be shown. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly kind: PlainKind;
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  readonly labels: Labels;
  /** Of a histogram: the count of observations. */
  readonly value: number;
  /** Null but for histograms. */
  readonly histogram: HistogramSample | null;
}

export interface HistogramSample {
  readonly sumSeconds: number;
  /** Observations at or below each of {@link HISTOGRAM_BOUNDS_SECONDS}. */
  readonly cumulative: readonly number[];
}

interface Part {
  readonly source: number;
  readonly id: number;
  readonly slots: Float64Array;
}

interface SummedSeries {
  readonly labels: Labels;
  /** What ended threads and retired parts leave behind. */
  readonly kept: Float64Array;
  parts: Part[];
}

interface SummedFamily {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly series: Map<string, SummedSeries>;
}

export class MetricsDirectory {
  readonly #families = new Map<string, SummedFamily>();
  readonly #places = new Map<string, { family: SummedFamily; key: string }>();

  /** `source` tells threads apart; a replaced worker must get a number of its own. */
  define(source: number, definition: MetricDefinition): void {
    const { kind, name, help, labels, slab, offset, id } = definition;
    let family = this.#families.get(name);
    if (family === undefined) {
      family = { name, help, kind, series: new Map() };
      this.#families.set(name, family);
    }
    if (family.kind !== kind) return;
    const key = labelsKey(labels);
    const width = slotsOf(kind);
    let series = family.series.get(key);
    if (series === undefined) {
      series = { labels, kept: new Float64Array(width), parts: [] };
      family.series.set(key, series);
    }
    series.parts.push({ source, id, slots: new Float64Array(slab, offset * 8, width) });
    this.#places.set(`${source}/${id}`, { family, key });
  }

  /**
   * A thread took a series out of its registry; after this call its slots are no longer read, so
   * answer the thread with `confirmRetired`. A series that no thread has any more is forgotten.
   */
  retire(source: number, id: number): void {
    const place = this.#places.get(`${source}/${id}`);
    if (place === undefined) return;
    this.#places.delete(`${source}/${id}`);
    const series = place.family.series.get(place.key) as SummedSeries;
    keep(series, place.family.kind, (part) => part.source === source && part.id === id);
    if (series.parts.length === 0) place.family.series.delete(place.key);
  }

  /** A thread has ended: call it when it no longer runs, not when it is asked to stop. */
  ended(source: number): void {
    const prefix = `${source}/`;
    for (const [place, { family, key }] of this.#places) {
      if (!place.startsWith(prefix)) continue;
      this.#places.delete(place);
      const series = family.series.get(key);
      if (series !== undefined) keep(series, family.kind, (part) => part.source === source);
    }
  }

  /** The figures of now, by name. */
  collect(): MetricFamily[] {
    const families = [...this.#families.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return families.flatMap((family) => {
      const sums = [...family.series.values()].map(sumOf);
      return family.kind === 'requests'
        ? requestFamilies(family, sums)
        : [familyOf(family, family.kind, sums)];
    });
  }
}

/** Drops the parts that match and, gauges apart, keeps what they have counted. */
function keep(series: SummedSeries, kind: MetricKind, matches: (part: Part) => boolean): void {
  for (const part of series.parts) {
    if (kind !== 'gauge' && matches(part)) addInto(series.kept, part.slots);
  }
  series.parts = series.parts.filter((part) => !matches(part));
}

function addInto(sum: Float64Array, slots: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (slots[i] as number);
}

interface Sum {
  readonly labels: Labels;
  readonly slots: Float64Array;
}

function sumOf({ labels, kept, parts }: SummedSeries): Sum {
  const slots = Float64Array.from(kept);
  for (const part of parts) addInto(slots, part.slots);
  return { labels, slots };
}

function familyOf(
  { name, help }: Pick<SummedFamily, 'name' | 'help'>,
  kind: PlainKind,
  sums: readonly Sum[],
): MetricFamily {
  const samples = sums.map((sum) =>
    kind === 'histogram'
      ? histogramSample(sum)
      : { labels: sum.labels, value: sum.slots[0] as number, histogram: null },
  );
  return { name, help, kind, samples };
}

/** A `requests` group as the three metrics it holds; classes that never occurred are left out. */
function requestFamilies({ name, help }: SummedFamily, sums: readonly Sum[]): MetricFamily[] {
  const requests = sums.flatMap(({ labels, slots }) =>
    CODE_CLASSES.flatMap((codeClass, at) => {
      const counted = {
        labels: { ...labels, code_class: codeClass },
        slots: slots.subarray(at, at + 1),
      };
      return slots[at] === 0 ? [] : [counted];
    }),
  );
  const part = (from: number, to?: number): Sum[] =>
    sums.map(({ labels, slots }) => ({ labels, slots: slots.subarray(from, to) }));
  return [
    familyOf(
      { name: `${name}_request_duration_seconds`, help: `${help} First byte in to last byte out.` },
      'histogram',
      part(DURATION_SLOT),
    ),
    familyOf({ name: `${name}_requests_total`, help }, 'counter', requests),
    familyOf(
      { name: `${name}_retries_total`, help: 'Attempts after the first.' },
      'counter',
      part(RETRIES_SLOT, DURATION_SLOT),
    ),
  ];
}

function histogramSample({ labels, slots }: Sum): MetricSample {
  const cumulative: number[] = [];
  let count = 0;
  for (let i = 0; i < HISTOGRAM_BOUNDS_SECONDS.length; i++) {
    count += slots[i + 1] as number;
    cumulative.push(count);
  }
  const value = count + (slots[HISTOGRAM_BOUNDS_SECONDS.length + 1] as number);
  const histogram = { sumSeconds: (slots[0] as number) / 1000, cumulative };
  return { labels, value, histogram };
}
