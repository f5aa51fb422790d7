import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Bind } from '../../config/listener.ts';
import type { RequestHead } from '../codec/head.ts';
import { buildRouteTable } from './table.ts';
import {
  bind,
  exact,
  field,
  head,
  listener,
  pattern,
  prefix,
  route,
  rule,
} from './testing/build.ts';

/** Asks one bind many questions; answers with the rule's name. */
function asker(config: Bind): (target: string, parts?: Partial<RequestHead>) => string | null {
  const table = buildRouteTable(config, (made) => made.name);
  return (target, parts) => table.match(head(target, parts))?.rule ?? null;
}

describe('hosts', () => {
  const ask = asker(
    bind(
      listener('', route([], rule('any'))),
      listener('*.example.com', route([], rule('wild'))),
      listener('*.sub.example.com', route([], rule('deep'))),
      listener('shop.example.com', route([], rule('shop', { path: prefix('/shop') }))),
    ),
  );
  const on = (authority: string): string | null => ask('/', { authority });

  test('a wildcard covers one label or more, not none', () => {
    assert.equal(on('a.example.com'), 'wild');
    assert.equal(on('a.b.example.com'), 'wild');
    assert.equal(on('example.com'), 'any');
    assert.equal(on('.example.com'), 'any');
    assert.equal(on('notexample.com'), 'any');
  });

  test('the longest wildcard wins', () => {
    assert.equal(on('a.sub.example.com'), 'deep');
    assert.equal(on('sub.example.com'), 'wild');
  });

  test('ports, case and the trailing dot do not matter', () => {
    assert.equal(on('A.Example.com:8080'), 'wild');
    assert.equal(on('a.example.com.'), 'wild');
  });

  test('a request stays with its listener even where no rule of it matches', () => {
    assert.equal(ask('/shop', { authority: 'shop.example.com' }), 'shop');
    assert.equal(ask('/other', { authority: 'shop.example.com' }), null);
  });

  test('IPv6 literals and a missing host find the listener for any', () => {
    assert.equal(on('[::1]:80'), 'any');
    assert.equal(on(''), 'any');
  });

  test('an IPv6 literal can be a hostname', () => {
    const literal = asker(bind(listener('[::1]', route([], rule('six')))));
    assert.equal(literal('/', { authority: '[::1]:8080' }), 'six');
    assert.equal(literal('/', { authority: '[::2]:8080' }), null);
  });

  test('listenerFor answers whether or not a rule matches', () => {
    const table = buildRouteTable(
      bind(listener('a.com', route([], rule('r', { path: exact('/only') })))),
      (made) => made.name,
    );
    assert.equal(table.listenerFor('A.com:80')?.name, 'a.com');
    assert.equal(table.match(head('/else', { authority: 'a.com' })), null);
    assert.equal(table.listenerFor('b.com'), null);
  });

  test('a bind without listeners matches nothing', () => {
    assert.equal(asker(bind())('/'), null);
  });
});

describe('route hostnames', () => {
  const ask = asker(
    bind(
      listener(
        '',
        route([], rule('none', { path: exact('/none') }, { path: exact('/all') })),
        route(['*.com'], rule('short', { path: exact('/short') }, { path: exact('/all') })),
        route(['*.example.com'], rule('long', { path: prefix('/') })),
        route(['a.example.com', 'b.example.com'], rule('exact', { path: exact('/exact') })),
      ),
    ),
  );
  const onA = (target: string): string | null => ask(target, { authority: 'a.example.com' });

  test('the most specific hostname is asked first, whatever the paths', () => {
    assert.equal(onA('/exact'), 'exact');
    // An exact path under `*.com` does not beat a prefix under `*.example.com`.
    assert.equal(onA('/all'), 'long');
  });

  test('a less specific one is asked where no rule of the others matches', () => {
    assert.equal(onA('/short'), 'long');
    assert.equal(ask('/short', { authority: 'x.com' }), 'short');
    assert.equal(ask('/none', { authority: 'x.com' }), 'none');
    assert.equal(ask('/none', { authority: 'x.org' }), 'none');
  });

  test('each hostname of a route counts', () => {
    assert.equal(ask('/exact', { authority: 'b.example.com' }), 'exact');
    assert.equal(ask('/exact', { authority: 'c.example.com' }), 'long');
  });
});

