import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { systemScheduler } from '../../../base/scheduler.ts';
import { parseKeyring } from './credentials.ts';
import { FetchError } from './fetch-error.ts';
import type { FetchOutcome } from './fetched.ts';
import { fetchOci } from './oci-source.ts';
import { EMPTY_MODULE, moduleOf, tar } from './testing/archive.ts';
import { type Layer, StandInRegistry } from './testing/stand-in-registry.ts';

const MODULE = moduleOf(3_000);
const TAR_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';

async function open(t: TestContext): Promise<StandInRegistry> {
  const registry = await StandInRegistry.open();
  t.after(() => registry.close());
  return registry;
}

interface PullOptions {
  readonly known?: string;
  readonly config?: unknown;
  readonly plainHttp?: readonly string[];
  readonly idleMs?: number;
}

async function pull(
  registry: StandInRegistry,
  name: string,
  options: PullOptions = {},
): Promise<FetchOutcome> {
  const { known = '', config, plainHttp = [], idleMs = 5_000 } = options;
  const text = config === undefined ? '' : JSON.stringify(config);
  const keyring = parseKeyring('the pull secret', text);
  assert.ok(!('problem' in keyring));
  const signal = new AbortController().signal;
  const url = `oci://${registry.web.host}/${name}`;
  return fetchOci(
    url,
    known,
    { keyring, plainHttp },
    { scheduler: systemScheduler, signal, idleMs },
  );
}

