/**
 * Modules for tests, from a description of their sections. Code is given as bytes; the few
 * instructions that tests need have names in {@link op}.
 */

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64';

export interface Assembly {
  readonly types?: readonly {
    readonly params: readonly ValueType[];
    readonly results: readonly ValueType[];
  }[];
  /** Functions, by an index of `types`. */
  readonly imports?: readonly {
    readonly module: string;
    readonly name: string;
    readonly type: number;
  }[];
  readonly functions?: readonly { readonly type: number; readonly code: readonly number[] }[];
  readonly memory?: { readonly min: number; readonly max?: number };
  readonly exports?: readonly {
    readonly name: string;
    readonly kind?: 'function' | 'memory';
    readonly index: number;
  }[];
  readonly data?: readonly { readonly at: number; readonly bytes: Uint8Array }[];
  readonly customs?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

const VALUE_TYPES = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c } as const;

export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low + 128);
  } while (rest > 0);
  return bytes;
}

function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

export const op = {
  local: (index: number): number[] => [0x20, ...leb(index)],
  i32: (value: number): number[] => [0x41, ...signedLeb(value)],
  i64: (value: number): number[] => [0x42, ...signedLeb(value)],
  call: (index: number): number[] => [0x10, ...leb(index)],
  /** Stores the i32 on the stack at the address below it. */
  store: [0x36, 2, 0],
  load: [0x28, 2, 0],
  add: [0x6a],
  drop: [0x1a],
  unreachable: [0x00],
  end: [0x0b],
} as const;

export const name = (value: string): number[] => {
  const bytes = Buffer.from(value);
  return [...leb(bytes.length), ...bytes];
};

export const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...leb(content.length),
  ...content,
];

const list = (items: readonly (readonly number[])[]): number[] => [
  ...leb(items.length),
  ...items.flat(),
];

export const HEADER: readonly number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

export function assemble(assembly: Assembly): Uint8Array {
  const {
    types = [],
    imports = [],
    functions = [],
    exports = [],
    data = [],
    customs = [],
  } = assembly;
  const valueTypes = (values: readonly ValueType[]): number[] =>
    list(values.map((value) => [VALUE_TYPES[value]]));
  const bytes = [...HEADER];
  const add = (id: number, items: readonly (readonly number[])[]): void => {
    if (items.length > 0) bytes.push(...section(id, list(items)));
  };
  add(
    1,
    types.map((type) => [0x60, ...valueTypes(type.params), ...valueTypes(type.results)]),
  );
  add(
    2,
    imports.map((one) => [...name(one.module), ...name(one.name), 0, ...leb(one.type)]),
  );
  add(
    3,
    functions.map((one) => leb(one.type)),
  );
  if (assembly.memory !== undefined) {
    const { min, max } = assembly.memory;
    add(5, [max === undefined ? [0, ...leb(min)] : [1, ...leb(min), ...leb(max)]]);
  }
  add(
    7,
    exports.map((one) => [...name(one.name), one.kind === 'memory' ? 2 : 0, ...leb(one.index)]),
  );
  add(
    10,
    functions.map(({ code }) => [...leb(code.length + 2), 0, ...code, 0x0b]),
  );
  add(
    11,
    data.map((one) => [0, ...op.i32(one.at), 0x0b, ...leb(one.bytes.length), ...one.bytes]),
  );
  for (const custom of customs) bytes.push(...section(0, [...name(custom.name), ...custom.bytes]));
  return Uint8Array.from(bytes);
}
