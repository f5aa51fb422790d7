/** Images out of a real registry, put there in the layouts that people's tools make. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { systemScheduler } from '../../../src/base/scheduler.ts';
import { type Keyring, parseKeyring } from '../../../src/runtime/module/fetch/credentials.ts';
import { digestLike } from '../../../src/runtime/module/fetch/digest.ts';
import { fetchOci } from '../../../src/runtime/module/fetch/oci-source.ts';
import { tar } from '../../../src/runtime/module/fetch/testing/archive.ts';
import { DockerRegistry, lacks, PASSWORD, USER } from './support/docker-registry.ts';

const skip = lacks('docker-registry');
const MODULE = new Uint8Array(
  readFileSync(new URL('../../guests/header-filter.wasm', import.meta.url)),
);
const ARCHIVE = tar({ name: 'plugin.wasm', bytes: MODULE });

const NO_KEYS: Keyring = { name: 'the pull secret', entries: [], helpers: new Map() };

function keys(host: string, password = PASSWORD): Keyring {
  const auth = Buffer.from(`${USER}:${password}`).toString('base64');
  const keyring = parseKeyring('the pull secret', JSON.stringify({ auths: { [host]: { auth } } }));
  assert.ok(!('problem' in keyring));
  return keyring;
}

async function pull(registry: DockerRegistry, name: string, keyring = NO_KEYS, known = '') {
  const signal = new AbortController().signal;
  const url = `oci://${registry.host}/${name}`;
  const access = { keyring, plainHttp: [] };
  const found = await fetchOci(url, known, access, { scheduler: systemScheduler, signal });
  if (found === 'unchanged' || 'unusable' in found) return found;
  return { ...found, module: new Uint8Array(found.module) };
}

test('artifacts and images, compressed or not, by tag and by digest', { skip }, async (t) => {
  const registry = await DockerRegistry.start(t);
  const oci = 'application/vnd.oci.image.layer.v1.tar';
  const layouts = [
    [{ bytes: MODULE, mediaType: 'application/wasm' }],
    [{ bytes: MODULE, mediaType: 'application/vnd.module.wasm.content.layer.v1+wasm' }],
    [{ bytes: ARCHIVE, mediaType: oci }],
    [{ bytes: gzipSync(ARCHIVE), mediaType: `${oci}+gzip` }],
    [{ bytes: zstdCompressSync(ARCHIVE), mediaType: `${oci}+zstd` }],
    [
      { bytes: gzipSync(ARCHIVE), mediaType: `${oci}+gzip` },
      { bytes: gzipSync(tar({ name: 'etc/motd', bytes: 'hello' })), mediaType: `${oci}+gzip` },
    ],
  ];
  for (const [index, layers] of layouts.entries()) {
    const digest = await registry.push(`a/b:${index}`, layers);
    for (const name of [`a/b:${index}`, `a/b@${digest}`]) {
      const found = await pull(registry, name);
      const source = `${registry.host}/a/b@${digest}`;
      assert.deepEqual(found, { module: MODULE, version: digest, source, digests: [digest] });
    }
    assert.equal(await pull(registry, `a/b:${index}`, NO_KEYS, digest), 'unchanged');
  }
  await assert.rejects(pull(registry, 'a/b:none'), /^FetchError: 404 from .* no manifest none$/);
  await assert.rejects(pull(registry, 'c:1'), /^FetchError: 404 from /);
});

test('an index of platforms', { skip }, async (t) => {
  const registry = await DockerRegistry.start(t);
  const wasm = (bytes: Uint8Array) => [{ bytes, mediaType: 'application/wasm' }];
  const linux = await registry.push('a/b:linux', wasm(MODULE.subarray(0, 100)));
  const wasi = await registry.push('a/b:wasi', wasm(MODULE));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const entry = async (digest: string, os: string, architecture: string) => {
    const size = await registry.manifestSize('a/b', digest);
    return { mediaType, digest, size, platform: { os, architecture } };
  };
  const index = await registry.pushManifest('a/b', '1', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [await entry(linux, 'linux', 'amd64'), await entry(wasi, 'wasip1', 'wasm')],
  });
  const found = await pull(registry, 'a/b:1');
  assert.ok(typeof found === 'object' && 'module' in found);
  assert.deepEqual(found.module, MODULE);
  assert.deepEqual(found.digests, [index, wasi]);
});

test('behind a password', { skip }, async (t) => {
  const registry = await DockerRegistry.start(t, 'basic');
  await registry.push('a/b:1', [{ bytes: MODULE, mediaType: 'application/wasm' }]);
  const found = await pull(registry, 'a/b:1', keys(registry.host));
  assert.ok(typeof found === 'object' && 'module' in found);
  await assert.rejects(
    pull(registry, 'a/b:1'),
    /^FetchError: 401 from 127\.0\.0\.1:\d+: no credentials for it in the pull secret$/,
  );
  await assert.rejects(
    pull(registry, 'a/b:1', keys(registry.host, 'battery staple')),
    /^FetchError: 401 from .*: the credentials in the pull secret do not let us pull a\/b$/,
  );
});

test('behind a token server', { skip: skip || lacks('openssl') }, async (t) => {
  const registry = await DockerRegistry.start(t, 'token');
  await registry.push('a/b:1', [{ bytes: MODULE, mediaType: 'application/wasm' }]);
  const found = await pull(registry, 'a/b:1', keys(registry.host));
  assert.ok(typeof found === 'object' && 'module' in found);
  assert.deepEqual(found.module, MODULE);
  await assert.rejects(pull(registry, 'a/b:1'), /no credentials for it in the pull secret/);
  await assert.rejects(
    pull(registry, 'a/b:1', keys(registry.host, 'battery staple')),
    /do not let us pull a\/b/,
  );
});

test('pushed by skopeo, as OCI and as Docker schema 2', {
  skip: skip || lacks('skopeo'),
}, async (t) => {
  const registry = await DockerRegistry.start(t);
  const directory = mkdtempSync(join(tmpdir(), 'tulle-oci-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  writeLayout(directory);
  for (const format of ['oci', 'v2s2']) {
    const target = `docker://${registry.host}/skopeo/${format}:1`;
    const flags = ['--insecure-policy', 'copy', '--dest-tls-verify=false', '--format', format];
    execFileSync('skopeo', [...flags, `oci:${directory}:1`, target], { stdio: 'pipe' });
    const found = await pull(registry, `skopeo/${format}:1`);
    assert.ok(typeof found === 'object' && 'module' in found, format);
    assert.deepEqual(found.module, MODULE);
  }
});

/** An OCI image layout of one layer, as a build tool leaves it. */
function writeLayout(directory: string): void {
  mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
  const blob = (mediaType: string, bytes: Uint8Array) => {
    const digest = digestLike('sha256:', bytes);
    writeFileSync(join(directory, 'blobs', digest.replace(':', '/')), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const diffId = digestLike('sha256:', ARCHIVE);
  const config = {
    architecture: 'wasm',
    os: 'wasi',
    rootfs: { type: 'layers', diff_ids: [diffId] },
    config: {},
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: blob('application/vnd.oci.image.config.v1+json', json(config)),
    layers: [blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(ARCHIVE))],
  };
  const entry = blob(manifest.mediaType, json(manifest));
  const annotations = { 'org.opencontainers.image.ref.name': '1' };
  const index = { schemaVersion: 2, manifests: [{ ...entry, annotations }] };
  writeFileSync(join(directory, 'index.json'), json(index));
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}
