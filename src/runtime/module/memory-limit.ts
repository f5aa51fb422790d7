/**
 * Lowers what a module's memory and tables may grow to, in its binary, before it is compiled: the
 * engine then holds the bound itself, `memory.grow` fails in the guest as it would on a machine
 * without more memory, and no host code watches. Only the limits are rewritten; every other section
 * is copied byte for byte. An entry of a table counts as {@link TABLE_ENTRY_BYTES} of memory.
 */

import { FormatError, Reader } from './reader.ts';

export interface LimitRefusal {
  readonly reason: string;
}

const PAGE_BYTES = 65_536;
const HEADER_BYTES = 8;
const SECTION_TABLE = 4;
const SECTION_MEMORY = 5;
/** What the engine spends on an entry, roughly, so that tables cannot be used to evade the bound. */
const TABLE_ENTRY_BYTES = 64;
const FUNCREF = 0x70;
const EXTERNREF = 0x6f;

const LIMIT_HAS_MAX = 1;

/** The rewritten module, or why it cannot live within `memoryBytesMax`. Never throws. */
export function limitMemory(bytes: Uint8Array, memoryBytesMax: number): Uint8Array | LimitRefusal {
  try {
    return rewrite(bytes, memoryBytesMax);
  } catch (error) {
    if (error instanceof Refused) return { reason: error.message };
    if (error instanceof FormatError) {
      return { reason: `not a valid module: ${error.message} (at byte ${error.offset})` };
    }
    throw error;
  }
}

class Refused extends Error {}

function rewrite(bytes: Uint8Array, memoryBytesMax: number): Uint8Array {
  const reader = new Reader(bytes, 0);
  reader.skip(HEADER_BYTES);
  const parts: Uint8Array[] = [bytes.subarray(0, HEADER_BYTES)];
  while (reader.left > 0) {
    const start = reader.at;
    const id = reader.byte();
    const size = reader.u32();
    const body = new Reader(bytes, reader.at, reader.at + size);
    reader.skip(size);
    if (id === SECTION_MEMORY) parts.push(memorySection(body, memoryBytesMax));
    else if (id === SECTION_TABLE) parts.push(tableSection(body, memoryBytesMax));
    else parts.push(bytes.subarray(start, reader.at));
  }
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function memorySection(reader: Reader, memoryBytesMax: number): Uint8Array {
  const pagesMax = Math.floor(memoryBytesMax / PAGE_BYTES);
  const count = reader.count(2);
  if (count > 1) throw new Refused('has several memories: only one is supported');
  const out: number[] = [];
  writeU32(out, count);
  if (count === 1) {
    const flags = reader.byte();
    if ((flags & ~LIMIT_HAS_MAX) !== 0) {
      throw new Refused(
        'has a shared, 64-bit or custom-page memory: only plain ones are supported',
      );
    }
    const min = reader.u32();
    const max = flags === LIMIT_HAS_MAX ? reader.u32() : pagesMax;
    if (min > pagesMax) {
      throw new Refused(
        `needs ${min * PAGE_BYTES} bytes of memory to start, limits.memory allows ${memoryBytesMax}`,
      );
    }
    out.push(LIMIT_HAS_MAX);
    writeU32(out, min);
    writeU32(out, Math.min(max, pagesMax));
  }
  return section(SECTION_MEMORY, out, reader);
}

function tableSection(reader: Reader, memoryBytesMax: number): Uint8Array {
  const count = reader.count(3);
  const entriesMax = Math.floor(memoryBytesMax / TABLE_ENTRY_BYTES / Math.max(count, 1));
  const out: number[] = [];
  writeU32(out, count);
  for (let i = 0; i < count; i++) {
    const type = reader.byte();
    if (type !== FUNCREF && type !== EXTERNREF) {
      throw new Refused(
        'has a table of typed references: only funcref and externref are supported',
      );
    }
    const flags = reader.byte();
    if ((flags & ~LIMIT_HAS_MAX) !== 0) throw new Refused('has a table with 64-bit indices');
    const min = reader.u32();
    const max = flags === LIMIT_HAS_MAX ? reader.u32() : entriesMax;
    if (min > entriesMax) {
      throw new Refused(
        `has a table of ${min} entries, limits.memory leaves room for ${entriesMax}`,
      );
    }
    out.push(type, LIMIT_HAS_MAX);
    writeU32(out, min);
    writeU32(out, Math.min(max, entriesMax));
  }
  return section(SECTION_TABLE, out, reader);
}

/** A whole section; what it was read from must be used up. */
function section(id: number, body: number[], reader: Reader): Uint8Array {
  if (reader.left > 0) reader.fail(`section ${id} has ${reader.left} bytes too many`);
  const head: number[] = [id];
  writeU32(head, body.length);
  return Uint8Array.from([...head, ...body]);
}

/** Unsigned LEB128, shortest form. */
function writeU32(out: number[], value: number): void {
  let left = value >>> 0;
  while (left >= 0x80) {
    out.push((left & 0x7f) | 0x80);
    left >>>= 7;
  }
  out.push(left);
}
