import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { FetchError } from './fetch-error.ts';
import { choosePlatform, type Descriptor, layersToSearch, parseManifest } from './manifest.ts';

const HEX = 'a'.repeat(64);
const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const DOCKER_IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

const entry = { mediaType: 'x/y', digest: `sha256:${HEX}`, size: 3 };

function parse(document: unknown, contentType = ''): ReturnType<typeof parseManifest> {
  return parseManifest(Buffer.from(JSON.stringify(document)), contentType);
}

test('types of manifests: by the document, else by the header, else by what is there', () => {
  const image = { layers: [entry] };
  const index = { manifests: [entry] };
  assert.equal(parse({ ...image, mediaType: OCI_IMAGE }).type, 'image');
  assert.equal(parse({ ...image, mediaType: DOCKER_IMAGE }).type, 'image');
  assert.equal(parse({ ...index, mediaType: OCI_INDEX }).type, 'index');
  assert.equal(parse({ ...index, mediaType: DOCKER_LIST }).type, 'index');
  assert.equal(parse(image, `${DOCKER_IMAGE}; charset=utf-8`).type, 'image');
  assert.equal(parse(index, OCI_INDEX.toUpperCase()).type, 'index');
  assert.equal(parse(image).type, 'image');
  assert.equal(parse(index, 'text/plain').type, 'index');
  assert.equal(parse({ ...image, ...index, mediaType: OCI_IMAGE }, OCI_INDEX).type, 'image');
});

test('a descriptor with all that is read of it', () => {
  const found = parse({
    layers: [
      {
        ...entry,
        mediaType: 'Application/Wasm; v=1',
        annotations: { 'org.opencontainers.image.title': 'a.wasm' },
        platform: { os: 'wasi', architecture: 'wasm' },
        urls: ['file:///etc/passwd'],
      },
    ],
  });
  assert.deepEqual(found, {
    type: 'image',
    layers: [
      {
        mediaType: 'application/wasm',
        digest: `sha256:${HEX}`,
        sizeBytes: 3,
        title: 'a.wasm',
        os: 'wasi',
        architecture: 'wasm',
      },
    ],
  });
});

const BAD: readonly (readonly [document: unknown, what: RegExp])[] = [
  [[], /not a JSON object|no type of manifest/],
  [null, /not a JSON object/],
  [{}, /no type of manifest/],
  [{ schemaVersion: 1, fsLayers: [] }, /schema 1/],
  [{ mediaType: OCI_IMAGE }, /"layers" of the manifest is not a list/],
  [{ mediaType: OCI_INDEX, manifests: {} }, /"manifests" of the manifest is not a list/],
  [{ mediaType: 'application/x\u001b[31m' }, /no type of manifest/],
  [{ layers: [5] }, /is not an object/],
  [{ layers: [{ ...entry, digest: 'md5:00' }] }, /no digest/],
  [{ layers: [{ ...entry, digest: `sha256:${HEX}/../x` }] }, /no digest/],
  [{ layers: [{ ...entry, size: -1 }] }, /no size/],
  [{ layers: [{ ...entry, size: 1.5 }] }, /no size/],
  [{ layers: [{ ...entry, size: '3' }] }, /no size/],
  [{ layers: Array.from({ length: 1001 }, () => entry) }, /more than 1000/],
];

for (const [document, what] of BAD) {
  test(`refused: ${what.source}`, () => {
    assert.throws(
      () => parse(document),
      (error) => {
        assert.ok(error instanceof FetchError);
        assert.match(error.message, what);
        assert.doesNotMatch(error.message, /\p{Cc}/u);
        return true;
      },
    );
  });
}

test('bytes that are no JSON', () => {
  assert.throws(() => parseManifest(Buffer.from('{'), ''), /is not JSON/);
});

function descriptor(over: Partial<Descriptor>): Descriptor {
  const none = { mediaType: '', digest: '', sizeBytes: 1, title: '', os: '', architecture: '' };
  return { ...none, ...over };
}

const platforms = (...names: readonly string[]): Descriptor[] =>
  names.map((name, index) => {
    const [os = '', architecture = ''] = name.split('/');
    return descriptor({ os, architecture, digest: String(index) });
  });

const CHOICES: readonly (readonly [names: readonly string[], chosen: string])[] = [
  [['linux/amd64', 'wasi/wasm', 'wasi/wasm32'], '1'],
  [['linux/amd64', 'wasip1/wasm'], '1'],
  [['linux/amd64', 'wasi/wasm32'], '1'],
  [['linux/amd64', 'js/wasm'], '1'],
  [['linux/arm64', 'linux/amd64'], '0'],
  [['unknown/unknown', 'linux/amd64'], '1'],
  [['/'], '0'],
];

for (const [names, chosen] of CHOICES) {
  test(`of ${names.join(' and ')}: ${names[Number(chosen)]}`, () => {
    assert.equal(choosePlatform(platforms(...names)).digest, chosen);
  });
}

test('an index without an image', () => {
  assert.throws(() => choosePlatform([]), /names no image/);
  assert.throws(() => choosePlatform(platforms('unknown/unknown')), /names no image/);
});

const TAR = 'application/vnd.oci.image.layer.v1.tar+gzip';
const WASM = 'application/wasm';

const LAYERS: readonly (readonly [types: readonly string[], order: readonly number[]])[] = [
  [[TAR], [0]],
  [
    [TAR, TAR, TAR],
    [2, 1, 0],
  ],
  [[], []],
  [
    [
      'application/vnd.module.wasm.content.layer.v1+wasm',
      'application/vnd.module.wasm.config.v1+json',
    ],
    [0],
  ],
  [
    ['application/vnd.wasm.content.layer.v1+data', 'application/vnd.wasm.content.layer.v1+wasm'],
    [1],
  ],
  [['application/vnd.bytecodealliance.wasm.component.layer.v0+wasm'], [0]],
  [[WASM, TAR], [0]],
  [
    ['application/vnd.in-toto+json', 'application/octet-stream', ''],
    [2, 1],
  ],
  [['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', TAR], [1]],
  [['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', TAR], [1]],
];

for (const [types, order] of LAYERS) {
  test(`layers ${types.join(', ')}: ${order.join(', ')}`, () => {
    const layers = types.map((mediaType, index) => descriptor({ mediaType, digest: `${index}` }));
    const found = layersToSearch(layers).map(({ digest }) => Number(digest));
    assert.deepEqual(found, order);
  });
}

test('of several modules the one titled plugin.wasm; otherwise their names are told', () => {
  const titled = (title: string): Descriptor => descriptor({ mediaType: WASM, title });
  assert.deepEqual(layersToSearch([titled('a.wasm'), titled('x/plugin.wasm')]), [
    titled('x/plugin.wasm'),
  ]);
  assert.throws(
    () => layersToSearch([titled('a.wasm'), titled('b.wasm')]),
    /2 modules \(a\.wasm, b\.wasm\)/,
  );
});

test('any JSON is a manifest or refused', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.string(), (layers, manifests, type) => {
      for (const document of [layers, { layers }, { manifests }, { layers: [layers], manifests }]) {
        try {
          const found = parse(document, type);
          if (found.type === 'image') layersToSearch(found.layers);
          else choosePlatform(found.manifests);
        } catch (error) {
          assert.ok(error instanceof FetchError);
        }
      }
    }),
  );
});
