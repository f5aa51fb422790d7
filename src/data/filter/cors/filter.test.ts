import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cors } from '../../../config/route.ts';
import type { LocalReply } from '../contract.ts';
import { answer, matched } from '../testing/request.ts';
import { cors, corsProblem } from './filter.ts';

const config = (parts: Partial<Cors> = {}): Cors => ({
  type: 'CORS',
  allowOrigins: ['https://www.foo.com', 'https://*.bar.com'],
  allowMethods: [],
  allowHeaders: [],
  exposeHeaders: [],
  allowCredentials: false,
  maxAgeS: 5,
  ...parts,
});

const FULL = config({
  allowMethods: ['GET', 'OPTIONS'],
  allowHeaders: ['x-header-1', 'x-header-2'],
  exposeHeaders: ['x-header-3', 'x-header-4'],
  allowCredentials: true,
  maxAgeS: 3_600,
});

const VARY = [
  'vary',
  'origin, access-control-request-method, access-control-request-headers',
] as const;

function preflight(of: Cors, origin: string, method = 'GET', headers = ''): LocalReply | null {
  const fields = ['origin', origin, 'access-control-request-method', method];
  if (headers !== '') fields.push('access-control-request-headers', headers);
  return cors(of).request?.(matched({ method: 'OPTIONS', fields })) ?? null;
}

function answered(of: Cors, origin: string | null, ...fields: string[]): string[] {
  const request = matched({ fields: origin === null ? [] : ['origin', origin] });
  const filter = cors(of);
  assert.equal(filter.request?.(request), null);
  const head = answer(...fields);
  filter.response?.(head, request);
  return head.fields;
}

describe('preflights', () => {
  test('an allowed origin is told all there is', () => {
    for (const origin of ['https://www.foo.com', 'https://xpto.www.bar.com']) {
      assert.deepEqual(preflight(FULL, origin, 'GET', 'x-header-1, x-header-2'), {
        status: 200,
        fields: [
          'access-control-allow-origin',
          origin,
          'access-control-allow-credentials',
          'true',
          'access-control-allow-methods',
          'GET, OPTIONS',
          'access-control-allow-headers',
          'x-header-1, x-header-2',
          'access-control-max-age',
          '3600',
          'access-control-expose-headers',
          'x-header-3, x-header-4',
          ...VARY,
        ],
        body: '',
        details: 'cors_preflight',
      });
    }
  });

  test('another origin gets an answer without permission, and the backend is not asked', () => {
    const reply = preflight(FULL, 'https://foobar.com');
    assert.equal(reply?.status, 200);
    assert.deepEqual(reply.fields, VARY);
  });

  test('nothing is said of what is not configured', () => {
    assert.deepEqual(preflight(config(), 'https://www.foo.com', 'PUT', 'x-a')?.fields, [
      'access-control-allow-origin',
      'https://www.foo.com',
      'access-control-max-age',
      '5',
      ...VARY,
    ]);
  });

  test('wildcards echo what is asked for, with credentials and without', () => {
    for (const allowCredentials of [true, false]) {
      const open = config({
        allowOrigins: ['*'],
        allowMethods: ['*'],
        allowHeaders: ['*'],
        allowCredentials,
      });
      const fields = preflight(open, 'https://any.com:12345', 'PUT', 'x-a, authorization')?.fields;
      assert.deepEqual(fields, [
        'access-control-allow-origin',
        'https://any.com:12345',
        ...(allowCredentials ? ['access-control-allow-credentials', 'true'] : []),
        'access-control-allow-methods',
        'PUT',
        'access-control-allow-headers',
        'x-a, authorization',
        'access-control-max-age',
        '5',
        ...VARY,
      ]);
      const bare = preflight(open, 'https://any.com', 'PUT')?.fields ?? [];
      assert.equal(bare.includes('access-control-allow-headers'), false);
    }
  });

  test('OPTIONS that asks for no method, or has no origin, goes on to the backend', () => {
    const filter = cors(FULL);
    const origin = ['origin', 'https://www.foo.com'];
    assert.equal(filter.request?.(matched({ method: 'OPTIONS', fields: origin })), null);
    const method = ['access-control-request-method', 'GET'];
    assert.equal(filter.request?.(matched({ method: 'OPTIONS', fields: method })), null);
    assert.equal(
      filter.request?.(matched({ method: 'GET', fields: [...origin, ...method] })),
      null,
    );
  });

  test('the answer to a preflight may pass the filter again unchanged', () => {
    const fields = ['origin', 'https://www.foo.com', 'access-control-request-method', 'GET'];
    const request = matched({ method: 'OPTIONS', fields });
    const filter = cors(FULL);
    const reply = filter.request?.(request);
    const head = answer(...(reply?.fields ?? []));
    filter.response?.(head, request);
    assert.deepEqual(head.fields, reply?.fields);
  });
});

