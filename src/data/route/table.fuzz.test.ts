import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Bind } from '../../config/listener.ts';
import type { FieldMatch, Match, Rule } from '../../config/route.ts';
import type { RequestHead } from '../codec/head.ts';
import { buildRouteTable } from './table.ts';
import { bind, head, listener, route, rule } from './testing/build.ts';
import { expected } from './testing/reference.ts';

// Few words, so that configurations and requests meet often.
const label = fc.constantFrom('a', 'b', 'com');
const hostText = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const hostname = fc.oneof(
  hostText,
  hostText.map((text) => `*.${text}`),
);
const segment = fc.constantFrom('foo', 'foobar', 'bar', '', 'x');
const pathText = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`);
const expression = fc.constantFrom(
  '/foo.*',
  '/[a-z]+',
  '/(foo|bar)/x',
  '.*',
  '/foo/[^/]+/?',
  '\\*',
);
const value = fc.constantFrom('1', '2', '3', 'one two');
const valueExpression = fc.constantFrom('[12]', '.*', '3+', '1,2');

const path: fc.Arbitrary<Match['path']> = fc.oneof(
  pathText.map((text) => ({ type: 'Exact' as const, value: text })),
  pathText.map((text) => ({ type: 'PathPrefix' as const, value: text })),
  expression.map((text) => ({ type: 'RegularExpression' as const, value: text })),
);

function fieldMatch(...names: [string, ...string[]]): fc.Arbitrary<FieldMatch> {
  const name = fc.constantFrom(...names);
  return fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant('Exact' as const), name, value }) },
    fc.record({ type: fc.constant('RegularExpression' as const), name, value: valueExpression }),
  );
}

const match = (paths: fc.Arbitrary<Match['path']>): fc.Arbitrary<Match> =>
  fc.record({
    path: paths,
    headers: fc.array(fieldMatch('x-a', 'x-b', 'x-c', 'x-d', 'x-e', 'x-f'), { maxLength: 3 }),
    query: fc.array(fieldMatch('p', 'q', 'r s'), { maxLength: 2 }),
    method: fc.constantFrom('', '', 'GET', 'POST'),
  });

const request: fc.Arbitrary<RequestHead> = fc
  .record({
    authority: fc
      .tuple(
        fc.oneof({ weight: 9, arbitrary: hostText }, fc.constantFrom('.a.com', '', '.')),
        fc.constantFrom('', '.', ':80', '.:8080'),
        fc.boolean(),
      )
      .map(([text, end, upper]) => (upper ? text.toUpperCase() : text) + end),
    path: fc.oneof({ weight: 9, arbitrary: pathText }, fc.constant('*')),
    query: fc.oneof(
      fc.constant(''),
      fc
        .array(
          fc
            .tuple(
              fc.constantFrom('p', 'q', 'r+s', 'r%20s', '%70', '%7', ''),
              fc.constantFrom(
                '',
                '=',
                '=1',
                '=2',
                '=%31',
                '=one+two',
                '=one%20two',
                '=%zz',
                '=3=3',
              ),
            )
            .map(([name, rest]) => name + rest),
          { maxLength: 4 },
        )
        .map((parameters) => `?${parameters.join('&')}`),
    ),
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    fields: fc
      .array(fc.tuple(fc.constantFrom('x-a', 'x-b', 'x-c', 'x-d', 'x-e', 'x-f'), value), {
        maxLength: 8,
      })
      .map((lines) => lines.flat()),
  })
  .map(({ path: text, query, ...rest }) => head(text + query, rest));

function named(matches: Match[][]): Rule[] {
  return matches.map((list, index) => rule(`r${index}`, ...list));
}

const binds: fc.Arbitrary<Bind> = fc
  .array(
    fc.record({
      hostname: fc.oneof(fc.constant(''), hostname),
      routes: fc.array(
        fc.record({
          hostnames: fc.uniqueArray(hostname, { maxLength: 3 }),
          matches: fc.array(fc.array(match(path), { minLength: 1, maxLength: 3 }), {
            minLength: 1,
            maxLength: 4,
          }),
        }),
        { maxLength: 5 },
      ),
    }),
    { maxLength: 4 },
  )
  .map((listeners) => {
    const made = listeners.map((one, place) =>
      listener(
        one.hostname,
        ...one.routes.map((each, index) =>
          route(
            each.hostnames,
            ...named(each.matches).map((r) => ({ ...r, name: `${place}.${index}.${r.name}` })),
          ),
        ),
      ),
    );
    return bind(...made);
  });

/** One path and one host with many rules, so that the table files them by header and parameter. */
const crowdedBinds: fc.Arbitrary<Bind> = fc
  .array(match(fc.constant({ type: 'PathPrefix' as const, value: '/' })), {
    minLength: 9,
    maxLength: 80,
  })
  .map((matches) => bind(listener('', route([], ...named(matches.map((one) => [one]))))));

function agrees(config: Bind, requests: readonly RequestHead[]): void {
  const table = buildRouteTable(config, (made) => made.name);
  for (const one of requests) {
    const found = table.match(one);
    const plain =
      found === null
        ? null
        : {
            rule: found.rule,
            listener: found.listener.name,
            matchedPrefix: found.matchedPrefix,
          };
    assert.deepEqual(plain, expected(config, one));
  }
}

test('the table agrees with the reference on hosts, paths and precedence', () => {
  fc.assert(fc.property(binds, fc.array(request, { minLength: 1, maxLength: 10 }), agrees), {
    numRuns: 1_500,
  });
});

test('the table agrees with the reference where many rules share a path', () => {
  fc.assert(fc.property(crowdedBinds, fc.array(request, { minLength: 1, maxLength: 10 }), agrees), {
    numRuns: 500,
  });
});

test('no authority or target makes a look-up throw', () => {
  const table = buildRouteTable(
    bind(
      listener('*.a', route([], rule('r', { query: [{ type: 'Exact', name: 'p', value: '1' }] }))),
    ),
    (made) => made.name,
  );
  fc.assert(
    fc.property(fc.string(), fc.string(), (authority, target) => {
      table.match(head(target, { authority }));
      table.listenerFor(authority);
    }),
    { numRuns: 2_000 },
  );
});