describe('paths', () => {
  const ask = asker(
    bind(
      listener(
        '',
        route(
          [],
          rule('foo', { path: prefix('/foo') }),
          rule('foo-bar', { path: prefix('/foo/bar/') }),
          rule('exact', { path: exact('/foo/bar') }),
          rule('expression', { path: pattern('/foo/[0-9]+') }),
          rule('longer', { path: pattern('/foo/[0-9]+/?(?:x)?') }),
        ),
      ),
    ),
  );

  test('a prefix is one of whole segments', () => {
    for (const target of ['/foo', '/foo/', '/foo/x', '/foo?bar', '/foo//', '/foo/?/x']) {
      assert.equal(ask(target), 'foo', target);
    }
    for (const target of ['/foobar', '/fo', '/', '/Foo', '/foo%2Fbar', '//foo', 'foo']) {
      assert.equal(ask(target), null, target);
    }
  });

  test('exact comes before regular expression before prefix', () => {
    assert.equal(ask('/foo/bar'), 'exact');
    assert.equal(ask('/foo/bar/'), 'foo-bar');
    assert.equal(ask('/foo/bar/x'), 'foo-bar');
    assert.equal(ask('/foo/bart'), 'foo');
    assert.equal(ask('/foo/12'), 'longer');
    assert.equal(ask('/foo/12/y'), 'foo');
  });

  test('a query is no part of the path', () => {
    assert.equal(ask('/foo/bar?x=/y'), 'exact');
    assert.equal(ask('/foo/7?a?b'), 'longer');
  });

  test('`*` of OPTIONS is under no prefix', () => {
    const all = asker(bind(listener('', route([], rule('all')))));
    assert.equal(all('*', { method: 'OPTIONS' }), null);
    assert.equal(all('/'), 'all');
    assert.equal(all(''), null);
  });

  test('the prefix that matched is told without its trailing slash', () => {
    const table = buildRouteTable(
      bind(
        listener(
          '',
          route(
            [],
            rule('foo', { path: prefix('/foo/') }),
            rule('root', { path: prefix('/') }),
            rule('exact', { path: exact('/exact') }),
            rule('expression', { path: pattern('/ex.*n') }),
          ),
        ),
      ),
      (made) => made.name,
    );
    assert.equal(table.match(head('/foo/bar'))?.matchedPrefix, '/foo');
    assert.equal(table.match(head('/else'))?.matchedPrefix, '/');
    assert.equal(table.match(head('/exact'))?.matchedPrefix, '');
    assert.equal(table.match(head('/expression'))?.matchedPrefix, '');
  });

  test('paths beyond ASCII are compared as the bytes of their UTF-8', () => {
    const accents = asker(
      bind(
        listener(
          '',
          route(
            [],
            rule('exact', { path: exact('/\u00e9') }),
            rule('re', { path: pattern('/..x') }),
          ),
        ),
      ),
    );
    assert.equal(accents('/\u00c3\u00a9'), 'exact');
    assert.equal(accents('/\u00c3\u00a9yx'), 're');
  });
});