describe('answers', () => {
  test('an allowed origin may read them', () => {
    assert.deepEqual(answered(FULL, 'https://www.foo.com', 'server', 'x'), [
      'server',
      'x',
      'vary',
      'origin',
      'access-control-allow-origin',
      'https://www.foo.com',
      'access-control-allow-credentials',
      'true',
      'access-control-expose-headers',
      'x-header-3, x-header-4',
    ]);
  });

  test('another origin, or none, gets no permission, not even the one the backend gives', () => {
    const backend = ['access-control-allow-origin', '*', 'a', '1', 'access-control-max-age', '9'];
    for (const origin of ['https://foobar.com', 'null', null]) {
      assert.deepEqual(answered(FULL, origin, ...backend), ['a', '1', 'vary', 'origin']);
    }
  });

  test('what the backend says is replaced, not doubled', () => {
    const fields = answered(
      config(),
      'https://www.foo.com',
      'access-control-allow-origin',
      '*',
      'access-control-allow-credentials',
      'true',
    );
    assert.deepEqual(fields, [
      'vary',
      'origin',
      'access-control-allow-origin',
      'https://www.foo.com',
    ]);
  });

  test('vary is added once', () => {
    for (const vary of ['origin', 'Accept, Origin', '*', 'accept-encoding,ORIGIN , x']) {
      const fields = answered(config(), null, 'vary', vary);
      assert.deepEqual(fields, ['vary', vary]);
    }
    assert.deepEqual(answered(config(), null, 'vary', 'x-origin'), [
      'vary',
      'x-origin',
      'vary',
      'origin',
    ]);
  });

  test('exposing everything names everything where credentials forbid the star', () => {
    const origin = 'https://www.foo.com';
    const star = answered(config({ exposeHeaders: ['*'] }), origin, 'x-a', '1');
    assert.deepEqual(star.slice(-2), ['access-control-expose-headers', '*']);
    const named = answered(
      config({ exposeHeaders: ['*'], allowCredentials: true }),
      origin,
      'x-a',
      '1',
      'set-cookie',
      'a',
      'x-b',
      '2',
      'x-a',
      '3',
    );
    assert.deepEqual(named.slice(-2), ['access-control-expose-headers', 'x-a, x-b, vary']);
  });

  test('the origin is told even for the star, as it must be with credentials', () => {
    const fields = answered(config({ allowOrigins: ['*'] }), 'https://any.com');
    assert.deepEqual(fields.slice(-2), ['access-control-allow-origin', 'https://any.com']);
  });
});

test('what cannot be used is refused', () => {
  assert.equal(corsProblem(FULL), null);
  assert.equal(corsProblem(config({ allowOrigins: ['*'], allowMethods: ['*'] })), null);
  assert.match(corsProblem(config({ allowOrigins: ['foo.com'] })) ?? '', /not an origin/);
  for (const name of ['a b', 'a\r\nb: c', '', 'a,b']) {
    assert.match(corsProblem(config({ allowHeaders: [name] })) ?? '', /not a method or header/);
    const fields = preflight(config({ allowHeaders: [name, 'x'] }), 'https://www.foo.com')?.fields;
    assert.equal(fields?.[fields.indexOf('access-control-allow-headers') + 1], 'x');
  }
});
