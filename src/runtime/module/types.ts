/**
 * The type section: function types as text. Types of the garbage collection proposal are read over
 * so that modules of languages that use them can be looked at too.
 */

import type { Reader } from './reader.ts';

const VALUE_TYPES: ReadonlyMap<number, string> = new Map([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
  [0x7d, 'f32'],
  [0x7c, 'f64'],
  [0x7b, 'v128'],
  [0x78, 'i8'],
  [0x77, 'i16'],
  [0x74, 'noexn'],
  [0x73, 'nofunc'],
  [0x72, 'noextern'],
  [0x71, 'none'],
  [0x70, 'funcref'],
  [0x6f, 'externref'],
  [0x6e, 'anyref'],
  [0x6d, 'eqref'],
  [0x6c, 'i31ref'],
  [0x6b, 'structref'],
  [0x6a, 'arrayref'],
  [0x69, 'exnref'],
]);

/** A value or storage type; a typed reference as `(ref 3)` or `(ref null 3)`. */
export function readValueType(reader: Reader): string {
  const start = reader.at;
  const code = reader.byte();
  if (code === 0x63 || code === 0x64) return `(ref ${code === 0x63 ? 'null ' : ''}${reader.s33()})`;
  return VALUE_TYPES.get(code) ?? reader.fail(`unknown value type 0x${code.toString(16)}`, start);
}

/** One entry a type index: `(i32)->i32`, or '' where the type is no function. */
export function readTypeSection(reader: Reader): string[] {
  const types: string[] = [];
  const count = reader.count();
  for (let i = 0; i < count; i++) {
    const form = reader.byte();
    if (form !== 0x4e) {
      types.push(readSubType(reader, form));
      continue;
    }
    const members = reader.count();
    for (let j = 0; j < members; j++) types.push(readSubType(reader, reader.byte()));
  }
  return types;
}

function readSubType(reader: Reader, form: number): string {
  if (form !== 0x50 && form !== 0x4f) return readCompositeType(reader, form);
  const supertypes = reader.count();
  for (let i = 0; i < supertypes; i++) reader.u32();
  return readCompositeType(reader, reader.byte());
}

function readCompositeType(reader: Reader, form: number): string {
  switch (form) {
    case 0x60:
      return readFunctionType(reader);
    case 0x5f: {
      const fields = reader.count(2);
      for (let i = 0; i < fields; i++) readFieldType(reader);
      return '';
    }
    case 0x5e:
      readFieldType(reader);
      return '';
    default:
      return reader.fail(`unknown type form 0x${form.toString(16)}`, reader.at - 1);
  }
}

function readFieldType(reader: Reader): void {
  readValueType(reader);
  if (reader.byte() > 1) reader.fail('mutability is neither 0 nor 1', reader.at - 1);
}

function readFunctionType(reader: Reader): string {
  const parameters = readValueTypes(reader);
  const results = readValueTypes(reader);
  return `(${parameters.join(',')})->${results.length === 1 ? results[0] : `(${results.join(',')})`}`;
}

function readValueTypes(reader: Reader): string[] {
  const types: string[] = [];
  const count = reader.count();
  for (let i = 0; i < count; i++) types.push(readValueType(reader));
  return types;
}
