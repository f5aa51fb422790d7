/** "Did you mean ...?": the known word nearest to one that is not known. */

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

/** Longer words are no slip of the pen, and the table below is quadratic. */
const WORD_LENGTH_MAX = 64;

/** Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && swapped) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
