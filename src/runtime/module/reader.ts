/**
 * A cursor over the bytes of a module (WebAssembly core specification, chapter 5). Every read is
 * checked; what does not fit throws a {@link FormatError}, which `parseModule` catches: it never
 * leaves this folder.
 */

/** Where and why bytes are not what they should be. */
export class FormatError extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Reader {
  readonly bytes: Uint8Array;
  at: number;
  /** First offset that may not be read. */
  end: number;

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  fail(message: string, offset = this.at): never {
    throw new FormatError(offset, message);
  }

  byte(): number {
    if (this.at >= this.end) this.fail('unexpected end');
    return this.bytes[this.at++] as number;
  }

  skip(count: number): void {
    if (count > this.left) this.fail(`${count} bytes announced, ${this.left} left`);
    this.at += count;
  }

  /** Unsigned LEB128 of at most 32 bits (5 bytes, no bits beyond). */
  u32(): number {
    const start = this.at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) this.fail('number too large for 32 bits', start);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return this.fail('number too long', start);
  }

  /** Unsigned LEB128 of at most 64 bits; imprecise above 2^53, where nothing real lies. */
  u64(): number {
    const start = this.at;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      if (shift === 63 && byte > 1) this.fail('number too large for 64 bits', start);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return this.fail('number too long', start);
  }

  /** Signed LEB128 of at most 33 bits: a heap type, whose value only its sign is needed of. */
  s33(): number {
    const start = this.at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return (byte & 0x40) === 0 ? value : value - 2 ** (shift + 7);
    }
    return this.fail('number too long', start);
  }

  /** The length of a list whose items take at least `itemBytes` each. */
  count(itemBytes = 1): number {
    const start = this.at;
    const count = this.u32();
    if (count * itemBytes > this.left) this.fail(`list of ${count} does not fit`, start);
    return count;
  }

  name(): string {
    const length = this.count();
    const start = this.at;
    this.at += length;
    try {
      return utf8.decode(this.bytes.subarray(start, this.at));
    } catch {
      return this.fail('name is not UTF-8', start);
    }
  }
}
