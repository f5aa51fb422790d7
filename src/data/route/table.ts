/**
 * From a request head to the rule that serves it, for one bind. Pure: built once from the
 * configuration, never changed, replaced as a whole.
 *
 * A host leads in one map look-up (one more for each of its labels where only wildcards cover it)
 * to its listener and to the path tables of the hostnames that cover it, both worked out in
 * advance. The most specific listener takes the request and no other is asked (listener isolation);
 * inside it the tables are asked in the order of their hostnames' specificity, and the next only
 * when the one before has no match (HTTPRouteSpec.hostnames: hostname precedence comes before that
 * of matches).
 *
 * Paths are compared as received: percent-encoding is not decoded, dot segments are not resolved.
 */

import type { Bind, Listener } from '../../config/listener.ts';
import type { Route, Rule } from '../../config/route.ts';
import type { RequestHead } from '../codec/head.ts';
import { type Candidate, CandidateMaker } from './candidate.ts';
import { hostOf } from './host.ts';
import { type Found, PathTable, PathTableBuilder } from './path-table.ts';

export interface RouteMatch<T> {
  readonly rule: T;
  readonly listener: Listener;
  /** The PathPrefix that matched, without a trailing slash (`/` for the root); '' for other kinds. */
  readonly matchedPrefix: string;
}

export interface RouteTable<T> {
  /**
   * The rule for a request, or null when none matches. The object is the table's own and changes
   * with the next call: take from it what you need before you return.
   */
  match(head: RequestHead): RouteMatch<T> | null;
  /** The listener a request belongs to, whether or not one of its rules matches. */
  listenerFor(authority: string): Listener | null;
}

/**
 * Builds the table of a bind. `makeRule` is called once for each rule of each listener; what it
 * returns is what {@link RouteTable.match} finds. Regular expressions must have passed `checkRegex`.
 */
export function buildRouteTable<T>(
  bind: Bind,
  makeRule: (rule: Rule, route: Route, listener: Listener) => T,
): RouteTable<T> {
  const maker = new CandidateMaker();
  const listeners = bind.listeners.map((listener) => buildListener(listener, makeRule, maker));
  return new HostTable(listeners);
}

/** A listener with the path table of each hostname its routes name ('' for routes that name none). */
interface ListenerTables<T> {
  readonly listener: Listener;
  readonly tables: Map<string, PathTable<T>>;
}

/** Where requests for a host go: the table to ask, then that of the next hostname. */
interface Destination<T> {
  readonly listener: Listener;
  readonly table: PathTable<T> | null;
  readonly next: Destination<T> | null;
}

class HostTable<T> implements RouteTable<T> {
  readonly #hosts = new Map<string, Destination<T>>();
  /** `*.suffix` under `.suffix`. */
  readonly #suffixes = new Map<string, Destination<T>>();
  /** For hosts that neither covers. */
  readonly #any: Destination<T> | null;
  readonly #found: Found<T> & { listener: Listener | undefined } = {
    rule: undefined,
    matchedPrefix: '',
    listener: undefined,
  };

  constructor(listeners: readonly ListenerTables<T>[]) {
    const names = new Names(listeners);
    for (const pattern of names.all) {
      const destination = names.destinationOf(pattern);
      if (destination === null) continue;
      if (pattern.startsWith('*.')) this.#suffixes.set(pattern.slice(1), destination);
      else this.#hosts.set(pattern, destination);
    }
    this.#any = names.destinationOf('');
  }

  match(head: RequestHead): RouteMatch<T> | null {
    const destination = this.#destinationFor(head.authority);
    if (destination === null) return null;
    const { target } = head;
    const mark = target.indexOf('?');
    const path = mark < 0 ? target : target.slice(0, mark);
    const queryStart = mark < 0 ? target.length : mark + 1;
    const found = this.#found;
    for (let step: Destination<T> | null = destination; step !== null; step = step.next) {
      if (step.table?.find(head, path, queryStart, found) !== true) continue;
      found.listener = destination.listener;
      return found as RouteMatch<T>;
    }
    return null;
  }

  listenerFor(authority: string): Listener | null {
    return this.#destinationFor(authority)?.listener ?? null;
  }

  #destinationFor(authority: string): Destination<T> | null {
    const host = hostOf(authority);
    const exact = this.#hosts.get(host);
    if (exact !== undefined) return exact;
    if (this.#suffixes.size > 0) {
      // The star stands for one label or more: the first dot of use is behind the first label.
      for (let dot = host.indexOf('.', 1); dot > 0; dot = host.indexOf('.', dot + 1)) {
        const wildcard = this.#suffixes.get(host.slice(dot));
        if (wildcard !== undefined) return wildcard;
      }
    }
    return this.#any;
  }
}

/** All hostnames of a bind, and what each leads to. */
class Names<T> {
  readonly all = new Set<string>();
  readonly #byHostname = new Map<string, ListenerTables<T>>();

  constructor(listeners: readonly ListenerTables<T>[]) {
    for (const tables of listeners) {
      const { hostname } = tables.listener;
      if (!this.#byHostname.has(hostname)) this.#byHostname.set(hostname, tables);
      if (hostname !== '') this.all.add(hostname);
      for (const name of tables.tables.keys()) if (name !== '') this.all.add(name);
    }
  }

  /** For a host, or for all hosts that `*.suffix` covers and no longer name does; '' for the others. */
  destinationOf(pattern: string): Destination<T> | null {
    const coverings = coveringPatterns(pattern);
    for (const hostname of coverings) {
      const found = this.#byHostname.get(hostname);
      if (found === undefined) continue;
      const { listener, tables } = found;
      let destination: Destination<T> | null = null;
      for (let i = coverings.length - 1; i >= 0; i--) {
        const table = tables.get(coverings[i] as string);
        if (table !== undefined) destination = { listener, table, next: destination };
      }
      return destination ?? { listener, table: null, next: null };
    }
    return null;
  }
}

/** All patterns that cover what `pattern` covers, from the most to the least specific. */
function coveringPatterns(pattern: string): readonly string[] {
  const patterns: string[] = pattern === '' ? [] : [pattern];
  const from = pattern.startsWith('*.') ? 2 : 1;
  for (let dot = pattern.indexOf('.', from); dot > 0; dot = pattern.indexOf('.', dot + 1)) {
    patterns.push(`*${pattern.slice(dot)}`);
  }
  patterns.push('');
  return patterns;
}

function buildListener<T>(
  listener: Listener,
  makeRule: (rule: Rule, route: Route, listener: Listener) => T,
  maker: CandidateMaker,
): ListenerTables<T> {
  const builders = new Map<string, PathTableBuilder<T>>();
  for (const route of listener.routes) {
    const hostnames = route.hostnames.length === 0 ? ANY_HOST : route.hostnames;
    for (const rule of route.rules) {
      const made = makeRule(rule, route, listener);
      for (const match of rule.matches) {
        for (const hostname of hostnames) {
          let builder = builders.get(hostname);
          if (builder === undefined) {
            builder = new PathTableBuilder();
            builders.set(hostname, builder);
          }
          // One for each hostname: a candidate's rank is its place in one table.
          const candidate: Candidate<T> = maker.make(made, match);
          builder.add(match, candidate, maker);
        }
      }
    }
  }
  const tables = new Map<string, PathTable<T>>();
  for (const [hostname, builder] of builders) tables.set(hostname, new PathTable(builder));
  return { listener, tables };
}

const ANY_HOST: readonly string[] = [''];
