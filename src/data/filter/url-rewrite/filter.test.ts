import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UrlRewrite } from '../../../config/route.ts';
import { matched } from '../testing/request.ts';
import { urlRewrite, urlRewriteProblem } from './filter.ts';

const rewrite = (parts: Partial<UrlRewrite>): UrlRewrite => ({
  type: 'URLRewrite',
  hostname: '',
  path: null,
  ...parts,
});

test('the hostname becomes the authority, without the port of the request', () => {
  const request = matched({ authority: 'old.com:8080', target: '/a?b' });
  assert.equal(urlRewrite(rewrite({ hostname: 'New.example' })).request?.(request), null);
  assert.equal(request.head.authority, 'new.example');
  assert.equal(request.head.target, '/a?b');
});

test('the matched prefix is replaced', () => {
  const request = matched({ target: '/foo/bar?x=/foo' }, { matchedPrefix: '/foo' });
  const path = { type: 'ReplacePrefixMatch', value: '/xyz' } as const;
  urlRewrite(rewrite({ path })).request?.(request);
  assert.equal(request.head.target, '/xyz/bar?x=/foo');
  assert.equal(request.head.authority, 'example.com');
});

test('the whole path is replaced', () => {
  const request = matched({ target: '/foo/bar?x' }, { matchedPrefix: '' });
  urlRewrite(rewrite({ path: { type: 'ReplaceFullPath', value: '/one' } })).request?.(request);
  assert.equal(request.head.target, '/one?x');
});

test('a second rewrite of a prefix that is gone does nothing', () => {
  const request = matched({ target: '/foo/bar' }, { matchedPrefix: '/foo' });
  const filter = urlRewrite(rewrite({ path: { type: 'ReplacePrefixMatch', value: '/xyz' } }));
  filter.request?.(request);
  filter.request?.(request);
  assert.equal(request.head.target, '/xyz/bar');
});

test('bad hosts and paths are refused and not used', () => {
  const bad = rewrite({ hostname: 'a b', path: { type: 'ReplaceFullPath', value: 'x y' } });
  assert.match(urlRewriteProblem(bad) ?? '', /not a host/);
  assert.match(urlRewriteProblem({ ...bad, hostname: '' }) ?? '', /not a path/);
  const request = matched({ target: '/a' });
  urlRewrite(bad).request?.(request);
  assert.equal(request.head.authority, 'example.com');
  assert.equal(request.head.target, '/a');
  assert.equal(urlRewriteProblem(rewrite({})), null);
});
