/**
 * The matches of one hostname of a listener, by path. Three kinds in the order of precedence: exact
 * paths in a map; regular expressions one by one, longest pattern first; prefixes in a map too,
 * asked for the request path's own prefixes, longest first, and of these only for lengths that some
 * route has. So a look-up depends on the request's segments and not on the number of routes.
 */

import type { Match } from '../../config/route.ts';
import type { RequestHead } from '../codec/head.ts';
import { type Bucket, bucketOf } from './bucket.ts';
import { accepts, byPrecedence, type Candidate, type CandidateMaker } from './candidate.ts';
import type { Regex } from './regex.ts';
import { toWire } from './wire-text.ts';

const SLASH = 0x2f;

/** What a look-up found; its caller owns and reuses it. */
export interface Found<T> {
  rule: T | undefined;
  matchedPrefix: string;
}

interface RegexCandidate<T> {
  readonly regex: Regex;
  readonly candidate: Candidate<T>;
}

export class PathTable<T> {
  readonly #exact: Map<string, Bucket<T>> | null;
  readonly #regexes: readonly RegexCandidate<T>[];
  /** Keys without a trailing slash, as `/foo/` and `/foo` are one prefix; `/` itself is `#root`. */
  readonly #prefixes: Map<string, Bucket<T>> | null;
  /** Bit n of word n / 32: some prefix has n chars. */
  readonly #lengths: Uint32Array;
  readonly #lengthMax: number;
  readonly #root: Bucket<T> | null;

  constructor(builder: PathTableBuilder<T>) {
    this.#exact = bucketsOf(builder.exact);
    this.#regexes = builder.regexes === null ? NO_REGEXES : builder.regexes.sort(byLength);
    const root = builder.prefixes.get('');
    this.#root = root === undefined ? null : bucketOf(root);
    builder.prefixes.delete('');
    this.#prefixes = bucketsOf(builder.prefixes);
    let lengthMax = 0;
    for (const prefix of builder.prefixes.keys()) lengthMax = Math.max(lengthMax, prefix.length);
    this.#lengthMax = lengthMax;
    this.#lengths = lengthMax === 0 ? NO_LENGTHS : new Uint32Array((lengthMax >> 5) + 1);
    for (const { length } of builder.prefixes.keys()) {
      this.#lengths[length >> 5] = (this.#lengths[length >> 5] as number) | (1 << (length & 31));
    }
  }

  /** True, and `found` filled in, when a match was found. */
  find(head: RequestHead, path: string, queryStart: number, found: Found<T>): boolean {
    if (this.#exact !== null) {
      const candidate = this.#exact.get(path)?.find(head, queryStart) ?? null;
      if (candidate !== null) return fill(found, candidate, '');
    }
    const regexes = this.#regexes;
    for (let i = 0; i < regexes.length; i++) {
      const { candidate, regex } = regexes[i] as RegexCandidate<T>;
      if (accepts(candidate, head, queryStart) && regex.test(path))
        return fill(found, candidate, '');
    }
    if (path.charCodeAt(0) !== SLASH) return false;
    if (this.#prefixes !== null && this.#findPrefix(head, path, queryStart, found)) return true;
    const candidate = this.#root === null ? null : this.#root.find(head, queryStart);
    return candidate !== null && fill(found, candidate, '/');
  }

  #findPrefix(head: RequestHead, path: string, queryStart: number, found: Found<T>): boolean {
    const prefixes = this.#prefixes as Map<string, Bucket<T>>;
    let end = path.length;
    if (end > this.#lengthMax) {
      // The boundary at or before the longest prefix; a longer path has no use for later ones.
      end = path.lastIndexOf('/', this.#lengthMax);
    }
    for (; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if ((((this.#lengths[end >> 5] as number) >>> (end & 31)) & 1) === 0) continue;
      const prefix = end === path.length ? path : path.slice(0, end);
      const bucket = prefixes.get(prefix);
      if (bucket === undefined) continue;
      const candidate = bucket.find(head, queryStart);
      if (candidate !== null) return fill(found, candidate, prefix);
    }
    return false;
  }
}

const NO_REGEXES: readonly RegexCandidate<never>[] = [];
const NO_LENGTHS = new Uint32Array(0);

/** A longer pattern is taken for a more specific one; Gateway API leaves this to implementations. */
function byLength<T>(a: RegexCandidate<T>, b: RegexCandidate<T>): number {
  return b.regex.pattern.length - a.regex.pattern.length || byPrecedence(a.candidate, b.candidate);
}

function fill<T>(found: Found<T>, candidate: Candidate<T>, matchedPrefix: string): true {
  found.rule = candidate.rule;
  found.matchedPrefix = matchedPrefix;
  return true;
}

function bucketsOf<T>(lists: Map<string, Candidate<T>[]>): Map<string, Bucket<T>> | null {
  if (lists.size === 0) return null;
  const buckets = new Map<string, Bucket<T>>();
  for (const [path, candidates] of lists) buckets.set(path, bucketOf(candidates));
  return buckets;
}

/** Collects the matches of one hostname. */
export class PathTableBuilder<T> {
  readonly exact = new Map<string, Candidate<T>[]>();
  readonly prefixes = new Map<string, Candidate<T>[]>();
  regexes: RegexCandidate<T>[] | null = null;

  add(match: Match, candidate: Candidate<T>, maker: CandidateMaker): void {
    const { type, value } = match.path;
    if (type === 'RegularExpression') {
      this.regexes ??= [];
      this.regexes.push({ regex: maker.regex(value), candidate });
      return;
    }
    const path = type === 'Exact' ? toWire(value) : withoutTrailingSlash(toWire(value));
    const lists = type === 'Exact' ? this.exact : this.prefixes;
    const list = lists.get(path);
    if (list === undefined) lists.set(path, [candidate]);
    else list.push(candidate);
  }
}

/** Gateway API: a trailing slash of a prefix is ignored; `/` becomes ''. */
function withoutTrailingSlash(prefix: string): string {
  return prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
}
