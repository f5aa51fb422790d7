/** A problem as people read it: one line that editors can jump to, one that says what to do. */

import type { Problem } from '../resource.ts';
import { visible } from './schema.ts';

/**
 * `shop.yaml:7:5: error: HTTPRoute default/shop: spec.rules[0].nam: unknown field "nam"...` and, on
 * a second line, the remedy. What is not known (place, resource, path) is left out.
 */
export function formatProblem(problem: Problem): string {
  const { file, line, column } = problem.location;
  const place = [file, ...(line > 0 ? [line, column] : [])].filter((part) => part !== '').join(':');
  const parts = [place, problem.severity, problem.resource, problem.path, problem.message];
  const head = visible(parts.filter((part) => part !== '').join(': '));
  return problem.remedy === '' ? head : `${head}\n    ${visible(problem.remedy)}`;
}
