/**
 * The candidates of one path, best first. A short list is simply tried in order. Of a long one each
 * member is filed under the exact header or query parameter it asks for that the fewest others ask
 * for; a request then meets only the members filed under what it carries, and the rest, those that
 * ask for nothing exact. What is filed under one value is a bucket again, without that value.
 *
 * Ten thousand rules that differ by a header so cost a look-up for each field of the request.
 */

import type { RequestHead } from '../codec/head.ts';
import { accepts, byPrecedence, type Candidate, headerValue } from './candidate.ts';
import { nextParameter, parameterName, queryValue } from './query.ts';

/** Up to this many, trying each is as quick as looking up a value. */
const LIST_MAX = 8;
/** Up to this many names are looked for in the fields; above, the fields among the names. */
const NAMES_MAX = 4;
const NO_RANK = Number.POSITIVE_INFINITY;

export class Bucket<T> {
  /** The list of those that are not filed, best first. */
  readonly #first: Candidate<T> | null;
  /** Null where all are in the list. */
  readonly #headers: Shelf<T> | null;
  readonly #query: Shelf<T> | null;
  /** Best rank in it. */
  readonly rank: number;

  /** `candidates` in order of rank. */
  constructor(candidates: readonly Candidate<T>[]) {
    this.rank = candidates[0]?.rank ?? NO_RANK;
    const filed = candidates.length > LIST_MAX ? file(candidates) : null;
    this.#first = link(filed === null ? candidates : filed.rest);
    this.#headers = filed === null ? null : shelve(filed.headers);
    this.#query = filed === null ? null : shelve(filed.query);
  }

  /** The best candidate for a request whose rank is below `limit`, or null. */
  find(head: RequestHead, queryStart: number, limit = NO_RANK): Candidate<T> | null {
    let best: Candidate<T> | null = null;
    let below = limit;
    if (this.#headers !== null) {
      best = findByHeader(this.#headers, head, queryStart, below);
      if (best !== null) below = best.rank;
    }
    if (this.#query !== null) {
      best = findByQuery(this.#query, head, queryStart, below) ?? best;
      if (best !== null) below = best.rank;
    }
    for (let candidate = this.#first; candidate !== null; candidate = candidate.next) {
      if (candidate.rank >= below) return best;
      if (accepts(candidate, head, queryStart)) return candidate;
    }
    return best;
  }
}

/** Sorts candidates by precedence, numbers them and puts them in a bucket. */
export function bucketOf<T>(candidates: Candidate<T>[]): Bucket<T> {
  if (candidates.length > 1) candidates.sort(byPrecedence);
  for (let rank = 0; rank < candidates.length; rank++) {
    (candidates[rank] as Candidate<T>).rank = rank;
  }
  return new Bucket(candidates);
}

function link<T>(candidates: readonly Candidate<T>[]): Candidate<T> | null {
  for (let i = 1; i < candidates.length; i++) {
    (candidates[i - 1] as Candidate<T>).next = candidates[i] as Candidate<T>;
  }
  return candidates[0] ?? null;
}

/** Buckets by name, then by exact value. */
interface Shelf<T> {
  readonly names: readonly string[];
  readonly byName: Map<string, Map<string, Bucket<T>>>;
}

function findByHeader<T>(
  shelf: Shelf<T>,
  head: RequestHead,
  queryStart: number,
  limit: number,
): Candidate<T> | null {
  const { names, byName } = shelf;
  const { fields } = head;
  const few = names.length <= NAMES_MAX;
  const count = few ? names.length : fields.length / 2 + 1;
  let best: Candidate<T> | null = null;
  for (let i = 0; i < count; i++) {
    // Past the fields stands `host`, which is not among them.
    const name = few ? (names[i] as string) : (fields[2 * i] ?? 'host');
    const values = byName.get(name);
    if (values === undefined) continue;
    const value = headerValue(head, name);
    if (value === undefined) continue;
    const below: number = best === null ? limit : best.rank;
    best = findUnder(values.get(value), head, queryStart, below) ?? best;
  }
  return best;
}

function findByQuery<T>(
  shelf: Shelf<T>,
  head: RequestHead,
  queryStart: number,
  limit: number,
): Candidate<T> | null {
  const { target } = head;
  let best: Candidate<T> | null = null;
  for (let from = queryStart; from < target.length; from = nextParameter(target, from)) {
    const name = parameterName(target, from);
    const values = shelf.byName.get(name);
    if (values === undefined) continue;
    // Of several parameters with one name the first counts, wherever this one stands.
    const value = queryValue(target, queryStart, name);
    if (value === undefined) continue;
    const below: number = best === null ? limit : best.rank;
    best = findUnder(values.get(value), head, queryStart, below) ?? best;
  }
  return best;
}

function findUnder<T>(
  bucket: Bucket<T> | undefined,
  head: RequestHead,
  queryStart: number,
  limit: number,
): Candidate<T> | null {
  if (bucket === undefined || bucket.rank >= limit) return null;
  return bucket.find(head, queryStart, limit);
}

type Lists<T> = Map<string, Map<string, Candidate<T>[]>>;

interface Filed<T> {
  readonly headers: Lists<T>;
  readonly query: Lists<T>;
  readonly rest: readonly Candidate<T>[];
}

/** Null where no exact value tells any of the candidates apart. */
function file<T>(candidates: readonly Candidate<T>[]): Filed<T> | null {
  const counts = countValues(candidates);
  const headers: Lists<T> = new Map();
  const query: Lists<T> = new Map();
  const rest: Candidate<T>[] = [];
  for (const candidate of candidates) {
    let fewest = candidates.length;
    let place: Candidate<T>[] | null = null;
    for (const lists of [headers, query]) {
      const conditions = lists === headers ? candidate.headers : candidate.query;
      const seen = lists === headers ? counts.headers : counts.query;
      for (const { name, value, regex } of conditions) {
        const count = regex === null ? (seen.get(name)?.get(value) ?? 0) : fewest;
        if (count >= fewest) continue;
        fewest = count;
        place = getOrAdd(getOrAdd(lists, name, newMap<Candidate<T>[]>), value, newList<T>);
      }
    }
    (place ?? rest).push(candidate);
  }
  return rest.length === candidates.length ? null : { headers, query, rest };
}

type Counts = Map<string, Map<string, number>>;

function countValues<T>(candidates: readonly Candidate<T>[]): { headers: Counts; query: Counts } {
  const headers: Counts = new Map();
  const query: Counts = new Map();
  for (const candidate of candidates) {
    for (const counts of [headers, query]) {
      for (const { name, value, regex } of counts === headers
        ? candidate.headers
        : candidate.query) {
        if (regex !== null) continue;
        const values = getOrAdd(counts, name, newMap<number>);
        values.set(value, (values.get(value) ?? 0) + 1);
      }
    }
  }
  return { headers, query };
}

function shelve<T>(lists: Lists<T>): Shelf<T> | null {
  const byName = new Map<string, Map<string, Bucket<T>>>();
  for (const [name, values] of lists) {
    const buckets = new Map<string, Bucket<T>>();
    for (const [value, list] of values) {
      // Empty where its members found a rarer value after all.
      if (list.length > 0) buckets.set(value, new Bucket(list));
    }
    if (buckets.size > 0) byName.set(name, buckets);
  }
  return byName.size === 0 ? null : { names: [...byName.keys()], byName };
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function newMap<V>(): Map<string, V> {
  return new Map();
}

function newList<T>(): Candidate<T>[] {
  return [];
}
