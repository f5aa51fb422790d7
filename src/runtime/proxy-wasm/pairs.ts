/**
 * The wire form of a map: count, then the lengths of each key and value (all u32, little-endian),
 * then keys and values, each ended by a NUL. Strings have one char a byte.
 */

import { latin1 } from '../../base/latin1.ts';

const BYTES_MAX = 1024 * 1024;
const PAIRS_MAX = 1024;

/** Bytes of `pairs` on the wire; the two lists together make one map. */
export function pairsSize(first: readonly string[], second: readonly string[]): number {
  let size = 4;
  for (let i = 0; i < first.length; i++) size += (first[i] as string).length + 5;
  for (let i = 0; i < second.length; i++) size += (second[i] as string).length + 5;
  return size;
}

/** Writes the map of `first` followed by `second` at `at`, which has room for {@link pairsSize}. */
export function writePairs(
  bytes: Buffer,
  at: number,
  first: readonly string[],
  second: readonly string[],
): void {
  bytes.writeUInt32LE((first.length + second.length) / 2, at);
  let length = at + 4;
  let data = length + (first.length + second.length) * 4;
  for (const list of [first, second]) {
    for (let i = 0; i < list.length; i++) {
      const text = list[i] as string;
      bytes.writeUInt32LE(text.length, length);
      length += 4;
      bytes.write(text, data, 'latin1');
      data += text.length;
      bytes[data++] = 0;
    }
  }
}

/** A map as bytes of its own. */
export function encodePairs(pairs: readonly string[]): Uint8Array {
  const bytes = Buffer.alloc(pairsSize(pairs, []));
  writePairs(bytes, 0, pairs, []);
  return bytes;
}

/**
 * Reads `bytes[at, at + size)`; null where it is malformed or above 1 MiB or 1,024 pairs. Nothing,
 * or zeros too short to hold a pair, is the empty map.
 */
export function readPairs(bytes: Buffer, at: number, size: number): string[] | null {
  if (size < 4) return isZero(bytes, at, size) ? [] : null;
  if (size > BYTES_MAX) return null;
  const end = at + size;
  const count = bytes.readUInt32LE(at);
  let data = at + 4 + count * 8;
  if (count > PAIRS_MAX || data > end) return null;
  const pairs: string[] = [];
  for (let i = 0; i < count * 2; i++) {
    const length = bytes.readUInt32LE(at + 4 + i * 4);
    if (data + length >= end || bytes[data + length] !== 0) return null;
    pairs.push(latin1(bytes, data, data + length));
    data += length + 1;
  }
  return data === end ? pairs : null;
}

function isZero(bytes: Buffer, at: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (bytes[at + i] !== 0) return false;
  return true;
}
