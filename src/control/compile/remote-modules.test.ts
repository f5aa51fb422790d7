import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModuleSource } from '../../config/wasm.ts';
import { codes, conditionText, gateway, type Mesh, mesh, statusOf } from './testing/mesh.ts';

const SHA256 = 'ab'.repeat(32);
const DIGEST = `@sha256:${SHA256}`;

function plugin(spec: string, more = ''): Mesh {
  return mesh(`${gateway()}---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: a}
spec: {${spec}}
${more}`);
}

function moduleOf(found: Mesh): ModuleSource | undefined {
  return found.snapshot.filters[0]?.module;
}

const CONFIG = '{"auths":{"example.com":{"auth":"dTpw"}}}';

function secret(fields: string, name = 'pull'): string {
  return `---
apiVersion: v1
kind: Secret
metadata: {name: ${name}}
${fields}
`;
}

/** How often a module is asked for, from its URL and what else the plugin says. */
const POLICIES: readonly (readonly [url: string, spec: string, pull: string])[] = [
  ['oci://example.com/a:1', '', 'ifNotPresent'],
  ['oci://example.com/a:1', 'imagePullPolicy: Always', 'always'],
  ['oci://example.com/a:1', 'imagePullPolicy: UNSPECIFIED_POLICY', 'ifNotPresent'],
  ['oci://example.com/a', '', 'always'],
  ['oci://example.com/a:latest', '', 'always'],
  ['oci://example.com/a:latest', 'imagePullPolicy: UNSPECIFIED_POLICY', 'always'],
  ['oci://example.com/a:latest', 'imagePullPolicy: IfNotPresent', 'ifNotPresent'],
  [`oci://example.com/a:latest${DIGEST}`, '', 'ifNotPresent'],
  [`oci://example.com/a${DIGEST}`, 'imagePullPolicy: Always', 'ifNotPresent'],
  ['oci://example.com/a:latest', `sha256: ${SHA256}`, 'ifNotPresent'],
  ['https://example.com/a.wasm', '', 'ifNotPresent'],
  ['https://example.com/a.wasm', 'imagePullPolicy: Always', 'always'],
  ['http://example.com/latest', '', 'ifNotPresent'],
  ['HTTPS://example.com/a.wasm', '', 'ifNotPresent'],
];

for (const [url, spec, pull] of POLICIES) {
  test(`${url} ${spec}: ${pull}`, () => {
    const found = plugin(`url: "${url}"${spec === '' ? '' : `, ${spec}`}`);
    assert.deepEqual(found.schemaProblems, []);
    assert.deepEqual(found.problems, []);
    const sha256 = spec.startsWith('sha256') ? SHA256 : '';
    const remote = { pull, pullSecret: '' };
    assert.deepEqual(moduleOf(found), { url, path: '', sha256, remote });
    assert.deepEqual(statusOf(found, 'WasmPlugin', 'a').conditions.map(conditionText), [
      'Accepted=True Accepted',
      'Programmed=True Programmed',
    ]);
  });
}

const BAD: readonly (readonly [url: string, message: RegExp])[] = [
  ['oci://', /names no repository/],
  ['oci://example.com/A:1', /not a repository name/],
  ['oci://example.com/a:1:2', /not a tag/],
  ['oci://example.com/a@sha256:12', /not a digest/],
  ['oci://user:hush@example.com/a', /cannot hold credentials/],
  ['https://', /is not a URL/],
  ['https://user:hush@:x/', /is not a URL/],
  ['ftp://example.com/a.wasm', /cannot be fetched by ftp:/],
];

for (const [url, message] of BAD) {
  test(`${url} is refused: requests get 503`, () => {
    const found = plugin(`url: "${url}"`);
    assert.deepEqual(codes(found.problems), ['error bad-format spec.url']);
    assert.match(found.problems[0]?.message ?? '', message);
    assert.doesNotMatch(found.problems[0]?.message ?? '', /hush/);
    assert.deepEqual(moduleOf(found), { url, path: '', sha256: '' });
    const [, programmed] = statusOf(found, 'WasmPlugin', 'a').conditions;
    assert.match(programmed?.message ?? '', /requests get 503/);
  });
}

const PULL = 'url: "oci://example.com/a:1", imagePullSecret: pull';

for (const [what, fields] of [
  ['data', `data: {.dockerconfigjson: ${Buffer.from(CONFIG).toString('base64')}}`],
  ['stringData', `stringData: {.dockerconfigjson: '${CONFIG}'}`],
] as const) {
  test(`the pull secret is read from its ${what}`, () => {
    const found = plugin(PULL, secret(`type: kubernetes.io/dockerconfigjson\n${fields}`));
    assert.deepEqual(found.problems, []);
    assert.equal(moduleOf(found)?.remote?.pullSecret, CONFIG);
  });
}

test('a Secret of the older type holds what is below "auths"', () => {
  const old = `stringData: {.dockercfg: '{"example.com":{"auth":"dTpw"}}'}`;
  const found = plugin(PULL, secret(old));
  assert.deepEqual(JSON.parse(moduleOf(found)?.remote?.pullSecret ?? ''), JSON.parse(CONFIG));
});

const UNUSABLE: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['none', '', /there is no Secret default\/pull/],
  ['another name', secret(`stringData: {.dockerconfigjson: '{}'}`, 'pul'), /there is no Secret/],
  ['no entry', secret('stringData: {token: hush}'), /has no entry \.dockerconfigjson/],
  ['no JSON', secret('stringData: {.dockerconfigjson: hush}'), /is not JSON/],
  ['errors', secret('data: {.dockerconfigjson: "hush!"}'), /has errors/],
];

for (const [what, text, message] of UNUSABLE) {
  test(`a pull secret that cannot be used is told, and not needed: ${what}`, () => {
    const found = plugin(PULL, text);
    assert.deepEqual(codes(found.problems), ['warning bad-secret spec.imagePullSecret']);
    assert.match(found.problems[0]?.message ?? '', message);
    assert.doesNotMatch(found.problems[0]?.message ?? '', /hush/);
    assert.deepEqual(moduleOf(found)?.remote, { pull: 'ifNotPresent', pullSecret: '' });
  });
}

test('a network filter is not fetched', () => {
  const found = plugin('url: "oci://example.com/a:1", type: NETWORK');
  assert.equal(moduleOf(found)?.remote, undefined);
});
