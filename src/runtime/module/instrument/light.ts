/**
 * Which functions need not count themselves: those that run few instructions whatever happens. A
 * function is light when its own instructions and those of the light functions it calls stay below
 * {@link LIGHT_MAX}; any other callee counts itself. Functions that call each other in a circle are
 * never all light: one met while it is being looked at counts itself.
 */

import { CALL_WEIGHT, LIGHT_MAX } from './costs.ts';
import type { FunctionPlan } from './plan.ts';

const UNKNOWN = 0;
const OPEN = -1;
const HEAVY = -2;

export function findLight(
  plans: readonly FunctionPlan[],
  importedFunctions: number,
): (index: number) => boolean {
  /** Instructions of a light function, or one of the states. */
  const costs = new Int32Array(plans.length);
  const visit = (index: number, depth: number): number => {
    const known = costs[index] as number;
    if (known === OPEN) costs[index] = HEAVY;
    if (known !== UNKNOWN) return known === OPEN ? HEAVY : known;
    const { callees, weight } = plans[index] as FunctionPlan;
    costs[index] = OPEN;
    let cost = weight;
    if (callees === null || depth > LIGHT_MAX) cost = LIGHT_MAX + 1;
    else {
      for (const callee of callees) {
        if (cost > LIGHT_MAX) break;
        const inside = visit(callee - importedFunctions, depth + 1);
        if (inside > CALL_WEIGHT) cost += inside - CALL_WEIGHT;
      }
    }
    const outcome = cost > LIGHT_MAX || costs[index] === HEAVY ? HEAVY : cost;
    costs[index] = outcome;
    return outcome;
  };
  return (index) => visit(index, 0) > 0;
}
