/** Bytes to text, one char a byte, by the shortest way Node has. */

interface Latin1Source {
  latin1Slice(from: number, to: number): string;
}

/** `bytes[from, to)` as latin1. Node's own method, which its type declarations leave out. */
export function latin1(bytes: Buffer, from: number, to: number): string {
  return (bytes as unknown as Latin1Source).latin1Slice(from, to);
}
