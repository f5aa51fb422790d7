/**
 * Cost of one route look-up with 1 and with 10,000 routes, and of building the table.
 *
 *   node bench/micro/route.ts
 *
 * Each row asks the same kind of question of a small and of a large table and prints ns per look-up
 * and their ratio. The large table is asked for 64 of its routes, which shows what the look-up costs,
 * and for all of them in turn, which adds what it costs to bring each route into the caches.
 */

import type { Bind } from '../../src/config/listener.ts';
import type { Match, Route, Rule } from '../../src/config/route.ts';
import type { RequestHead } from '../../src/data/codec/head.ts';
import { buildRouteTable, type RouteTable } from '../../src/data/route/table.ts';

const MANY = 10_000;
const LOOKUPS = 20_000;
const ROUNDS = 8;

type Shape = (index: number) => { hostname?: string; match?: Partial<Match> };

const path = (type: Match['path']['type'], value: string): Partial<Match> => ({
  path: { type, value },
});

const SHAPES: Record<string, { route: Shape; head: (index: number) => Partial<RequestHead> }> = {
  exact: {
    route: (i) => ({ match: path('Exact', `/shop/item-${i}`) }),
    head: (i) => ({ target: `/shop/item-${i}` }),
  },
  prefix: {
    route: (i) => ({ match: path('PathPrefix', `/team-${i}/api`) }),
    head: (i) => ({ target: `/team-${i}/api/orders/42?full=1` }),
  },
  host: {
    route: (i) => ({ hostname: `tenant-${i}.example.com` }),
    head: (i) => ({ authority: `tenant-${i}.example.com`, target: '/orders/42' }),
  },
  header: {
    route: (i) => ({ match: { headers: [{ type: 'Exact', name: 'x-tenant', value: `t${i}` }] } }),
    head: (i) => ({
      target: '/orders/42',
      fields: ['user-agent', 'curl/8', 'accept', '*/*', 'x-tenant', `t${i}`],
    }),
  },
  mixed: {
    route: (i) => ({
      hostname: `h${i % 100}.example.com`,
      match: {
        ...path(i % 3 === 0 ? 'Exact' : 'PathPrefix', `/svc-${i}/v1`),
        method: i % 5 === 0 ? 'GET' : '',
      },
    }),
    head: (i) => ({
      authority: `h${i % 100}.example.com`,
      target: i % 3 === 0 ? `/svc-${i}/v1` : `/svc-${i}/v1/a/b?c=d`,
    }),
  },
};

function bind(count: number, shape: Shape): Bind {
  const routes: Route[] = Array.from({ length: count }, (_, index) => {
    const { hostname, match } = shape(index);
    const rule = {
      name: `r${index}`,
      matches: [
        { path: { type: 'PathPrefix', value: '/' }, headers: [], query: [], method: '', ...match },
      ],
    } as unknown as Rule;
    return {
      name: `r${index}`,
      hostnames: hostname === undefined ? [] : [hostname],
      rules: [rule],
    };
  });
  const listener = { name: 'l', hostname: '', routes, filters: [] };
  // As a worker receives it.
  return structuredClone({ address: '::', port: 80, listeners: [listener], client: {} }) as never;
}

/** Strings as a parser makes them: new for each request, their hash not known yet. */
function heads(
  indices: readonly number[],
  make: (index: number) => Partial<RequestHead>,
): RequestHead[] {
  const base = { method: 'GET', scheme: 'http', authority: 'any.example.com', target: '/' };
  return Array.from({ length: LOOKUPS }, (_, n) => {
    const index = indices[n % indices.length] as number;
    const head = { ...base, version: 'HTTP/1.1', fields: [], ...make(index) };
    return {
      ...(head as RequestHead),
      authority: fresh(head.authority),
      target: fresh(head.target),
      fields: (head.fields as string[]).map((text, place) =>
        place % 2 === 0 ? text : fresh(text),
      ),
    };
  });
}

function fresh(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function nsPerLookup(
  table: RouteTable<string>,
  indices: readonly number[],
  make: (index: number) => Partial<RequestHead>,
): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const requests = heads(indices, make);
    let found = 0;
    const start = performance.now();
    for (let i = 0; i < LOOKUPS; i++) {
      if (table.match(requests[i] as RequestHead) !== null) found++;
    }
    best = Math.min(best, ((performance.now() - start) * 1e6) / LOOKUPS);
    if (found !== LOOKUPS) throw new Error('a look-up found nothing');
  }
  return best;
}

/** A prime stride visits routes in an order no cache expects. */
const spread = (count: number): number[] =>
  Array.from({ length: count }, (_, n) => (n * 7_919) % MANY);
const ALL = spread(MANY);
const SOME = spread(64);

console.log('look-up      1 route   10,000 routes, 64 asked for   all asked for   build (CPU)');
for (const [name, { route, head }] of Object.entries(SHAPES)) {
  const one = buildRouteTable(bind(1, route), (rule) => rule.name);
  const large = bind(MANY, route);
  const before = process.cpuUsage();
  const many = buildRouteTable(large, (rule) => rule.name);
  const build = process.cpuUsage(before);
  const buildMs = (build.user + build.system) / 1_000;
  const oneNs = nsPerLookup(one, [0], head);
  const row = [`${name.padEnd(10)} ${oneNs.toFixed(0).padStart(6)} ns`];
  for (const indices of [SOME, ALL]) {
    const ns = nsPerLookup(many, indices, head);
    row.push(`${ns.toFixed(0).padStart(16)} ns ${(ns / oneNs).toFixed(2)}x`);
  }
  console.log(...row, `${buildMs.toFixed(0).padStart(8)} ms`);
}
