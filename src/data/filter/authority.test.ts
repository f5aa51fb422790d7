import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostProblem, usableHost, withoutPort } from './authority.ts';

test('names, addresses and literals are hosts, with or without a port', () => {
  for (const host of ['a', 'a-b.example.com', 'a_b', '10.0.0.1', '[::1]', '[::1]:80', 'A.b:8080']) {
    assert.equal(hostProblem(host), null, host);
  }
});

test('anything else is none', () => {
  for (const host of [
    '',
    'a b',
    'a/b',
    'a:',
    'a:b',
    '-a',
    'a.',
    'u@h',
    '::1',
    '[x]',
    'a\n',
    '*.a',
  ]) {
    assert.match(hostProblem(host) ?? '', /not a host/, host);
    assert.equal(usableHost(host), '');
  }
  assert.equal(usableHost('A.Com'), 'a.com');
});

test('only the port is cut off', () => {
  assert.equal(withoutPort('a.com:80'), 'a.com');
  assert.equal(withoutPort('a.com'), 'a.com');
  assert.equal(withoutPort('[::1]:80'), '[::1]');
  assert.equal(withoutPort('[::1]'), '[::1]');
  assert.equal(withoutPort(''), '');
});
