/**
 * Power of two choices: two different endpoints are drawn by weight and the one with fewer requests
 * in flight for its weight is taken. Near the evenness of asking all, at the price of asking two,
 * and workers that cannot see each other's counts do not all run to the same endpoint. A tie takes
 * the first drawn, so an idle cluster is still shared by weight.
 */

import type { EndpointState } from '../endpoint.ts';
import type { Policy, Random } from './policy.ts';
import { WeightedDraw } from './weighted-draw.ts';

export class LeastRequestPolicy<P> implements Policy<P> {
  readonly #draw: WeightedDraw<P>;
  #endpoints: readonly EndpointState<P>[] = [];

  constructor(random: Random) {
    this.#draw = new WeightedDraw(random);
  }

  use(endpoints: readonly EndpointState<P>[]): void {
    this.#endpoints = endpoints;
    this.#draw.use(endpoints);
  }

  pick(avoid: readonly string[]): EndpointState<P> | null {
    const draw = this.#draw;
    if (avoid.length > 0) {
      const first = draw.drawBeside(avoid, -1);
      if (first !== -1) return this.#lighter(first, draw.drawBeside(avoid, first));
    }
    const first = draw.draw();
    return this.#lighter(first, this.#endpoints.length > 1 ? draw.drawOther(first) : -1);
  }

  #lighter(firstIndex: number, secondIndex: number): EndpointState<P> | null {
    const first = this.#endpoints[firstIndex];
    const second = this.#endpoints[secondIndex];
    if (first === undefined) return null;
    if (second === undefined) return first;
    const firstLoad = first.activeRequests * second.weight;
    const secondLoad = second.activeRequests * first.weight;
    return secondLoad < firstLoad ? second : first;
  }
}
