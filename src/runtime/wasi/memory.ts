/**
 * A guest's linear memory as the host calls see it. Pointers come from the guest and may be
 * anything: each access is preceded by {@link GuestMemory.fits} on the whole range, and what does
 * not fit is EFAULT to the guest, never an exception here.
 *
 * The views are taken once and again after the memory grew: growing detaches the old buffer, whose
 * length then reads 0, which costs less to notice than asking the memory for its buffer each call.
 */

import { Buffer } from 'node:buffer';

const EMPTY = Buffer.alloc(0);
const EMPTY_VIEW = new DataView(EMPTY.buffer, 0, 0);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class GuestMemory {
  #memory: WebAssembly.Memory | null = null;
  #bytes: Buffer = EMPTY;
  #view: DataView = EMPTY_VIEW;

  /** Until then (a start section may call the host) every pointer is bad. */
  attach(memory: WebAssembly.Memory): void {
    this.#memory = memory;
    this.#refresh();
  }

  #refresh(): void {
    const memory = this.#memory;
    if (memory === null) return;
    this.#bytes = Buffer.from(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** The whole memory; valid until the guest runs again. */
  get bytes(): Buffer {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#bytes;
  }

  get view(): DataView {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#view;
  }

  /** Whether `length` bytes at `pointer` exist. Both as the guest passed them: signed 32 bit. */
  fits(pointer: number, length: number): boolean {
    return (pointer >>> 0) + (length >>> 0) <= this.bytes.length;
  }

  /** Like {@link fits} for `count` structs of `size` bytes, without overflow. */
  fitsArray(pointer: number, count: number, size: number): boolean {
    return (pointer >>> 0) + (count >>> 0) * size <= this.bytes.length;
  }

  u8(pointer: number): number {
    return this.bytes[pointer >>> 0] ?? 0;
  }

  u16(pointer: number): number {
    return this.view.getUint16(pointer >>> 0, true);
  }

  u32(pointer: number): number {
    return this.view.getUint32(pointer >>> 0, true);
  }

  u64(pointer: number): bigint {
    return this.view.getBigUint64(pointer >>> 0, true);
  }

  setU8(pointer: number, value: number): void {
    this.bytes[pointer >>> 0] = value;
  }

  setU16(pointer: number, value: number): void {
    this.view.setUint16(pointer >>> 0, value, true);
  }

  setU32(pointer: number, value: number): void {
    this.view.setUint32(pointer >>> 0, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.view.setBigUint64(pointer >>> 0, value, true);
  }

  /** A view, valid until the guest runs again. The range must fit. */
  slice(pointer: number, length: number): Buffer {
    const start = pointer >>> 0;
    return this.bytes.subarray(start, start + (length >>> 0));
  }

  /** The text of a range that fits; null where it is not UTF-8. */
  text(pointer: number, length: number): string | null {
    try {
      return utf8.decode(this.slice(pointer, length));
    } catch {
      return null;
    }
  }
}
