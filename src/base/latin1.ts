/** Bytes to text, one char a byte, by the shortest way Node has. */

type Latin1Slice = (this: Uint8Array, from: number, to: number) => string;

/** Node's own method, which its type declarations leave out. Works on bytes that are no Buffer, too. */
const slice = (Buffer.prototype as unknown as { latin1Slice: Latin1Slice }).latin1Slice;

/** `bytes[from, to)` as latin1. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return slice.call(bytes, from, to);
}
