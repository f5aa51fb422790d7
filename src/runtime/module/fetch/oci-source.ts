/**
 * Fetches the module of an image: reference, manifest (through an index if need be), then layers
 * until one holds a module. Every document is checked against the digest that named it, before
 * anything looks into it.
 */

import { LIMITS } from '../../../base/limits.ts';
import { digestLike } from './digest.ts';
import { FetchError, NotAnArchiveError, printable, UnusableError } from './fetch-error.ts';
import type { FetchOutcome } from './fetched.ts';
import type { HttpAnswer, HttpDeps } from './http-request.ts';
import {
  choosePlatform,
  type Descriptor,
  layersToSearch,
  MANIFEST_TYPES,
  parseManifest,
} from './manifest.ts';
import { isBadReference, parseOciReference } from './reference.ts';
import { Registry, type RegistryAccess } from './registry.ts';
import { isHidden } from './tar.ts';
import { unpack } from './unpack.ts';

const MANIFEST_BYTES_MAX = 4_194_304;
const INDEXES_MAX = 3;

/** `knownVersion`: of a fetch before, or ''. Throws {@link FetchError}. */
export async function fetchOci(
  url: string,
  knownVersion: string,
  access: RegistryAccess,
  deps: HttpDeps,
): Promise<FetchOutcome> {
  const image = parseOciReference(url);
  if (isBadReference(image)) throw new FetchError(`${image.problem}. ${image.remedy}`);
  const registry = new Registry(image, access, deps);
  const { layers, digests } = await findImage(registry, image.digest || image.tag, image.digest);
  const version = digests.at(-1) ?? '';
  if (version === knownVersion) return 'unchanged';
  try {
    const module = await searchLayers(registry, layersToSearch(layers));
    const source = `${image.registry}/${image.repository}@${version}`;
    return { module, version, source, digests };
  } catch (error) {
    if (error instanceof UnusableError) return { unusable: error.message, version };
    throw error;
  }
}

interface FoundImage {
  readonly layers: readonly Descriptor[];
  /** Of the indexes on the way, then of the manifest. */
  readonly digests: readonly string[];
}

async function findImage(registry: Registry, name: string, digest: string): Promise<FoundImage> {
  const digests: string[] = [];
  let wanted = { name, digest };
  for (let depth = 0; depth <= INDEXES_MAX; depth++) {
    const answer = await registry.read({
      path: `manifests/${wanted.name}`,
      accept: MANIFEST_TYPES.join(', '),
      bytesMax: MANIFEST_BYTES_MAX,
      what: `manifest ${wanted.name}`,
    });
    digests.push(checkedDigest(answer, wanted.digest));
    const manifest = parseManifest(answer.body, answer.headers.get('content-type') ?? '');
    if (manifest.type === 'image') return { layers: manifest.layers, digests };
    const chosen = choosePlatform(manifest.manifests).digest;
    wanted = { name: chosen, digest: chosen };
  }
  throw new FetchError(`the image has more than ${INDEXES_MAX} indexes in each other`);
}

/** Of the body; it has to be the one asked for, and the one that the registry says it sends. */
function checkedDigest({ body, headers }: HttpAnswer, expected: string): string {
  const claimed = headers.get('docker-content-digest') ?? '';
  const found = digestLike(expected || 'sha256:', body);
  if (expected !== '' && found !== expected) {
    throw new FetchError(`the manifest has digest ${found}, expected ${expected}`);
  }
  if (claimed.startsWith(found.slice(0, found.indexOf(':') + 1)) && claimed !== found) {
    throw new FetchError(
      `the manifest has digest ${found}, the registry says ${printable(claimed)}`,
    );
  }
  return found;
}

async function searchLayers(
  registry: Registry,
  layers: readonly Descriptor[],
): Promise<Uint8Array> {
  const hidden: string[] = [];
  for (const layer of layers) {
    const bytes = await readLayer(registry, layer);
    try {
      const found = await unpack(bytes);
      if (found.module !== null && !isHidden(found.path, hidden)) return found.module;
      hidden.push(...found.hidden);
    } catch (error) {
      // Readmes and licences travel as layers too.
      if (!(error instanceof NotAnArchiveError)) throw error;
    }
  }
  throw new UnusableError('no layer of the image holds a .wasm file');
}

async function readLayer(registry: Registry, layer: Descriptor): Promise<Uint8Array> {
  const { digest, sizeBytes } = layer;
  const bytesMax = LIMITS.moduleBytesMax;
  if (sizeBytes > bytesMax) {
    throw new FetchError(`layer ${digest} has ${sizeBytes} bytes, at most ${bytesMax} are taken`);
  }
  const { body } = await registry.read({
    path: `blobs/${digest}`,
    accept: '*/*',
    // One more, so that a longer one is found by its size and not by its digest alone.
    bytesMax: sizeBytes + 1,
    what: `layer ${digest}`,
  });
  if (body.length !== sizeBytes) {
    throw new FetchError(
      `layer ${digest} has ${body.length} bytes, its manifest says ${sizeBytes}`,
    );
  }
  const found = digestLike(digest, body);
  if (found !== digest) throw new FetchError(`layer ${digest} came with digest ${found}`);
  return body;
}
