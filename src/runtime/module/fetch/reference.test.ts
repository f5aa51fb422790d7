import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { apiHost, isBadReference, parseOciReference, referenceText } from './reference.ts';

const HEX = '0123456789abcdef'.repeat(4);

const GOOD: readonly (readonly [url: string, text: string])[] = [
  ['oci://example.com/a', 'example.com/a:latest'],
  ['oci://example.com/a:1.2-x_Y', 'example.com/a:1.2-x_Y'],
  ['OCI://example.com/a:1', 'example.com/a:1'],
  ['oci://Example.COM:5000/a/b/c:1', 'example.com:5000/a/b/c:1'],
  ['oci://localhost/a', 'localhost/a:latest'],
  ['oci://localhost:5000/a', 'localhost:5000/a:latest'],
  ['oci://127.0.0.1:5000/a', '127.0.0.1:5000/a:latest'],
  ['oci://[::1]:5000/a', '[::1]:5000/a:latest'],
  [`oci://example.com/a@sha256:${HEX}`, `example.com/a@sha256:${HEX}`],
  [`oci://example.com/a:1@sha256:${HEX}`, `example.com/a@sha256:${HEX}`],
  [`oci://example.com/a@sha512:${HEX}${HEX}`, `example.com/a@sha512:${HEX}${HEX}`],
  ['oci://a', 'docker.io/library/a:latest'],
  ['oci://example.com:5000', 'docker.io/library/example.com:5000'],
  ['oci://team/a:2', 'docker.io/team/a:2'],
  ['oci://docker.io/a', 'docker.io/library/a:latest'],
  ['oci://index.docker.io/team/a', 'docker.io/team/a:latest'],
  ['oci://registry-1.docker.io/team/a', 'docker.io/team/a:latest'],
  ['oci://example.com/a__b/c--d/e.f', 'example.com/a__b/c--d/e.f:latest'],
];

for (const [url, text] of GOOD) {
  test(`${url} is ${text}`, () => {
    const found = parseOciReference(url);
    assert.ok(!isBadReference(found), JSON.stringify(found));
    assert.equal(referenceText(found), text);
  });
}

test("Docker Hub's API has a host of its own", () => {
  assert.equal(apiHost('docker.io'), 'registry-1.docker.io');
  assert.equal(apiHost('example.com:5000'), 'example.com:5000');
});

const BAD: readonly (readonly [url: string, what: RegExp])[] = [
  ['oci://', /names no repository/],
  ['oci://example.com/', /names no repository/],
  ['oci://example.com/A', /not a repository name/],
  ['oci://example.com/a//b', /not a repository name/],
  ['oci://example.com/../a', /not a repository name/],
  ['oci://example.com/a/../../b', /not a repository name/],
  ['oci://example.com/a?x', /not a repository name/],
  ['oci://example.com/a%2fb', /not a repository name/],
  ['oci://example.com/a b', /not a repository name/],
  ['oci://example.com/a-', /not a repository name/],
  [`oci://example.com/${'a'.repeat(256)}`, /too long/],
  ['oci://example.com/a:', /not a tag/],
  ['oci://example.com/a:.x', /not a tag/],
  [`oci://example.com/a:${'x'.repeat(129)}`, /not a tag/],
  ['oci://example.com/a:1/b', /not a tag/],
  ['oci://example.com/a@', /not a digest/],
  ['oci://example.com/a@latest', /not a digest/],
  [`oci://example.com/a@sha256:${HEX.toUpperCase()}`, /not a digest/],
  [`oci://example.com/a@sha256:${HEX}@sha256:${HEX}`, /has two "@"/],
  ['oci://user:hush@example.com/a', /cannot hold credentials/],
  ['oci://exa_mple.com/a', /not a host/],
  ['oci://-a.com/a', /not a host/],
  ['oci://a.com:99999999/a', /not a host/],
  ['oci://[::1/a', /not a host/],
];

for (const [url, what] of BAD) {
  test(`${url.slice(0, 60)} is no reference: ${what.source}`, () => {
    const found = parseOciReference(url);
    assert.ok(isBadReference(found));
    assert.match(found.problem, what);
    assert.notEqual(found.remedy, '');
  });
}

test('whatever is written, what comes out stays within one path below /v2/', () => {
  const piece = fc.constantFrom(
    'a',
    'B',
    '.',
    '..',
    '/',
    ':',
    '@',
    '%2e',
    '?',
    '#',
    '\\',
    '-',
    '_',
    '5000',
    'localhost',
    'x.y',
    `sha256:${HEX}`,
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 12 }),
      (parts) => {
        const found = parseOciReference(`oci://${parts.join('')}`);
        if (isBadReference(found)) return;
        const url = new URL(
          `https://${apiHost(found.registry)}/v2/${found.repository}/manifests/x`,
        );
        assert.equal(url.pathname, `/v2/${found.repository}/manifests/x`);
        assert.equal(url.host, apiHost(found.registry).replace(/:443$/, ''));
        assert.equal(found.tag === '', found.digest !== '');
      },
    ),
    { numRuns: 1000 },
  );
});
