/**
 * Draws an index with a chance in proportion to its weight: a draw is one random number and a
 * binary search over running sums, or no search at all while all weights are equal. Drawing beside
 * avoided endpoints, which only retries do, walks the list twice and stays exact.
 */

import type { EndpointState } from '../endpoint.ts';
import type { Random } from './policy.ts';
import { sameWeights } from './policy.ts';

export class WeightedDraw<P> {
  readonly #random: Random;
  #endpoints: readonly EndpointState<P>[] = [];
  /** `#sums[i]`: weights of 0..i together. */
  #sums: Float64Array = new Float64Array(0);
  #equal = true;

  constructor(random: Random) {
    this.#random = random;
  }

  use(endpoints: readonly EndpointState<P>[]): void {
    this.#endpoints = endpoints;
    this.#equal = sameWeights(endpoints);
    this.#sums = new Float64Array(endpoints.length);
    let sum = 0;
    for (const [index, endpoint] of endpoints.entries()) {
      sum += endpoint.weight;
      this.#sums[index] = sum;
    }
  }

  /** An index, or -1 when there is no endpoint. */
  draw(): number {
    const count = this.#endpoints.length;
    if (count < 2) return count - 1;
    if (this.#equal) return Math.floor(this.#random() * count);
    return this.#indexAt(this.#random() * (this.#sums[count - 1] as number));
  }

  /** An index other than `taken`; there must be two endpoints or more. */
  drawOther(taken: number): number {
    const count = this.#endpoints.length;
    if (this.#equal) {
      const index = Math.floor(this.#random() * (count - 1));
      return index < taken ? index : index + 1;
    }
    // The taken one's stretch of the line is cut out.
    const before = taken === 0 ? 0 : (this.#sums[taken - 1] as number);
    const width = (this.#sums[taken] as number) - before;
    const at = this.#random() * ((this.#sums[count - 1] as number) - width);
    return this.#indexAt(at < before ? at : at + width);
  }

  /** An index whose key is not in `avoid` and which is not `taken` (-1: none is); -1 when none is left. */
  drawBeside(avoid: readonly string[], taken: number): number {
    let sum = 0;
    for (let i = 0; i < this.#endpoints.length; i++) {
      const endpoint = this.#endpoints[i] as EndpointState<P>;
      if (i !== taken && !avoid.includes(endpoint.key)) sum += endpoint.weight;
    }
    if (sum === 0) return -1;
    let left = this.#random() * sum;
    let last = -1;
    for (let i = 0; i < this.#endpoints.length; i++) {
      const endpoint = this.#endpoints[i] as EndpointState<P>;
      if (i === taken || avoid.includes(endpoint.key)) continue;
      last = i;
      left -= endpoint.weight;
      if (left < 0) break;
    }
    return last;
  }

  /** The first index whose sum is above `at`. */
  #indexAt(at: number): number {
    let low = 0;
    let high = this.#sums.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sums[middle] as number) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
