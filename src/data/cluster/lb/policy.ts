/**
 * How to choose one of the endpoints that may be used. The cluster decides which those are (healthy
 * ones, or all when none is) and says so when that changes, so that a pick, once per attempt, is
 * cheap: it allocates nothing and checks no health.
 */

import type { EndpointState } from '../endpoint.ts';

export interface Policy<P> {
  /** The endpoints to choose from, whenever their set, health or weights changed. Not modified later. */
  use(endpoints: readonly EndpointState<P>[]): void;
  /**
   * An endpoint whose key is not in `avoid`; one that is when all are; null when there is none.
   * `avoid` is short (the attempts of one request).
   */
  pick(avoid: readonly string[]): EndpointState<P> | null;
}

/** Uniform in [0, 1). */
export type Random = () => number;

export function sameWeights<P>(endpoints: readonly EndpointState<P>[]): boolean {
  const first = endpoints[0];
  return first === undefined || endpoints.every((endpoint) => endpoint.weight === first.weight);
}
