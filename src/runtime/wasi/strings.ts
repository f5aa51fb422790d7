/**
 * Arguments and environment as preview 1 hands them over: one block of NUL-terminated strings and
 * an array of pointers into it. Strings are kept as byte strings (one char a byte), so that fields
 * of a request go in untouched and a block is written in one call.
 */

import { Buffer } from 'node:buffer';
import { ERRNO } from './errno.ts';
import type { GuestMemory } from './memory.ts';

/** One char a byte. */
export type ByteString = string;

/** The UTF-8 bytes of a text of our own configuration. */
export function byteString(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Bytes of the block. */
function blockBytes(strings: readonly ByteString[]): number {
  let bytes = 0;
  for (const string of strings) bytes += string.length + 1;
  return bytes;
}

/** `args_sizes_get` and `environ_sizes_get`. */
export function writeSizes(
  memory: GuestMemory,
  strings: readonly ByteString[],
  countPointer: number,
  bytesPointer: number,
): number {
  if (!memory.fits(countPointer, 4) || !memory.fits(bytesPointer, 4)) return ERRNO.fault;
  memory.setU32(countPointer, strings.length);
  memory.setU32(bytesPointer, blockBytes(strings));
  return ERRNO.success;
}

/** `args_get` and `environ_get`. */
export function writeStrings(
  memory: GuestMemory,
  strings: readonly ByteString[],
  arrayPointer: number,
  blockPointer: number,
): number {
  const size = blockBytes(strings);
  if (!memory.fitsArray(arrayPointer, strings.length, 4)) return ERRNO.fault;
  if (!memory.fits(blockPointer, size)) return ERRNO.fault;
  if (size === 0) return ERRNO.success;
  let at = blockPointer >>> 0;
  const view = memory.view;
  const array = arrayPointer >>> 0;
  for (let i = 0; i < strings.length; i++) {
    view.setUint32(array + i * 4, at, true);
    at += (strings[i] as string).length + 1;
  }
  memory.bytes.write(`${strings.join('\0')}\0`, blockPointer >>> 0, size, 'latin1');
  return ERRNO.success;
}
