import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf } from './host.ts';

const cases: readonly (readonly [authority: string, host: string])[] = [
  ['example.com', 'example.com'],
  ['example.com:8080', 'example.com'],
  ['Example.COM:80', 'example.com'],
  ['example.com.', 'example.com'],
  ['example.com.:443', 'example.com'],
  ['localhost', 'localhost'],
  ['127.0.0.1:80', '127.0.0.1'],
  ['[::1]', '[::1]'],
  ['[::1]:8080', '[::1]'],
  ['[2001:DB8::A]:80', '[2001:db8::a]'],
  ['[::ffff:10.0.0.1]:80', '[::ffff:10.0.0.1]'],
  ['[::1', '[::1'],
  ['', ''],
  ['.', '.'],
  [':80', ''],
];

for (const [authority, host] of cases) {
  test(`the host of "${authority}" is "${host}"`, () => assert.equal(hostOf(authority), host));
}
