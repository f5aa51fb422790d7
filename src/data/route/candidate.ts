/**
 * One match of one rule, ready to be tested against a request whose host and path already fit, and
 * the order in which candidates are tried.
 */

import type { FieldMatch, Match } from '../../config/route.ts';
import type { Fields, RequestHead } from '../codec/head.ts';
import { queryValue } from './query.ts';
import { Regex } from './regex.ts';
import { toWire } from './wire-text.ts';

/** A condition on a header or query parameter. `regex` null: the value must be equal. */
export interface Condition {
  readonly name: string;
  readonly value: string;
  readonly regex: Regex | null;
}

export interface Candidate<T> {
  readonly rule: T;
  /** '' for every method. */
  readonly method: string;
  readonly headers: readonly Condition[];
  readonly query: readonly Condition[];
  /** Place of the match in the listener: route, rule and match order as given. */
  readonly order: number;
  /** Place among the candidates of its path, by precedence; set when they are sorted. */
  rank: number;
  /** Next in its list; a link and not an array, as each object on the way may be a cache miss. */
  next: Candidate<T> | null;
}

/** Makes candidates; equal patterns of one table share their compiled form. */
export class CandidateMaker {
  readonly #regexes = new Map<string, Regex>();
  #order = 0;

  make<T>(rule: T, match: Match): Candidate<T> {
    return {
      rule,
      method: match.method,
      headers: this.#conditions(match.headers),
      query: this.#conditions(match.query),
      order: this.#order++,
      rank: 0,
      next: null,
    };
  }

  regex(pattern: string): Regex {
    let regex = this.#regexes.get(pattern);
    if (regex === undefined) {
      regex = new Regex(pattern);
      this.#regexes.set(pattern, regex);
    }
    return regex;
  }

  /** Gateway API: of several entries with one name only the first counts. */
  #conditions(matches: readonly FieldMatch[]): readonly Condition[] {
    if (matches.length === 0) return NO_CONDITIONS;
    const conditions: Condition[] = [];
    for (const { type, name, value } of matches) {
      const wireName = toWire(name);
      if (conditions.some((condition) => condition.name === wireName)) continue;
      const exact = type === 'Exact';
      conditions.push({
        name: wireName,
        value: exact ? toWire(value) : '',
        regex: exact ? null : this.regex(value),
      });
    }
    return conditions;
  }
}

const NO_CONDITIONS: readonly Condition[] = [];

/** HTTPRouteRule.matches: a method, then most headers, then most query parameters, then first given. */
export function byPrecedence<T>(a: Candidate<T>, b: Candidate<T>): number {
  return (
    Number(b.method !== '') - Number(a.method !== '') ||
    b.headers.length - a.headers.length ||
    b.query.length - a.query.length ||
    a.order - b.order
  );
}

/** `queryStart`: where the query begins in the target; its length when there is none. */
export function accepts<T>(
  candidate: Candidate<T>,
  head: RequestHead,
  queryStart: number,
): boolean {
  if (candidate.method !== '' && candidate.method !== head.method) return false;
  const { headers, query } = candidate;
  for (let i = 0; i < headers.length; i++) {
    const condition = headers[i] as Condition;
    if (!holds(condition, headerValue(head, condition.name))) return false;
  }
  for (let i = 0; i < query.length; i++) {
    const condition = query[i] as Condition;
    if (!holds(condition, queryValue(head.target, queryStart, condition.name))) return false;
  }
  return true;
}

function holds(condition: Condition, value: string | undefined): boolean {
  if (value === undefined) return false;
  return condition.regex === null ? value === condition.value : condition.regex.test(value);
}

/** All lines of a field joined by a comma; `host` is the authority, which the fields do not hold. */
export function headerValue(head: RequestHead, name: string): string | undefined {
  if (name === 'host') return head.authority === '' ? undefined : head.authority;
  const fields: Fields = head.fields;
  let joined: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== name) continue;
    joined = joined === undefined ? fields[i + 1] : `${joined},${fields[i + 1]}`;
  }
  return joined;
}
