/** Bytes that grow as they are written. */
export class Writer {
  bytes: Uint8Array;
  length = 0;

  constructor(sizeBytes = 256) {
    this.bytes = new Uint8Array(sizeBytes);
  }

  /** What was written; valid until the next write. */
  get written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.#grow(1);
    this.bytes[this.length++] = value;
  }

  two(first: number, second: number): void {
    this.byte(first);
    this.byte(second);
  }

  /** `source` from `start` to `end`. */
  copy(source: Uint8Array, start = 0, end: number = source.length): void {
    const size = end - start;
    if (this.length + size > this.bytes.length) this.#grow(size);
    const { bytes, length } = this;
    if (size < 24) for (let i = 0; i < size; i++) bytes[length + i] = source[start + i] as number;
    else bytes.set(source.subarray(start, end), length);
    this.length += size;
  }

  /** Unsigned LEB128, shortest form. */
  u32(value: number): void {
    let left = value >>> 0;
    while (left >= 0x80) {
      this.byte((left & 0x7f) | 0x80);
      left >>>= 7;
    }
    this.byte(left);
  }

  /** Signed LEB128, shortest form. */
  s32(value: number): void {
    let left = value | 0;
    while (left < -0x40 || left > 0x3f) {
      this.byte((left & 0x7f) | 0x80);
      left >>= 7;
    }
    this.byte(left & 0x7f);
  }

  /** An opcode with an index or a number behind it. */
  op(opcode: number, index: number): void {
    this.byte(opcode);
    this.u32(index);
  }

  /** UTF-8, after its length. */
  name(value: string): void {
    const bytes = Buffer.from(value);
    this.u32(bytes.length);
    this.copy(bytes);
  }

  #grow(by: number): void {
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + by));
    grown.set(this.written);
    this.bytes = grown;
  }
}
