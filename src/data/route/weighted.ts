/** Which backendRef of a rule takes a request. */

/**
 * An index into `backends`, each with the chance weight / sum of weights, or -1 when none may take
 * it (no backends, or all weights 0: the request gets 500, as Gateway API asks).
 *
 * @param random gives numbers of [0, 1); not called for a single backend.
 */
export function pickBackend(
  backends: readonly { readonly weight: number }[],
  random: () => number,
): number {
  const first = backends[0];
  if (first === undefined) return -1;
  if (backends.length === 1) return first.weight > 0 ? 0 : -1;
  let total = 0;
  for (const backend of backends) total += backend.weight;
  if (total <= 0) return -1;
  let left = random() * total;
  let last = -1;
  for (let index = 0; index < backends.length; index++) {
    const weight = (backends[index] as { weight: number }).weight;
    if (weight <= 0) continue;
    if (left < weight) return index;
    left -= weight;
    last = index;
  }
  // Rounding may carry `left` past the sum by an ulp.
  return last;
}
