/** Configuration for tests: says what matters, fills in the rest. */

import type { Bind, Listener } from '../../../config/listener.ts';
import type { FieldMatch, Match, Route, Rule } from '../../../config/route.ts';
import type { RequestHead } from '../../codec/head.ts';

export const exact = (value: string): Match['path'] => ({ type: 'Exact', value });
export const prefix = (value: string): Match['path'] => ({ type: 'PathPrefix', value });
export const pattern = (value: string): Match['path'] => ({ type: 'RegularExpression', value });

export const field = (
  name: string,
  value: string,
  type: FieldMatch['type'] = 'Exact',
): FieldMatch => ({ type, name, value });

function match(parts: Partial<Match> = {}): Match {
  return { path: prefix('/'), headers: [], query: [], method: '', ...parts };
}

export function rule(name: string, ...matches: readonly Partial<Match>[]): Rule {
  return {
    name,
    matches: (matches.length === 0 ? [{}] : matches).map(match),
    filters: [],
    wasmFilters: [],
    backends: [],
    timeouts: { requestMs: 0, backendRequestMs: 0 },
    retry: null,
    invalid: null,
  };
}

export function route(hostnames: readonly string[], ...rules: readonly Rule[]): Route {
  return { name: `ns/${rules[0]?.name ?? 'empty'}`, hostnames, rules };
}

export function listener(hostname: string, ...routes: readonly Route[]): Listener {
  return { name: hostname === '' ? 'any' : hostname, hostname, routes, filters: [] };
}

export function bind(...listeners: readonly Listener[]): Bind {
  return {
    address: '::',
    port: 80,
    listeners,
    client: {
      trustedProxies: [],
      requestHeadMs: 0,
      idleMs: 0,
      streamIdleMs: 0,
      connectionsMax: 0,
      headBytesMax: 0,
      targetBytesMax: 0,
      headerCountMax: 0,
    },
  };
}

export function head(target: string, parts: Partial<RequestHead> = {}): RequestHead {
  return {
    method: 'GET',
    scheme: 'http',
    authority: 'example.com',
    target,
    version: 'HTTP/1.1',
    fields: [],
    ...parts,
  };
}
