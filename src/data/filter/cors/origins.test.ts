import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Origins, originProblem } from './origins.ts';

const cases: readonly (readonly [pattern: string, yes: string[], no: string[]])[] = [
  ['*', ['https://a.b', 'null', 'http://x:1'], []],
  [
    'https://www.foo.com',
    ['https://www.foo.com', 'https://www.foo.com:443', 'HTTPS://WWW.foo.com'],
    [
      'http://www.foo.com',
      'https://www.foo.com:8443',
      'https://foo.com',
      'https://www.foo.com.evil',
      'null',
      '',
    ],
  ],
  ['http://a.b', ['http://a.b', 'http://a.b:80'], ['http://a.b:443', 'https://a.b']],
  ['https://a.b:443', ['https://a.b', 'https://a.b:443'], ['https://a.b:444']],
  ['http://a.b:8080', ['http://a.b:8080'], ['http://a.b', 'http://a.b:80801']],
  [
    'https://*.bar.com',
    ['https://www.bar.com', 'https://xpto.www.bar.com', 'https://www.bar.com:443'],
    [
      'https://bar.com',
      'https://.bar.com',
      'https://foobar.com',
      'http://www.bar.com',
      'https://www.bar.com:1',
      'https://www.bar.com.evil',
      'https://evil/.bar.com',
    ],
  ],
  ['https://*', ['https://anything', 'https://a.b.c'], ['http://a', 'https://a:8443', 'null']],
  ['https://*:8443', ['https://a.b:8443'], ['https://a.b', 'http://a.b:8443']],
  [
    'http://a.b:*',
    ['http://a.b', 'http://a.b:1', 'http://a.b:65535'],
    ['http://c.b:1', 'https://a.b'],
  ],
  ['http://[::1]:80', ['http://[::1]'], ['http://[::2]']],
];

for (const [pattern, yes, no] of cases) {
  test(`${pattern} allows what it covers`, () => {
    assert.equal(originProblem(pattern), null);
    const origins = new Origins([pattern]);
    for (const origin of yes) assert.equal(origins.allows(origin), true, origin);
    for (const origin of no) assert.equal(origins.allows(origin), false, origin);
  });
}

test('several patterns add up, none allows nothing', () => {
  const origins = new Origins(['https://a.b', 'https://*.c.d']);
  assert.equal(origins.allows('https://a.b'), true);
  assert.equal(origins.allows('https://x.c.d'), true);
  assert.equal(origins.allows('https://c.d'), false);
  assert.equal(new Origins([]).allows('https://a.b'), false);
});

test('what is no origin is refused', () => {
  for (const pattern of [
    '',
    'a.b',
    'https://',
    'https://c.d/',
    'https://a*b',
    'https://*a.b',
    'https://a.*',
    'https://*.',
    'https://*.a.*',
    'https://a:x',
    'null',
  ]) {
    assert.match(originProblem(pattern) ?? '', /not an origin/, pattern);
    const origins = new Origins([pattern]);
    for (const origin of ['https://a.b', 'https://xa.b', 'https://a.']) {
      assert.equal(origins.allows(origin), false, pattern);
    }
  }
});

test('no text makes a look-up throw, and only covered hosts pass', () => {
  const origins = new Origins(['https://*.good.example']);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl()), (origin) => {
      if (origins.allows(origin)) assert.match(origin, /^https:\/\/.+\.good\.example(:443)?$/i);
    }),
  );
});
