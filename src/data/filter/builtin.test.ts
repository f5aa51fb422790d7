import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RouteFilter } from '../../config/route.ts';
import { buildHeadFilters, headFilterProblem } from './builtin.ts';
import { answer, matched } from './testing/request.ts';

const FILTERS: readonly RouteFilter[] = [
  { type: 'RequestHeaderModifier', set: [['a', '1']], add: [], remove: [] },
  { type: 'RequestMirror', cluster: 'c', numerator: 1, denominator: 1 },
  { type: 'RequestHeaderModifier', set: [], add: [['a', '2']], remove: [] },
  { type: 'ResponseHeaderModifier', set: [['b', '1']], add: [], remove: [] },
  { type: 'URLRewrite', hostname: 'backend', path: null },
  {
    type: 'CORS',
    allowOrigins: ['*'],
    allowMethods: [],
    allowHeaders: [],
    exposeHeaders: [],
    allowCredentials: false,
    maxAgeS: 5,
  },
  {
    type: 'RequestRedirect',
    scheme: 'https',
    hostname: '',
    path: null,
    port: 0,
    listenerPort: 80,
    statusCode: 301,
  },
];

test('filters are built in order, mirrors are left to the exchange', () => {
  const built = buildHeadFilters(FILTERS);
  assert.equal(built.length, FILTERS.length - 1);
  const request = matched({ fields: ['origin', 'https://a.b'] });
  const replies = built.map((filter) => filter.request?.(request) ?? null);
  assert.deepEqual(request.head.fields, ['origin', 'https://a.b', 'a', '1,2']);
  // The redirect names the host that the rewrite before it has set.
  assert.deepEqual(replies.at(-1)?.fields, ['location', 'https://backend/']);
  assert.equal(
    replies.slice(0, -1).every((reply) => reply === null),
    true,
  );
  const head = answer();
  for (const filter of built.toReversed()) filter.response?.(head, request);
  assert.deepEqual(head.fields, [
    'vary',
    'origin',
    'access-control-allow-origin',
    'https://a.b',
    'b',
    '1',
  ]);
});

test('each kind of filter has its problem told', () => {
  for (const filter of FILTERS) assert.equal(headFilterProblem(filter), null);
  const bad: readonly RouteFilter[] = [
    { type: 'RequestHeaderModifier', set: [['te', '1']], add: [], remove: [] },
    { type: 'ResponseHeaderModifier', set: [['te', '1']], add: [], remove: [] },
    { type: 'URLRewrite', hostname: 'a b', path: null },
    { ...(FILTERS[5] as RouteFilter & { type: 'CORS' }), allowOrigins: ['nonsense'] },
    { ...(FILTERS[6] as RouteFilter & { type: 'RequestRedirect' }), scheme: 'ftp' },
  ];
  for (const filter of bad) assert.notEqual(headFilterProblem(filter), null, filter.type);
});
