/**
 * What a test expects of one value: a text that it has to equal, or `{contains: TEXT}`,
 * `{matches: REGEX}`, and null for a value that must not be there.
 */

import { text } from '../../control/schema/scalars.ts';
import { type Inspection, isRecord, object, type Schema } from '../../control/schema/schema.ts';
import { type Scalar, scalar } from './script-schema.ts';

export interface Pattern {
  readonly contains?: string;
  readonly matches?: string;
}

export type Matcher = Scalar | Pattern | null;

const PATTERN_LENGTH_MAX = 1_000;

const regex: Schema = (value, inspection) => {
  text({
    what: 'a regular expression',
    remedy: 'Write one as JavaScript has them, without slashes.',
    lengthMax: PATTERN_LENGTH_MAX,
    matches: isRegex,
  })(value, inspection);
};

function isRegex(source: string): boolean {
  try {
    return new RegExp(source, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

const pattern = object<Pattern>({ contains: text(), matches: regex }, (value, inspection) => {
  if (Object.keys(value).length > 0) return;
  inspection.error('missing-field', 'says nothing', 'Write contains or matches.');
});

export const matcher: Schema = (value, inspection) => {
  (isRecord(value) ? pattern : scalar)(value, inspection);
};

/** As {@link matcher}, or null. */
export const optionalMatcher: Schema = (value: unknown, inspection: Inspection) => {
  if (value !== null) matcher(value, inspection);
};

/** What is wrong with `value`, or null. */
export function mismatch(expected: Matcher, value: string | undefined): string | null {
  if (expected === null) {
    return value === undefined ? null : `expected none\n     got ${shown(value)}`;
  }
  if (typeof expected !== 'object') {
    const wanted = String(expected);
    return value === wanted ? null : `expected ${shown(wanted)}\n     got ${shown(value)}`;
  }
  const { contains, matches } = expected;
  if (contains !== undefined && value?.includes(contains) !== true) {
    return `expected text with ${shown(contains)}\n     got ${shown(value)}`;
  }
  if (matches !== undefined && (value === undefined || !new RegExp(matches, 'u').test(value))) {
    return `expected text like ${matches}\n     got ${shown(value)}`;
  }
  return null;
}

function shown(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
