/**
 * The two ways resource files write amounts: Gateway API durations (GEP-2257) and Kubernetes
 * quantities. Both readers answer null for what is not one, so that schema and compile agree.
 */

const DURATION = /^(?:\d{1,5}(?:h|m|s|ms)){1,4}$/;
const DURATION_PART = /(\d{1,5})(ms|h|m|s)/g;
const MS_OF_UNIT: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** ms of a Gateway API duration such as `250ms`, `1s` or `1h30m`; null if the text is none. */
export function parseDurationMs(text: string): number | null {
  if (!DURATION.test(text)) return null;
  let totalMs = 0;
  for (const part of text.matchAll(DURATION_PART)) {
    totalMs += Number(part[1]) * (MS_OF_UNIT[part[2] ?? ''] ?? Number.NaN);
  }
  return totalMs;
}

const QUANTITY = /^\+?(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d{1,3})|([munkMGTPE]|[KMGTPE]i))?$/;
const FACTOR_OF_SUFFIX: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * Bytes of a Kubernetes quantity such as `64Mi`, `1.5G` or `1e6` (a YAML number will do), rounded
 * up; null if it is none, is negative or does not fit a JavaScript integer.
 */
export function parseQuantityBytes(quantity: string | number): number | null {
  const match = QUANTITY.exec(String(quantity));
  if (match === null) return null;
  const [, digits, exponent, suffix] = match;
  const factor = suffix === undefined ? 1 : (FACTOR_OF_SUFFIX[suffix] ?? Number.NaN);
  const bytes = Math.ceil(Number(`${digits}${exponent ?? ''}`) * factor);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
