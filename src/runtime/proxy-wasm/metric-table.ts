/**
 * Metrics a guest defines. The two low bits of an id tell the kind (0 counter, 1 gauge, 2
 * histogram), as other hosts have it. They show up as `wasm_NAME{filter="..."}`, the same series
 * after a restart of the guest.
 */

import type { Counter, Gauge, Histogram, Series } from '../../observe/metric.ts';
import { type MetricsRegistry, metricNameOf } from '../../observe/metrics.ts';
import { BAD_ARGUMENT, NOT_FOUND, OK } from './status.ts';

export const METRIC_COUNTER = 0;
export const METRIC_GAUGE = 1;
export const METRIC_HISTOGRAM = 2;

/** Names one guest may define. */
const METRICS_MAX = 1_000;
const HELP = 'Defined by a Wasm filter.';
const KINDS = ['counter', 'gauge', 'histogram'] as const;

export class MetricTable {
  readonly #registry: MetricsRegistry;
  readonly #labels: { readonly filter: string };
  readonly #ids = new Map<string, number>();
  /** The series of id n is at (n >> 2) - 1, n itself beside it. */
  readonly #series: Series[] = [];
  readonly #defined: number[] = [];

  constructor(registry: MetricsRegistry, filter: string) {
    this.#registry = registry;
    this.#labels = { filter };
  }

  /** The metric's id, the same for the same name; 0 when the guest has too many. */
  define(kind: number, rawName: string): number {
    const key = `${kind} ${rawName}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    if (this.#series.length >= METRICS_MAX) return 0;
    this.#series.push(this.#open(kind, this.#freeName(kind, rawName)));
    const id = (this.#series.length << 2) | kind;
    this.#ids.set(key, id);
    this.#defined.push(id);
    return id;
  }

  /** Counters rise by what is above 0, gauges move either way. */
  increment(id: number, offset: bigint): number {
    const series = this.#find(id);
    if (series === undefined) return NOT_FOUND;
    const kind = id & 3;
    if (kind === METRIC_HISTOGRAM || (kind === METRIC_COUNTER && offset <= 0n)) return BAD_ARGUMENT;
    (series as Counter | Gauge).add(Number(offset));
    return OK;
  }

  /** Counters add, gauges are set, histograms observe. */
  record(id: number, value: number): number {
    const series = this.#find(id);
    if (series === undefined) return NOT_FOUND;
    const kind = id & 3;
    if (kind === METRIC_COUNTER) (series as Counter).add(value);
    else if (kind === METRIC_GAUGE) (series as Gauge).set(value);
    else (series as Histogram).observe(value);
    return OK;
  }

  /** The value, or else a status. */
  read(id: number): bigint | number {
    const series = this.#find(id);
    if (series === undefined) return NOT_FOUND;
    if ((id & 3) === METRIC_HISTOGRAM) return BAD_ARGUMENT;
    return BigInt(Math.trunc((series as Counter | Gauge).value));
  }

  /** The guest is gone for good. */
  release(): void {
    this.#registry.release(this.#series);
    this.#series.length = 0;
    this.#defined.length = 0;
    this.#ids.clear();
  }

  #find(id: number): Series | undefined {
    const at = (id >>> 2) - 1;
    return this.#defined[at] === id ? this.#series[at] : undefined;
  }

  #open(kind: number, name: string): Series {
    if (kind === METRIC_COUNTER) return this.#registry.counter(name, HELP, this.#labels);
    if (kind === METRIC_GAUGE) return this.#registry.gauge(name, HELP, this.#labels);
    return this.#registry.histogram(name, HELP, this.#labels);
  }

  /** Two guests may use a name for metrics of different kinds; Prometheus does not allow that. */
  #freeName(kind: number, rawName: string): string {
    const wanted = KINDS[kind] ?? 'counter';
    const name = metricNameOf(`wasm_${rawName}`);
    const taken = this.#registry.kindOf(name);
    return taken === undefined || taken === wanted ? name : `${name}_${wanted}`;
  }
}
