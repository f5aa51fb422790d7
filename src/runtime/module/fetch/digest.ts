/** Content digests as the OCI image specification writes them: `sha256:HEX` or `sha512:HEX`. */

import { createHash } from 'node:crypto';

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** Digest of the bytes by the algorithm of `like`, which is a digest. */
export function digestLike(like: string, bytes: Uint8Array): string {
  const algorithm = like.slice(0, like.indexOf(':'));
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Lower-case hex. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
