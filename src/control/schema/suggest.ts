/** "Did you mean ...?": the known word nearest to one that is not known. */

import { editDistance } from '../../base/did-you-mean.ts';

/** The nearest of `known`, or null if none is near enough to be a slip of the pen. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const lower = word.toLowerCase();
  let best: string | null = null;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const candidateLower = candidate.toLowerCase();
    const length = Math.max(lower.length, candidateLower.length);
    const costMax = Math.max(1, Math.floor(length / 3));
    if (Math.abs(candidateLower.length - lower.length) > costMax) continue;
    const cost = candidateLower === lower ? 0 : editDistance(lower, candidateLower);
    if (cost <= costMax && cost < bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  return best;
}

/** `, did you mean "X"?`, or '' where nothing is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  if (word.length > WORD_LENGTH_MAX) return '';
  const near = nearest(word, known);
  return near === null ? '' : `, did you mean "${near}"?`;
}

/** Longer words are no slip of the pen, and telling how far they are apart is quadratic. */
const WORD_LENGTH_MAX = 64;
