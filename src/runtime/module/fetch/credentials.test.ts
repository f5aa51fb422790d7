import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  type Credentials,
  credentialsFor,
  helperFor,
  type Keyring,
  parseKeyring,
} from './credentials.ts';
import { isBadReference, parseOciReference } from './reference.ts';

function keyring(config: unknown): Keyring {
  const found = parseKeyring('the pull secret', JSON.stringify(config));
  assert.ok(!('problem' in found), JSON.stringify(found));
  return found;
}

function lookUp(ring: Keyring, url: string): Credentials | null {
  const image = parseOciReference(url);
  assert.ok(!isBadReference(image));
  return credentialsFor(ring, image);
}

const auth = (text: string): { readonly auth: string } => ({
  auth: Buffer.from(text).toString('base64'),
});
const basic = (username: string, password: string): Credentials => ({
  type: 'basic',
  username,
  password,
});

const ENTRIES: readonly (readonly [entry: unknown, expected: Credentials | null])[] = [
  [auth('u:p'), basic('u', 'p')],
  [auth('u:p:q'), basic('u', 'p:q')],
  [auth('u:'), basic('u', '')],
  [auth('u:p\0\0'), basic('u', 'p')],
  [{ username: 'u', password: 'p' }, basic('u', 'p')],
  [{ ...auth('a:b'), username: 'u', password: 'p' }, basic('a', 'b')],
  [
    { ...auth('<token>:'), identitytoken: 't' },
    { type: 'identity', token: 't' },
  ],
  [{ registrytoken: 't' }, { type: 'bearer', token: 't' }],
  [{}, null],
  [auth(':p'), null],
  [auth('nothing'), null],
  [{ auth: 5, username: [] }, null],
  ['text', null],
  [null, null],
];

for (const [entry, expected] of ENTRIES) {
  test(`an entry ${JSON.stringify(entry)}`, () => {
    assert.deepEqual(lookUp(keyring({ auths: { 'a.io': entry } }), 'oci://a.io/x'), expected);
  });
}

const PLACES: readonly (readonly [key: string, url: string, matches: boolean])[] = [
  ['a.io', 'oci://a.io/x', true],
  ['A.io', 'oci://a.io/x', true],
  ['https://a.io', 'oci://a.io/x', true],
  ['https://a.io/v2/', 'oci://a.io/x', true],
  ['http://a.io/', 'oci://a.io/x', true],
  ['a.io', 'oci://b.io/x', false],
  ['a.io', 'oci://a.io:5000/x', false],
  ['a.io:5000', 'oci://a.io:5000/x', true],
  ['a.io/team', 'oci://a.io/team/x', true],
  ['a.io/team', 'oci://a.io/team', true],
  ['a.io/team', 'oci://a.io/teams/x', false],
  ['*.a.io', 'oci://b.a.io/x', true],
  ['*.a.io', 'oci://c.b.a.io/x', false],
  ['*.a.io', 'oci://a.io/x', false],
  ['team-*.a.io', 'oci://team-1.a.io/x', true],
  ['aa*aa.io', 'oci://aaa.io/x', false],
  ['https://index.docker.io/v1/', 'oci://team/x', true],
  ['docker.io', 'oci://index.docker.io/team/x', true],
];

for (const [key, url, matches] of PLACES) {
  test(`credentials of ${key} are ${matches ? '' : 'not '}for ${url}`, () => {
    const ring = keyring({ auths: { [key]: auth('u:p') } });
    assert.deepEqual(lookUp(ring, url), matches ? basic('u', 'p') : null);
  });
}

test('the longest path wins, wherever it stands', () => {
  const auths = { 'a.io/t': auth('1:'), 'a.io/t/u': auth('2:'), 'a.io': auth('3:') };
  assert.deepEqual(lookUp(keyring({ auths }), 'oci://a.io/t/u/x'), basic('2', ''));
  assert.deepEqual(lookUp(keyring({ auths }), 'oci://a.io/x'), basic('3', ''));
});

test('helpers are known by name', () => {
  const ring = keyring({ credsStore: 'desktop', credHelpers: { 'a.io': 'ecr-login' } });
  assert.equal(helperFor(ring, 'a.io'), 'ecr-login');
  assert.equal(helperFor(ring, 'b.io'), 'desktop');
  assert.equal(helperFor(keyring({}), 'a.io'), '');
});

test('no text is a keyring without keys', () => {
  assert.deepEqual(parseKeyring('x', ''), { name: 'x', entries: [], helpers: new Map() });
});

for (const text of ['{', '[]', 'null', '"hush"', 'hush', '{"auths": ["hush"]}']) {
  test(`${text} is no keyring, and is not quoted`, () => {
    const ring = parseKeyring('the pull secret', text);
    assert.ok('problem' in ring);
    assert.match(ring.problem, /the pull secret/);
    assert.doesNotMatch(ring.problem, /hush/);
  });
}

test('any JSON is a keyring or a problem', () => {
  fc.assert(
    fc.property(fc.json(), fc.dictionary(fc.string(), fc.jsonValue()), (text, auths) => {
      parseKeyring('x', text);
      const ring = parseKeyring('x', JSON.stringify({ auths, credHelpers: auths }));
      assert.ok(!('problem' in ring));
      lookUp(ring, 'oci://a.io/x');
      helperFor(ring, 'a.io');
    }),
  );
});
