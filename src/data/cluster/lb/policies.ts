/** The load balancing policies there are, by the name used in config. */

import type { LoadBalancer } from '../../../config/cluster.ts';
import { LeastRequestPolicy } from './least-request.ts';
import type { Policy, Random } from './policy.ts';
import { RandomPolicy } from './random.ts';
import { RoundRobinPolicy } from './round-robin.ts';

/** A fresh policy of that name, with no endpoints yet. */
export function createPolicy<P>(name: LoadBalancer, random: Random): Policy<P> {
  switch (name) {
    case 'RoundRobin':
      return new RoundRobinPolicy(random);
    case 'LeastRequest':
      return new LeastRequestPolicy(random);
    case 'Random':
      return new RandomPolicy(random);
  }
}

export const POLICY_NAMES: readonly LoadBalancer[] = ['RoundRobin', 'LeastRequest', 'Random'];