describe('methods, headers and query', () => {
  const ask = asker(
    bind(
      listener(
        '',
        route(
          [],
          rule('plain', {}),
          rule('query', { query: [field('q', '1')] }),
          rule('two-queries', { query: [field('q', '1'), field('r', '2')] }),
          rule('header', { headers: [field('x-a', '1')] }),
          rule('header-late', { headers: [field('x-a', '1')] }),
          rule('two-headers', {
            headers: [field('x-a', '1'), field('x-b', '.+', 'RegularExpression')],
          }),
          rule('method', { method: 'PUT' }),
          rule('host', { headers: [field('host', 'special.com')], method: 'PATCH' }),
        ),
      ),
    ),
  );

  test('method, then most headers, then most parameters, then first given', () => {
    assert.equal(ask('/?q=1&r=2'), 'two-queries');
    assert.equal(ask('/?q=1&r=3'), 'query');
    assert.equal(ask('/?q=1&r=2', { fields: ['x-a', '1'] }), 'header');
    assert.equal(ask('/', { fields: ['x-a', '1', 'x-b', 'y'] }), 'two-headers');
    assert.equal(ask('/?q=1', { method: 'PUT', fields: ['x-a', '1', 'x-b', 'y'] }), 'method');
    assert.equal(ask('/', { method: 'put' }), 'plain');
  });

  test('the lines of one header are joined by a comma', () => {
    assert.equal(ask('/', { fields: ['x-a', '1', 'x-a', '2'] }), 'plain');
    const joined = asker(
      bind(listener('', route([], rule('joined', { headers: [field('x-a', '1,2')] })))),
    );
    assert.equal(joined('/', { fields: ['x-a', '1', 'x-b', '', 'x-a', '2'] }), 'joined');
  });

  test('the host can be matched as a header', () => {
    assert.equal(ask('/', { method: 'PATCH', authority: 'special.com' }), 'host');
    assert.equal(ask('/', { method: 'PATCH', authority: '' }), 'plain');
  });

  test('of two entries with one name only the first counts', () => {
    const twice = asker(
      bind(
        listener('', route([], rule('first', { headers: [field('x-a', '1'), field('x-a', '2')] }))),
      ),
    );
    assert.equal(twice('/', { fields: ['x-a', '1'] }), 'first');
    assert.equal(twice('/', { fields: ['x-a', '2'] }), null);
  });
});

describe('many routes', () => {
  const COUNT = 2_000;
  const numbers = Array.from({ length: COUNT }, (_, index) => index);

  test('rules that differ by a header, a parameter or the host header are each found', () => {
    const ask = asker(
      bind(
        listener(
          '',
          route(
            [],
            ...numbers.map((i) => rule(`header-${i}`, { headers: [field('x-id', `${i}`)] })),
            ...numbers.map((i) => rule(`name-${i}`, { headers: [field(`x-n${i}`, 'y')] })),
            ...numbers.map((i) => rule(`query-${i}`, { query: [field(`p${i % 7}`, `${i}`)] })),
            ...numbers.map((i) => rule(`host-${i}`, { headers: [field('host', `h${i}`)] })),
            rule('none', {}),
          ),
        ),
      ),
    );
    for (const i of [0, 1, 77, COUNT - 1]) {
      assert.equal(ask('/', { fields: ['accept', '*/*', 'x-id', `${i}`] }), `header-${i}`);
      assert.equal(ask('/', { fields: ['accept', '*/*', `x-n${i}`, 'y'] }), `name-${i}`);
      assert.equal(ask(`/?z=1&p${i % 7}=${i}`), `query-${i}`);
      assert.equal(ask('/', { authority: `h${i}` }), `host-${i}`);
    }
    assert.equal(ask('/', { fields: ['x-id', 'unknown'] }), 'none');
  });

  test('a look-up among header rules touches few of them', () => {
    let reads = 0;
    const counted = numbers.map((i) => {
      const condition = field('x-id', `${i}`);
      return rule(`r${i}`, { headers: [condition, field('x-same', 'y')] });
    });
    const table = buildRouteTable(bind(listener('', route([], ...counted))), (made) => made.name);
    const fields = new Proxy(['x-same', 'y', 'x-id', '1234'], {
      get(target, key, receiver) {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
        return Reflect.get(target, key, receiver);
      },
    });
    assert.equal(table.match(head('/', { fields }))?.rule, 'r1234');
    assert.ok(reads < 100, `${reads} reads of the fields`);
  });

  test('makeRule is called once for each rule of each listener', () => {
    const shared = route(['a.com', 'b.com'], rule('r', {}, { path: exact('/x') }));
    const calls: string[] = [];
    buildRouteTable(bind(listener('a.com', shared), listener('', shared)), (made, from, on) => {
      calls.push(`${made.name} ${from.name} ${on.name}`);
      return calls.length;
    });
    assert.deepEqual(calls, ['r ns/r a.com', 'r ns/r any']);
  });
});
