/**
 * One after the other. With equal weights a cursor; otherwise smooth weighted round robin: each
 * pick every endpoint earns its weight as credit, the richest is taken and pays the sum, so that
 * weights 5, 1, 1 give a a b a c a a and not five times a in a row.
 *
 * Both start at a random place of the round, or all workers would send their first requests to the
 * same endpoint.
 */

import type { EndpointState } from '../endpoint.ts';
import type { Policy, Random } from './policy.ts';
import { sameWeights } from './policy.ts';

const NONE: readonly string[] = [];
/** A round may be as long as the sum of weights; starting within its first part is random enough. */
const SKIPPED_PICKS_MAX = 256;

export class RoundRobinPolicy<P> implements Policy<P> {
  readonly #random: Random;
  #endpoints: readonly EndpointState<P>[] = [];
  /** The endpoint to take next; -1 until there has been one to take. */
  #cursor = -1;
  /** Per endpoint; null while all weights are equal. */
  #credits: Float64Array | null = null;

  constructor(random: Random) {
    this.#random = random;
  }

  use(endpoints: readonly EndpointState<P>[]): void {
    const next = this.#endpoints[this.#cursor];
    this.#endpoints = endpoints;
    this.#credits = null;
    if (!sameWeights(endpoints)) this.#startWeighted();
    if (endpoints.length === 0) return;
    const kept = next === undefined ? -1 : endpoints.indexOf(next);
    if (kept !== -1) this.#cursor = kept;
    else this.#cursor = Math.floor(this.#random() * endpoints.length);
  }

  pick(avoid: readonly string[]): EndpointState<P> | null {
    if (this.#endpoints.length === 0) return null;
    if (this.#credits === null) return this.#takeNext(avoid);
    return this.#takeRichest(this.#credits, avoid) ?? this.#takeRichest(this.#credits, NONE);
  }

  #takeNext(avoid: readonly string[]): EndpointState<P> {
    const endpoints = this.#endpoints;
    const start = this.#cursor;
    let index = start;
    if (avoid.length > 0) {
      while (avoid.includes((endpoints[index] as EndpointState<P>).key)) {
        index = index + 1 === endpoints.length ? 0 : index + 1;
        if (index === start) break;
      }
    }
    this.#cursor = index + 1 === endpoints.length ? 0 : index + 1;
    return endpoints[index] as EndpointState<P>;
  }

  /** Avoided endpoints neither earn nor pay. */
  #takeRichest(credits: Float64Array, avoid: readonly string[]): EndpointState<P> | null {
    const endpoints = this.#endpoints;
    let richest = -1;
    let sum = 0;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[i] as EndpointState<P>;
      if (avoid.length > 0 && avoid.includes(endpoint.key)) continue;
      const credit = (credits[i] as number) + endpoint.weight;
      credits[i] = credit;
      sum += endpoint.weight;
      if (richest === -1 || credit > (credits[richest] as number)) richest = i;
    }
    if (richest === -1) return null;
    credits[richest] = (credits[richest] as number) - sum;
    return endpoints[richest] as EndpointState<P>;
  }

  #startWeighted(): void {
    const credits = new Float64Array(this.#endpoints.length);
    let sum = 0;
    for (const endpoint of this.#endpoints) sum += endpoint.weight;
    const skipped = Math.floor(this.#random() * Math.min(sum, SKIPPED_PICKS_MAX));
    for (let i = 0; i < skipped; i++) this.#takeRichest(credits, NONE);
    this.#credits = credits;
  }
}