async function refused(answer: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(answer, (error) => {
    assert.ok(error instanceof FetchError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

async function moduleIn(registry: StandInRegistry, name: string): Promise<Uint8Array | string> {
  const found = await pull(registry, name);
  if (found === 'unchanged') return found;
  return 'unusable' in found ? found.unusable : new Uint8Array(found.module);
}

const layer = (name: string, bytes: Uint8Array | string = MODULE): Layer => ({
  bytes: gzipSync(tar({ name, bytes })),
  mediaType: TAR_TYPE,
});

const LAYOUTS: readonly (readonly [what: string, layers: readonly Layer[]])[] = [
  ['an artifact', [{ bytes: MODULE }]],
  ['an image of one layer', [layer('plugin.wasm')]],
  ['a module in a layer below', [layer('plugin.wasm'), layer('etc/x', 'x'), layer('y', 'y')]],
  ['the last of two', [layer('plugin.wasm', moduleOf(100)), layer('plugin.wasm')]],
  ['a module of any name', [layer('usr/lib/filter.wasm')]],
  [
    'a tar that is not compressed',
    [
      {
        bytes: tar({ name: 'plugin.wasm', bytes: MODULE }),
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar',
      },
    ],
  ],
  [
    'zstd',
    [
      {
        bytes: zstdCompressSync(tar({ name: 'plugin.wasm', bytes: MODULE })),
        mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
      },
    ],
  ],
  [
    'a file pushed as a tar layer',
    [{ bytes: MODULE, mediaType: 'application/vnd.oci.image.layer.v1.tar', title: 'plugin.wasm' }],
  ],
  [
    'a file and its readme',
    [
      { bytes: MODULE, mediaType: 'application/octet-stream' },
      { bytes: Buffer.from('readme '.repeat(100)), mediaType: 'text/plain' },
    ],
  ],
  [
    'the compat variant of Istio',
    [
      { bytes: MODULE, mediaType: 'application/vnd.module.wasm.content.layer.v1+wasm' },
      { bytes: Buffer.from('{}'), mediaType: 'application/vnd.module.wasm.config.v1+json' },
    ],
  ],
  [
    'a Spin application',
    [
      { bytes: Buffer.from('data'), mediaType: 'application/vnd.wasm.content.layer.v1+data' },
      { bytes: MODULE, mediaType: 'application/vnd.wasm.content.layer.v1+wasm' },
    ],
  ],
];

for (const [what, layers] of LAYOUTS) {
  test(`layout: ${what}`, async (t) => {
    const registry = await open(t);
    registry.push('a/b:1', layers);
    assert.deepEqual(await moduleIn(registry, 'a/b:1'), MODULE);
  });
}

test('a component is given as it is: whoever loads it says why it is refused', async (t) => {
  const registry = await open(t);
  const bytes = Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);
  registry.push('a:1', [
    { bytes, mediaType: 'application/vnd.bytecodealliance.wasm.component.layer.v0+wasm' },
  ]);
  assert.deepEqual(await moduleIn(registry, 'a:1'), bytes);
});

test('a module that an upper layer hides is not there', async (t) => {
  const registry = await open(t);
  registry.push('a:1', [layer('plugin.wasm'), layer('.wh.plugin.wasm', '')]);
  assert.equal(await moduleIn(registry, 'a:1'), 'no layer of the image holds a .wasm file');
});

const USELESS: readonly (readonly [what: string, layers: readonly Layer[], reason: RegExp])[] = [
  ['no layer', [], /no layer of the image holds/],
  ['no module', [layer('x', 'x')], /no layer of the image holds/],
  [
    'a damaged layer',
    [layer('plugin.wasm'), { bytes: layer('x').bytes.subarray(0, 50), mediaType: TAR_TYPE }],
    /do not decompress/,
  ],
  [
    'two modules',
    [layer('a.wasm'), { bytes: tar({ name: 'a.wasm' }, { name: 'b.wasm' }) }].slice(1),
    /several modules \(a\.wasm, b\.wasm\)/,
  ],
  ['two module layers', [{ bytes: MODULE }, { bytes: EMPTY_MODULE }], /holds 2 modules/],
];

for (const [what, layers, reason] of USELESS) {
  test(`an image of no use, known by its digest: ${what}`, async (t) => {
    const registry = await open(t);
    const version = registry.push('a:1', layers);
    const found = await pull(registry, 'a:1');
    assert.ok(typeof found === 'object' && 'unusable' in found);
    assert.match(found.unusable, reason);
    assert.equal(found.version, version);
  });
}

test('an index leads to the Wasm image; both digests are told', async (t) => {
  const registry = await open(t);
  const linux = registry.push('a:linux', [{ bytes: EMPTY_MODULE }]);
  const wasi = registry.push('a:wasi', [{ bytes: MODULE }]);
  const index = registry.pushIndex('a:1', [
    ['linux/amd64', linux],
    ['wasi/wasm', wasi],
  ]);
  const found = await pull(registry, 'a:1');
  const source = `${registry.web.host}/a@${wasi}`;
  const module = new Uint8Array(MODULE);
  assert.deepEqual(found, { module, version: wasi, source, digests: [index, wasi] });
});

test('indexes in each other end', async (t) => {
  const registry = await open(t);
  let digest = registry.push('a:0', [{ bytes: MODULE }]);
  for (let depth = 1; depth <= 4; depth++) {
    digest = registry.pushIndex(`a:${depth}`, [['wasi/wasm', digest]]);
  }
  assert.deepEqual(await moduleIn(registry, 'a:3'), MODULE);
  await refused(pull(registry, 'a:4'), /more than 3 indexes/);
});

test('by digest; and nothing but the manifest where it is known', async (t) => {
  const registry = await open(t);
  const digest = registry.push('a:1', [{ bytes: MODULE }]);
  assert.deepEqual(await moduleIn(registry, `a@${digest}`), MODULE);
  const asked = registry.paths.length;
  assert.equal(await pull(registry, 'a:1', { known: digest }), 'unchanged');
  assert.deepEqual(registry.paths.slice(asked), ['a/manifests/1']);
});

test('every document has to be the one that was named', async (t) => {
  const registry = await open(t);
  const digest = registry.push('a:1', [{ bytes: MODULE }]);
  const blob = registry.blob(MODULE);
  const spoilt = (path: string, bytes: Uint8Array): void => {
    registry.spoil = (request, response) => {
      if (request.url !== `/v2/${path}`) return false;
      response.end(bytes);
      return true;
    };
  };
  spoilt(`a/manifests/${digest}`, Buffer.from('{"layers":[]}'));
  await refused(pull(registry, `a@${digest}`), /the manifest has digest sha256:\w+, expected/);
  const other = Uint8Array.from(MODULE);
  other[20] = 1;
  spoilt(`a/blobs/${blob}`, other);
  await refused(pull(registry, 'a:1'), /layer sha256:\w+ came with digest sha256:/);
  spoilt(`a/blobs/${blob}`, MODULE.subarray(1));
  await refused(pull(registry, 'a:1'), /has 2999 bytes, its manifest says 3000/);
  spoilt(`a/blobs/${blob}`, Buffer.concat([MODULE, MODULE]));
  await refused(pull(registry, 'a:1'), /sends more than 3001 bytes/);
  registry.spoil = (_, response) => {
    response.setHeader('docker-content-digest', `sha256:${'0'.repeat(64)}`);
    return false;
  };
  await refused(pull(registry, 'a:1'), /the registry says sha256:0000/);
});

test('a layer too large is not even asked for', async (t) => {
  const registry = await open(t);
  registry.push('a:1', [{ bytes: MODULE, size: 1_000_000_000 }]);
  await refused(pull(registry, 'a:1'), /has 1000000000 bytes, at most/);
  assert.deepEqual(registry.paths, ['a/manifests/1']);
});

test('a registry that stops sending, or cuts the layer off', async (t) => {
  const registry = await open(t);
  registry.push('a:1', [{ bytes: MODULE }]);
  const half = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-length': MODULE.length });
    response.write(MODULE.subarray(0, 100));
  };
  registry.spoil = ({ url = '' }, response) => {
    if (url.includes('/blobs/')) half(response);
    return url.includes('/blobs/');
  };
  await refused(pull(registry, 'a:1', { idleMs: 60 }), /sent nothing for/);
  registry.spoil = ({ url = '' }, response) => {
    if (!url.includes('/blobs/')) return false;
    half(response);
    setImmediate(() => response.destroy());
    return true;
  };
  await refused(pull(registry, 'a:1'), /was closed before/);
});

test('blobs may be elsewhere', async (t) => {
  const registry = await open(t);
  const store = await StandInRegistry.open();
  t.after(() => store.close());
  registry.auth = { type: 'basic', user: 'u:p' };
  registry.push('a:1', [{ bytes: MODULE }]);
  store.blob(MODULE);
  registry.spoil = ({ url = '' }, response) => {
    if (!url.includes('/blobs/')) return false;
    response.writeHead(307, { location: `${store.web.url}${url}` });
    response.end();
    return true;
  };
  const auths = { [registry.web.host]: { username: 'u', password: 'p' } };
  const found = await pull(registry, 'a:1', { config: { auths } });
  assert.ok(typeof found === 'object' && 'module' in found);
  assert.equal(store.web.asked[0]?.headers.authorization, undefined);
});

test('missing images and errors of the registry', async (t) => {
  const registry = await open(t);
  await refused(pull(registry, 'a:none'), /^404 from 127\.0\.0\.1:\d+: it has no manifest none$/);
  registry.spoil = (_, response) => {
    response.writeHead(503, { 'retry-after': '9' });
    response.end('{"errors":[{"code":"X","message":"too busy\\u001b[31m"}]}');
    return true;
  };
  await assert.rejects(pull(registry, 'a:1'), (error) => {
    assert.ok(error instanceof FetchError);
    assert.match(error.message, /^503 from 127\.0\.0\.1:\d+ for manifest 1: too busy \[31m$/);
    assert.equal(error.retryAfterMs, 9_000);
    return true;
  });
});

const BASIC = { username: 'u', password: 'p' };

test('Basic: with and without the right credentials', async (t) => {
  const registry = await open(t);
  registry.auth = { type: 'basic', user: 'u:p' };
  registry.push('a:1', [{ bytes: MODULE }]);
  const { host } = registry.web;
  const good = await pull(registry, 'a:1', { config: { auths: { [host]: BASIC } } });
  assert.ok(typeof good === 'object' && 'module' in good);
  await refused(
    pull(registry, 'a:1'),
    /^401 from 127\.0\.0\.1:\d+: no credentials for it in the pull secret$/,
  );
  const wrong = { auths: { [host]: { ...BASIC, password: 'hush' } } };
  await refused(
    pull(registry, 'a:1', { config: wrong }),
    /^401 from 127\.0\.0\.1:\d+: the credentials in the pull secret do not let us pull a$/,
  );
  await refused(
    pull(registry, 'a:1', { config: { credsStore: 'desktop' } }),
    /no credentials for it in the pull secret \(credential helper "desktop" is not asked/,
  );
});

test('a token for everybody, for a password, for an identity token', async (t) => {
  const registry = await open(t);
  registry.push('a:1', [{ bytes: MODULE }]);
  const { host } = registry.web;
  registry.auth = { type: 'token', user: '' };
  assert.deepEqual(await moduleIn(registry, 'a:1'), MODULE);
  const token = registry.paths.find((path) => path.startsWith('/token'));
  assert.equal(token, '/token?scope=repository%3Aa%3Apull&service=here');
  registry.auth = { type: 'token', user: 'u:p', refresh: 'r' };
  await refused(pull(registry, 'a:1'), /^401 from 127\.0\.0\.1:\d+: no credentials/);
  for (const entry of [BASIC, { identitytoken: 'r' }, { registrytoken: 'a-token' }]) {
    const found = await pull(registry, 'a:1', { config: { auths: { [host]: entry } } });
    assert.ok(typeof found === 'object' && 'module' in found, JSON.stringify(entry));
  }
  for (const entry of [{ identitytoken: 'x' }, { registrytoken: 'x' }]) {
    const config = { auths: { [host]: entry } };
    await refused(pull(registry, 'a:1', { config }), /do not let us pull/);
  }
});

test('credentials go to no token server that is less private than the registry', async (t) => {
  const registry = await open(t);
  const config = { auths: { [registry.web.host]: BASIC } };
  for (const realm of ['http://example.com/token', 'file:///etc/passwd', '/token', '']) {
    registry.spoil = (_, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` });
      response.end();
      return true;
    };
    await refused(pull(registry, 'a:1', { config }), /sends us for a token to/);
  }
});

test('ways to identify that nobody here knows', async (t) => {
  const registry = await open(t);
  const config = { auths: { [registry.web.host]: BASIC } };
  const challenge = (header: string): void => {
    registry.spoil = (_, response) => {
      response.writeHead(401, header === '' ? {} : { 'www-authenticate': header });
      response.end();
      return true;
    };
  };
  challenge('Negotiate');
  await refused(pull(registry, 'a:1', { config }), /asks for negotiate, only Basic and Bearer/);
  challenge('');
  await refused(pull(registry, 'a:1', { config }), /do not let us pull/);
});

test('a token server that fails, or gives none', async (t) => {
  const registry = await open(t);
  registry.auth = { type: 'token', user: '' };
  for (const [status, body, message] of [
    [500, '', /500 from the token server/],
    [200, '{}', /gave no token/],
    [200, '<html>', /gave no token/],
    [200, '{"token":"a\\nb"}', /characters that no header may hold/],
  ] as const) {
    registry.spoil = ({ url = '' }, response) => {
      if (!url.startsWith('/token')) return false;
      response.writeHead(status);
      response.end(body);
      return true;
    };
    await refused(pull(registry, 'a:1'), message);
  }
});

test('a registry elsewhere is spoken to by https unless it is listed', async (t) => {
  const registry = await open(t);
  registry.push('a:1', [{ bytes: MODULE }]);
  const port = registry.web.host.split(':')[1];
  const keyring = { name: '', entries: [], helpers: new Map() };
  const signal = new AbortController().signal;
  const elsewhere = (plainHttp: readonly string[]): Promise<FetchOutcome> =>
    fetchOci(
      `oci://tulle-test.invalid:${port}/a:1`,
      '',
      { keyring, plainHttp },
      { scheduler: systemScheduler, signal },
    );
  await refused(elsewhere([]), /tulle-test\.invalid/);
  const image = await fetchOci(
    `oci://localhost:${port}/a:1`,
    '',
    { keyring, plainHttp: [] },
    { scheduler: systemScheduler, signal },
  );
  assert.ok(typeof image === 'object' && 'module' in image);
});

test('a reference that is none never leaves the process', async () => {
  const keyring = { name: '', entries: [], helpers: new Map() };
  const signal = new AbortController().signal;
  const access = { keyring, plainHttp: [] };
  await refused(
    fetchOci('oci://a.io/B', '', access, { scheduler: systemScheduler, signal }),
    /not a repository name.*Write oci:/,
  );
});
