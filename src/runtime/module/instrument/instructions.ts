/**
 * A cursor over the instructions of one function body or constant expression. {@link next} reads
 * one with all that follows it; what it was is then in the fields. Strict: an opcode whose length
 * is not known, or a number that runs on, throws a `FormatError` with its offset.
 */

import { Reader } from '../reader.ts';
import {
  ATOMIC,
  BLOCK_TYPE,
  BYTE,
  BYTES_4,
  BYTES_8,
  BYTES_16,
  HEAP_TYPE,
  INDEX,
  LABELS,
  MEMARG,
  MEMARG_LANE,
  MISC,
  NONE,
  OP,
  PLAIN,
  PREFIX_ATOMIC,
  PREFIX_GC,
  PREFIX_MISC,
  PREFIX_SIMD,
  SIGNED_32,
  SIGNED_64,
  SIMD,
  TRY_TABLE,
  TWO_INDICES,
  VALUE_TYPES,
} from './opcodes.ts';

/** The alignment of a memory access has its memory's index behind it. */
const MEMARG_HAS_MEMORY = 0x40;
/** Clauses of try_table: 0 catch, 1 catch_ref (with a tag), 2 catch_all, 3 catch_all_ref. */
const CATCH_LAST = 3;
const CATCH_ALL = 2;

export class Instructions extends Reader {
  /** Where the instruction began. */
  start = 0;
  opcode = 0;
  /** The index or label that follows the opcode; the first of several. */
  index = 0;
  /** Labels of br_table (the default last) and try_table; the first {@link labelCount} count. */
  readonly labels: number[] = [];
  labelCount = 0;

  /** Stands at `at` from now on, with nothing to be read from `end`. */
  seek(at: number, end: number): void {
    this.at = at;
    this.end = end;
  }

  /** Fast for what code mostly is; an end that is overrun is noticed afterwards. */
  next(): void {
    const { bytes } = this;
    const start = this.at;
    const opcode = bytes[start] as number;
    this.start = start;
    this.opcode = opcode;
    this.at = start + 1;
    const immediates = PLAIN[opcode];
    if (immediates === INDEX) {
      const index = bytes[start + 1] as number;
      if (index < 0x80) {
        this.index = index;
        this.at = start + 2;
      } else this.index = this.u32();
    } else if (immediates === SIGNED_32 || immediates === SIGNED_64) {
      if ((bytes[start + 1] as number) < 0x80) this.at = start + 2;
      else this.#number(immediates === SIGNED_32 ? 5 : 10);
    } else if (immediates === MEMARG) {
      if ((bytes[start + 1] as number) < 0x40 && (bytes[start + 2] as number) < 0x80) {
        this.at = start + 3;
      } else this.#memarg();
    } else if (immediates !== NONE) {
      this.#skip(opcode < PREFIX_GC ? (immediates as number) : this.#prefixed(opcode));
    }
    if (this.at > this.end) this.fail('code ends in the middle of an instruction', start);
  }

  #prefixed(prefix: number): number {
    if (prefix === PREFIX_GC) {
      this.fail('uses garbage-collected types, whose memory cannot be bounded', this.start);
    }
    const sub = this.u32();
    this.opcode = sub < 0x100 ? (prefix << 8) | sub : (prefix << 16) | sub;
    if (prefix === PREFIX_SIMD) return SIMD[sub] ?? 0;
    if (prefix === PREFIX_MISC) return MISC[sub] ?? 0;
    return prefix === PREFIX_ATOMIC ? (ATOMIC[sub] ?? 0) : 0;
  }

  #skip(immediates: number): void {
    switch (immediates) {
      case NONE:
        return;
      case INDEX:
        this.index = this.u32();
        return;
      case TWO_INDICES:
        this.index = this.u32();
        this.u32();
        return;
      case MEMARG:
        this.#memarg();
        return;
      case BLOCK_TYPE:
        this.#blockType();
        return;
      default:
        this.#skipRare(immediates);
    }
  }

  #skipRare(immediates: number): void {
    switch (immediates) {
      case BYTE:
        this.skip(1);
        return;
      case BYTES_4:
        this.skip(4);
        return;
      case BYTES_8:
        this.skip(8);
        return;
      case BYTES_16:
        this.skip(16);
        return;
      case MEMARG_LANE:
        this.#memarg();
        this.skip(1);
        return;
      case LABELS:
        this.#readLabels();
        return;
      case VALUE_TYPES:
        for (let left = this.count(); left > 0; left--) this.valueType();
        return;
      case HEAP_TYPE:
        this.s33();
        return;
      case TRY_TABLE:
        this.#blockType();
        this.#readCatches();
        return;
      default:
        this.fail(`unknown instruction 0x${this.opcode.toString(16)}`, this.start);
    }
  }

  /** Steps over a signed number of at most `bytesMax` bytes. */
  #number(bytesMax: number): void {
    for (let i = 0; i < bytesMax; i++) if (this.byte() < 0x80) return;
    this.fail('number too long');
  }

  /** Offsets have 32 bits: memories with 64-bit addresses are refused before code is read. */
  #memarg(): void {
    const flags = this.u32();
    if (flags >= 2 * MEMARG_HAS_MEMORY) this.fail('malformed alignment', this.start);
    if ((flags & MEMARG_HAS_MEMORY) !== 0) this.u32();
    this.u32();
  }

  /** Empty (0x40), a value type, or the index of a function type. */
  #blockType(): void {
    const byte = this.bytes[this.at];
    if (byte === 0x63 || byte === 0x64) this.valueType();
    else this.s33();
  }

  /** Steps over a value type. */
  valueType(): void {
    const byte = this.byte();
    if (byte === 0x63 || byte === 0x64) this.s33();
    else if (byte < 0x40 || byte > 0x7f) this.fail('malformed value type', this.at - 1);
  }

  #readLabels(): void {
    const count = this.count() + 1;
    for (let i = 0; i < count; i++) this.labels[i] = this.u32();
    this.labelCount = count;
  }

  #readCatches(): void {
    const count = this.count(2);
    for (let i = 0; i < count; i++) {
      const kind = this.byte();
      if (kind > CATCH_LAST) this.fail('malformed catch clause', this.at - 1);
      if (kind < CATCH_ALL) this.u32();
      this.labels[i] = this.u32();
    }
    this.labelCount = count;
  }
}

/** Steps over a constant expression, its `end` included. */
export function skipConstant(reader: Instructions): void {
  do reader.next();
  while (reader.opcode !== OP.end);
}
