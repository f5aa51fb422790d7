/** The rules in force, one row each in the order of the configuration, for people to read. */

import type { Listener } from '../config/listener.ts';
import type { BackendRef, FieldMatch, Match, Rule } from '../config/route.ts';
import type { Snapshot } from '../config/snapshot.ts';
import { isSecretName, REDACTED } from './redact.ts';

export interface RouteRow {
  readonly rule: string;
  readonly listener: string;
  readonly port: number;
  /** Empty: every host of the listener. */
  readonly hostnames: readonly string[];
  /** Alternatives as text: `GET PathPrefix /api header x-user=a`. */
  readonly matches: readonly string[];
  readonly filters: readonly string[];
  /** `cluster`, with its share where there are several. */
  readonly backends: readonly string[];
  /** Why requests it matches get 500; null when it serves. */
  readonly invalid: string | null;
}

export function routeRows(snapshot: Snapshot): RouteRow[] {
  const rows: RouteRow[] = [];
  for (const bind of snapshot.binds) {
    for (const listener of bind.listeners) addListener(rows, listener, bind.port);
  }
  return rows;
}

function addListener(rows: RouteRow[], listener: Listener, port: number): void {
  for (const route of listener.routes) {
    for (const rule of route.rules) {
      rows.push({
        rule: rule.name,
        listener: listener.name,
        port,
        hostnames: hostnamesOf(route.hostnames, listener.hostname),
        matches: rule.matches.map(matchText),
        filters: filterTexts(rule, listener),
        backends: backendTexts(rule.backends),
        invalid: rule.invalid,
      });
    }
  }
}

function hostnamesOf(hostnames: readonly string[], listener: string): readonly string[] {
  if (hostnames.length > 0) return hostnames;
  return listener === '' ? [] : [listener];
}

function matchText(match: Match): string {
  const parts = match.method === '' ? [] : [match.method];
  parts.push(match.path.type, match.path.value);
  for (const header of match.headers) parts.push(`header ${fieldText(header)}`);
  for (const query of match.query) parts.push(`query ${fieldText(query)}`);
  return parts.join(' ');
}

function fieldText(field: FieldMatch): string {
  const value = isSecretName(field.name) ? REDACTED : field.value;
  return `${field.name}${field.type === 'Exact' ? '=' : '~'}${value}`;
}

function filterTexts(rule: Rule, listener: Listener): string[] {
  const wasm = [...listener.filters, ...rule.wasmFilters].map((id) => `wasm ${id}`);
  return [...wasm, ...rule.filters.map((filter) => filter.type)];
}

function backendTexts(backends: readonly BackendRef[]): string[] {
  let total = 0;
  for (const backend of backends) total += backend.weight;
  return backends.map((backend) => {
    const name = backend.invalid === null ? backend.cluster : `(invalid: ${backend.invalid})`;
    if (backends.length === 1) return name;
    const share = total === 0 ? 0 : (backend.weight / total) * 100;
    return `${name} ${Number(share.toFixed(1))}%`;
  });
}
