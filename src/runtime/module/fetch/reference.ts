/**
 * Names of images: `oci://[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]`, by the grammar that container
 * tools share. The first part is a host only if it looks like one; else the image is Docker Hub's.
 */

import { isDigest } from './digest.ts';
import { printable } from './fetch-error.ts';

export interface OciReference {
  /** `host` or `host:port`, by which credentials are found; Docker Hub is `docker.io`. */
  readonly registry: string;
  readonly repository: string;
  /** '' beside a digest. */
  readonly tag: string;
  /** '' when the image is named by its tag. */
  readonly digest: string;
}

/** What is wrong with a name, and what to do about it. */
export interface BadReference {
  readonly problem: string;
  readonly remedy: string;
}

const DOCKER_HUB = 'docker.io';
/** Where its API is. */
const DOCKER_HUB_HOST = 'registry-1.docker.io';

const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/i;
const REPOSITORY_PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const REPOSITORY_LENGTH_MAX = 255;
const TAG = /^\w[\w.-]{0,127}$/;

export function isBadReference(found: OciReference | BadReference): found is BadReference {
  return 'problem' in found;
}

/** `url` begins with `oci://`, in any case. */
export function parseOciReference(url: string): OciReference | BadReference {
  const text = url.replace(/^oci:\/\//i, '');
  const at = text.indexOf('@');
  const name = at === -1 ? text : text.slice(0, at);
  const digest = at === -1 ? '' : text.slice(at + 1);
  if (digest !== '' && digest.includes('@')) return bad(url, 'has two "@"');
  if (at !== -1 && !isDigest(digest)) {
    if (digest.includes('/')) {
      const remedy = 'Put them into a Secret that imagePullSecret names.';
      return { problem: 'an image reference cannot hold credentials', remedy };
    }
    return bad(url, `"${printable(digest)}" is not a digest such as sha256:HEX`);
  }
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const hasHost = /[.:]/.test(first) || first.toLowerCase() === 'localhost';
  if (hasHost && !HOST.test(first)) return bad(url, `"${printable(first)}" is not a host`);
  const registry = hasHost ? hubAlias(first.toLowerCase()) : DOCKER_HUB;
  return withRepository(url, registry, hasHost ? name.slice(slash + 1) : name, digest);
}

function withRepository(
  url: string,
  registry: string,
  path: string,
  digest: string,
): OciReference | BadReference {
  const colon = path.indexOf(':');
  const written = colon === -1 ? path : path.slice(0, colon);
  const tag = colon === -1 ? '' : path.slice(colon + 1);
  const parts = written.split('/');
  if (written === '') return bad(url, 'names no repository');
  if (written.length > REPOSITORY_LENGTH_MAX) return bad(url, 'has a repository name too long');
  if (!parts.every((part) => REPOSITORY_PART.test(part))) {
    return bad(url, `"${printable(written)}" is not a repository name (lower case, digits, . _ -)`);
  }
  if (colon !== -1 && !TAG.test(tag)) return bad(url, `"${printable(tag)}" is not a tag`);
  const official = registry === DOCKER_HUB && parts.length === 1;
  return {
    registry,
    repository: official ? `library/${written}` : written,
    tag: digest === '' ? tag || 'latest' : '',
    digest,
  };
}

function hubAlias(host: string): string {
  return host === 'index.docker.io' || host === DOCKER_HUB_HOST ? DOCKER_HUB : host;
}

function bad(url: string, what: string): BadReference {
  return {
    problem: `${printable(url)} is not an image reference: ${what}`,
    remedy: 'Write oci://HOST[:PORT]/REPOSITORY:TAG or oci://HOST/REPOSITORY@sha256:DIGEST.',
  };
}

/** `host[:port]` that the API of the registry is asked at. */
export function apiHost(registry: string): string {
  return registry === DOCKER_HUB ? DOCKER_HUB_HOST : registry;
}

/** As people write it. */
export function referenceText({ registry, repository, tag, digest }: OciReference): string {
  return `${registry}/${repository}${digest === '' ? `:${tag}` : `@${digest}`}`;
}
