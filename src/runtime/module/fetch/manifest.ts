/**
 * Manifests and indexes of the OCI image specification and of Docker (image manifest v2 schema 2,
 * manifest list): which of several platforms is meant, and in which layers a module may be.
 */

import { isDigest } from './digest.ts';
import { FetchError, printable, UnusableError } from './fetch-error.ts';

export interface Descriptor {
  /** Without parameters; may be ''. */
  readonly mediaType: string;
  readonly digest: string;
  readonly sizeBytes: number;
  /** Annotation `org.opencontainers.image.title`: the name of the file; '' when there is none. */
  readonly title: string;
  /** '' when the platform is not given. */
  readonly os: string;
  readonly architecture: string;
}

export type Manifest =
  | { readonly type: 'index'; readonly manifests: readonly Descriptor[] }
  | { readonly type: 'image'; readonly layers: readonly Descriptor[] };

const INDEX_TYPES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const IMAGE_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** What we can read, for `Accept`. */
export const MANIFEST_TYPES: readonly string[] = [...IMAGE_TYPES, ...INDEX_TYPES];

const DESCRIPTORS_MAX = 1_000;
const TITLE = 'org.opencontainers.image.title';

/** `contentType`: of the answer; it decides only where the document does not say. */
export function parseManifest(bytes: Uint8Array, contentType: string): Manifest {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new FetchError('the manifest is not JSON');
  }
  if (!isRecord(document)) throw new FetchError('the manifest is not a JSON object');
  const mediaType = baseType(document['mediaType']) || baseType(contentType);
  if (document['schemaVersion'] === 1) {
    throw new FetchError('the manifest is of Docker schema 1; push the image with a newer tool');
  }
  const { manifests, layers } = document;
  if (INDEX_TYPES.includes(mediaType) || (layers === undefined && Array.isArray(manifests))) {
    return { type: 'index', manifests: descriptors(manifests, 'manifests') };
  }
  if (IMAGE_TYPES.includes(mediaType) || Array.isArray(layers)) {
    return { type: 'image', layers: descriptors(layers, 'layers') };
  }
  throw new FetchError(`"${printable(mediaType)}" is no type of manifest known here`);
}

function descriptors(list: unknown, field: string): Descriptor[] {
  if (!Array.isArray(list)) throw new FetchError(`"${field}" of the manifest is not a list`);
  if (list.length > DESCRIPTORS_MAX) {
    throw new FetchError(`the manifest lists more than ${DESCRIPTORS_MAX} ${field}`);
  }
  return list.map((entry) => descriptor(entry, field));
}

function descriptor(entry: unknown, field: string): Descriptor {
  if (!isRecord(entry)) throw new FetchError(`an entry of "${field}" is not an object`);
  const { digest, size } = entry;
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw new FetchError(`an entry of "${field}" has no digest of sha256 or sha512`);
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw new FetchError(`an entry of "${field}" has no size`);
  }
  const platform = isRecord(entry['platform']) ? entry['platform'] : {};
  const annotations = isRecord(entry['annotations']) ? entry['annotations'] : {};
  return {
    mediaType: baseType(entry['mediaType']),
    digest,
    sizeBytes: size,
    title: textOf(annotations[TITLE]),
    os: textOf(platform['os']),
    architecture: textOf(platform['architecture']),
  };
}

/**
 * Of an index: `wasi/wasm` (also written `wasip1/wasm`), then any `wasm` architecture (wasm32), then
 * the first. Attestations of build tools stand there as platform `unknown`.
 */
export function choosePlatform(manifests: readonly Descriptor[]): Descriptor {
  const images = manifests.filter(({ architecture }) => architecture !== 'unknown');
  const chosen =
    images.find(({ os, architecture }) => os.startsWith('wasi') && architecture === 'wasm') ??
    images.find(({ architecture }) => architecture.startsWith('wasm')) ??
    images[0];
  if (chosen === undefined) throw new FetchError('the index names no image');
  return chosen;
}

/** Layers that are a module themselves. */
const MODULE_TYPES: readonly string[] = [
  'application/vnd.module.wasm.content.layer.v1+wasm',
  'application/wasm',
  'application/vnd.wasm.content.layer.v1+wasm',
  'application/vnd.bytecodealliance.wasm.component.layer.v0+wasm',
];
/** Layers that cannot hold one: data of Spin, configurations, attestations. */
const OTHER_TYPES = /(?:\+data|[+/]json|\.foreign\..*|nondistributable.*)$/;

/**
 * Where to look, in order: the one layer that is a module by its type, or all others from the last,
 * since a layer lies over those before it. Types of the others are not believed: many tools push any
 * file under the type of a tar archive.
 */
export function layersToSearch(layers: readonly Descriptor[]): readonly Descriptor[] {
  const modules = layers.filter(({ mediaType }) => MODULE_TYPES.includes(mediaType));
  const [only] = modules;
  if (only === undefined) {
    return layers.filter(({ mediaType }) => !OTHER_TYPES.test(mediaType)).toReversed();
  }
  if (modules.length === 1) return [only];
  const named = modules.filter(({ title }) => /(?:^|\/)plugin\.wasm$/.test(title));
  if (named.length === 1) return named;
  const titles = modules.map(({ title, digest }) => printable(title) || digest).slice(0, 5);
  throw new UnusableError(
    `the image holds ${modules.length} modules (${titles.join(', ')}); title one of them plugin.wasm`,
  );
}

function baseType(value: unknown): string {
  return textOf(value).split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
