/**
 * What follows each opcode in the code section (WebAssembly core specification, chapter 5.4, and
 * the binary formats of the proposals that engines ship: sign extension, saturating conversions,
 * bulk memory, reference types, SIMD and relaxed SIMD, threads, tail calls, exceptions in both
 * forms, typed function references). An opcode that is not here has no known length, so that
 * whoever walks over code must stop at it.
 */

/** Kinds of immediates. */
export const NONE = 1;
/** One unsigned number: an index of whatever, or a label. */
export const INDEX = 2;
export const TWO_INDICES = 3;
export const BLOCK_TYPE = 4;
export const MEMARG = 5;
export const MEMARG_LANE = 6;
export const BYTE = 7;
export const BYTES_4 = 8;
export const BYTES_8 = 9;
export const BYTES_16 = 10;
export const SIGNED_32 = 11;
export const SIGNED_64 = 12;
export const LABELS = 13;
export const VALUE_TYPES = 14;
export const HEAP_TYPE = 15;
export const TRY_TABLE = 16;

/** Opcodes that are told apart; prefixed ones have the prefix above their own number. */
export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  delegate: 0x18,
  catchAll: 0x19,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32LtS: 0x48,
  i32Sub: 0x6b,
  i32ShrU: 0x76,
  refFunc: 0xd2,
  brOnNull: 0xd5,
  brOnNonNull: 0xd6,
  memoryInit: 0xfc08,
  memoryCopy: 0xfc0a,
  memoryFill: 0xfc0b,
  tableInit: 0xfc0c,
  tableCopy: 0xfc0e,
  tableGrow: 0xfc0f,
  tableFill: 0xfc11,
} as const;

export const PREFIX_GC = 0xfb;
export const PREFIX_MISC = 0xfc;
export const PREFIX_SIMD = 0xfd;
export const PREFIX_ATOMIC = 0xfe;

type Range = readonly [first: number, last: number, immediates: number];

function table(size: number, ranges: readonly Range[]): Uint8Array {
  const kinds = new Uint8Array(size);
  for (const [first, last, immediates] of ranges) kinds.fill(immediates, first, last + 1);
  return kinds;
}

/** Immediates by opcode; 0: unknown. */
export const PLAIN: Uint8Array = table(256, [
  [0x00, 0x01, NONE],
  [0x02, 0x04, BLOCK_TYPE],
  [0x05, 0x05, NONE],
  [0x06, 0x06, BLOCK_TYPE],
  [0x07, 0x09, INDEX],
  [0x0a, 0x0b, NONE],
  [0x0c, 0x0d, INDEX],
  [0x0e, 0x0e, LABELS],
  [0x0f, 0x0f, NONE],
  [0x10, 0x10, INDEX],
  [0x11, 0x11, TWO_INDICES],
  [0x12, 0x12, INDEX],
  [0x13, 0x13, TWO_INDICES],
  [0x14, 0x15, INDEX],
  [0x18, 0x18, INDEX],
  [0x19, 0x1b, NONE],
  [0x1c, 0x1c, VALUE_TYPES],
  [0x1f, 0x1f, TRY_TABLE],
  [0x20, 0x26, INDEX],
  [0x28, 0x3e, MEMARG],
  [0x3f, 0x40, INDEX],
  [0x41, 0x41, SIGNED_32],
  [0x42, 0x42, SIGNED_64],
  [0x43, 0x43, BYTES_4],
  [0x44, 0x44, BYTES_8],
  [0x45, 0xc4, NONE],
  [0xd0, 0xd0, HEAP_TYPE],
  [0xd1, 0xd1, NONE],
  [0xd2, 0xd2, INDEX],
  [0xd4, 0xd4, NONE],
  [0xd5, 0xd6, INDEX],
]);

/** After 0xFC. */
export const MISC: Uint8Array = table(0x12, [
  [0x00, 0x07, NONE],
  [0x08, 0x08, TWO_INDICES],
  [0x09, 0x09, INDEX],
  [0x0a, 0x0a, TWO_INDICES],
  [0x0b, 0x0b, INDEX],
  [0x0c, 0x0c, TWO_INDICES],
  [0x0d, 0x0d, INDEX],
  [0x0e, 0x0e, TWO_INDICES],
  [0x0f, 0x11, INDEX],
]);

/** After 0xFD: the numbers left out are those that no proposal has taken. */
export const SIMD: Uint8Array = table(0x114, [
  [0x00, 0x0b, MEMARG],
  [0x0c, 0x0d, BYTES_16],
  [0x0e, 0x14, NONE],
  [0x15, 0x22, BYTE],
  [0x23, 0x53, NONE],
  [0x54, 0x5b, MEMARG_LANE],
  [0x5c, 0x5d, MEMARG],
  [0x5e, 0x99, NONE],
  [0x9b, 0xa1, NONE],
  [0xa3, 0xa4, NONE],
  [0xa7, 0xae, NONE],
  [0xb1, 0xb1, NONE],
  [0xb5, 0xba, NONE],
  [0xbc, 0xc1, NONE],
  [0xc3, 0xc4, NONE],
  [0xc7, 0xce, NONE],
  [0xd1, 0xd1, NONE],
  [0xd5, 0xe1, NONE],
  [0xe3, 0xed, NONE],
  [0xef, 0x113, NONE],
]);

/** After 0xFE. */
export const ATOMIC: Uint8Array = table(0x4f, [
  [0x00, 0x02, MEMARG],
  [0x03, 0x03, BYTE],
  [0x10, 0x4e, MEMARG],
]);

/** Instructions that end, branch, call or take long; all others are simple. */
const COMPLEX_NAMES =
  'unreachable block loop if else try catch throw rethrow throwRef end br brIf brTable return call ' +
  'callIndirect returnCall returnCallIndirect callRef returnCallRef delegate catchAll tryTable ' +
  'memoryGrow brOnNull brOnNonNull memoryInit memoryCopy memoryFill tableInit tableCopy ' +
  'tableGrow tableFill';

const COMPLEX: ReadonlySet<number> = new Set(
  COMPLEX_NAMES.split(' ').map((name) => OP[name as keyof typeof OP]),
);

const SIMPLE: Uint8Array = Uint8Array.from({ length: 256 }, (_, opcode) =>
  COMPLEX.has(opcode) ? 0 : 1,
);

export function isSimple(opcode: number): boolean {
  return opcode < 256 ? SIMPLE[opcode] === 1 : !COMPLEX.has(opcode);
}
