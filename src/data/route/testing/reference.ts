/**
 * Route matching as Gateway API words it, with no regard to speed: every match of every listener is
 * looked at for each request. The table must always agree with it.
 */

import type { Bind, Listener } from '../../../config/listener.ts';
import type { FieldMatch, Match } from '../../../config/route.ts';
import type { RequestHead } from '../../codec/head.ts';

export interface Expected {
  readonly rule: string;
  readonly listener: string;
  readonly matchedPrefix: string;
}

interface Entry {
  readonly rule: string;
  readonly hostname: string;
  readonly match: Match;
}

export function expected(bind: Bind, head: RequestHead): Expected | null {
  const host = head.authority
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/(.)\.$/, '$1');
  const listener = mostSpecificListener(bind, host);
  if (listener === null) return null;
  const entries: Entry[] = [];
  for (const route of listener.routes) {
    for (const rule of route.rules) {
      for (const match of rule.matches) {
        for (const hostname of route.hostnames.length === 0 ? [''] : route.hostnames) {
          entries.push({ rule: rule.name, hostname, match });
        }
      }
    }
  }
  const [best] = entries
    .filter((entry) => covers(entry.hostname, host) && fits(entry.match, head))
    .sort((a, b) => specificity(b.hostname) - specificity(a.hostname) || precede(a.match, b.match));
  if (best === undefined) return null;
  const { type, value } = best.match.path;
  const matchedPrefix = type === 'PathPrefix' ? value.replace(/(.)\/$/, '$1') : '';
  return { rule: best.rule, listener: listener.name, matchedPrefix };
}

function mostSpecificListener(bind: Bind, host: string): Listener | null {
  let best: Listener | null = null;
  for (const listener of bind.listeners) {
    if (!covers(listener.hostname, host)) continue;
    if (best === null || specificity(listener.hostname) > specificity(best.hostname)) {
      best = listener;
    }
  }
  return best;
}

function covers(hostname: string, host: string): boolean {
  if (hostname === '') return true;
  if (!hostname.startsWith('*.')) return hostname === host;
  const suffix = hostname.slice(1);
  return host.endsWith(suffix) && host.length > suffix.length;
}

function specificity(hostname: string): number {
  if (hostname === '') return 0;
  return hostname.startsWith('*.') ? hostname.length : 1_000 + hostname.length;
}

/** Array.sort is stable, so what is left equal stays in the order given. */
function precede(a: Match, b: Match): number {
  const kinds = ['Exact', 'RegularExpression', 'PathPrefix'];
  return (
    kinds.indexOf(a.path.type) - kinds.indexOf(b.path.type) ||
    pathLength(b) - pathLength(a) ||
    Number(a.method === '') - Number(b.method === '') ||
    distinct(b.headers).length - distinct(a.headers).length ||
    distinct(b.query).length - distinct(a.query).length
  );
}

function pathLength({ path }: Match): number {
  return path.type === 'PathPrefix' ? path.value.replace(/\/$/, '').length : path.value.length;
}

function distinct(matches: readonly FieldMatch[]): FieldMatch[] {
  return matches.filter(
    (match, index) => matches.findIndex((other) => other.name === match.name) === index,
  );
}

function fits(match: Match, head: RequestHead): boolean {
  const [path = '', ...queryParts] = head.target.split('?');
  if (!pathFits(match.path, path)) return false;
  if (match.method !== '' && match.method !== head.method) return false;
  for (const condition of distinct(match.headers)) {
    const lines: string[] = [];
    for (let i = 0; i < head.fields.length; i += 2) {
      if (head.fields[i] === condition.name) lines.push(head.fields[i + 1] as string);
    }
    if (lines.length === 0 || !valueFits(condition, lines.join(','))) return false;
  }
  const parameters = new URLSearchParams(queryParts.join('?'));
  for (const condition of distinct(match.query)) {
    const value = parameters.get(condition.name);
    if (value === null || !valueFits(condition, value)) return false;
  }
  return true;
}

function pathFits({ type, value }: Match['path'], path: string): boolean {
  if (type === 'Exact') return path === value;
  if (type === 'RegularExpression') return new RegExp(`^(?:${value})$`).test(path);
  const wanted = value.replace(/\/$/, '');
  return path.startsWith('/') && (path === wanted || path.startsWith(`${wanted}/`));
}

function valueFits({ type, value }: FieldMatch, actual: string): boolean {
  return type === 'Exact' ? actual === value : new RegExp(`^(?:${value})$`).test(actual);
}
