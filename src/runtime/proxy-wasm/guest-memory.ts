/**
 * The linear memory of one guest as host calls see it. One view is kept and taken anew when the
 * memory has grown, which detaches the old one (its length is 0 then). Pointers come from the guest:
 * whoever reads or writes asks `has` first; the accessors themselves do not check again.
 */

import { TextCache } from './text-cache.ts';

/** Shorter strings are copied by a loop, which costs less than a call into the runtime. */
const LOOP_CHARS_MAX = 48;

interface Latin1Target {
  latin1Write(text: string, at: number): number;
}

export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  readonly #cache = new TextCache();
  #bytes: Buffer;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#bytes = Buffer.from(memory.buffer);
  }

  /** All of it; valid until the guest runs again. */
  get bytes(): Buffer {
    if (this.#bytes.length === 0) this.#bytes = Buffer.from(this.#memory.buffer);
    return this.#bytes;
  }

  /** Whether `[at, at + length)` lies inside. */
  has(at: number, length: number): boolean {
    return at + length <= this.bytes.length;
  }

  u32(at: number): number {
    return this.bytes.readUInt32LE(at);
  }

  setU32(at: number, value: number): void {
    const bytes = this.bytes;
    bytes[at] = value & 0xff;
    bytes[at + 1] = (value >>> 8) & 0xff;
    bytes[at + 2] = (value >>> 16) & 0xff;
    bytes[at + 3] = value >>> 24;
  }

  /** Lower and upper half of a 64-bit number. */
  setU64(at: number, value: bigint): void {
    this.bytes.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  }

  /** One char a byte: header names, header values, keys. */
  text(at: number, length: number): string {
    return this.#cache.text(this.bytes, at, length);
  }

  /** A field name in lower case, or null where the bytes are no token. */
  name(at: number, length: number): string | null {
    return this.#cache.name(this.bytes, at, length);
  }

  /** Logs and configuration. */
  utf8(at: number, length: number): string {
    return this.bytes.toString('utf8', at, at + length);
  }

  /** A copy. */
  slice(at: number, length: number): Uint8Array {
    const copy = new Uint8Array(length);
    copy.set(this.bytes.subarray(at, at + length));
    return copy;
  }

  setBytes(at: number, value: Uint8Array): void {
    this.bytes.set(value, at);
  }

  /** One byte a char. */
  setText(at: number, text: string): void {
    const bytes = this.bytes;
    const length = text.length;
    if (length > LOOP_CHARS_MAX) {
      (bytes as unknown as Latin1Target).latin1Write(text, at);
      return;
    }
    for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  }
}
