/** Each pick is drawn by weight, whatever came before. */

import type { EndpointState } from '../endpoint.ts';
import type { Policy, Random } from './policy.ts';
import { WeightedDraw } from './weighted-draw.ts';

export class RandomPolicy<P> implements Policy<P> {
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
    let index = -1;
    if (avoid.length > 0) index = this.#draw.drawBeside(avoid, -1);
    if (index === -1) index = this.#draw.draw();
    return this.#endpoints[index] ?? null;
  }
}
