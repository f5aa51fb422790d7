// Text and bytes on their way to the host and back. The host puts a result into memory that it has
// asked this module for (outside of the garbage collector's care); it is copied and given back.

/** Where the host announces a result: its address, its size, a number. */
const AT = memory.data(8);
const SIZE = AT + 4;
const NUMBER = memory.data(8);

export const atOut: usize = AT;
export const sizeOut: usize = SIZE;
export const numberOut: usize = NUMBER;

export const OK: u32 = 0;

export function allocate(size: usize): usize {
  return heap.alloc(size);
}

export function number(): u32 {
  return load<u32>(NUMBER);
}

export function number64(): u64 {
  return load<u64>(NUMBER);
}

/** The result of a call that has just given OK. */
export function takeBytes(): ArrayBuffer {
  const at = load<u32>(AT) as usize;
  const size = load<u32>(SIZE) as i32;
  const bytes = new ArrayBuffer(size);
  if (at == 0) return bytes;
  memory.copy(changetype<usize>(bytes), at, size);
  heap.free(at);
  return bytes;
}

export function takeText(): string {
  const at = load<u32>(AT) as usize;
  if (at == 0) return "";
  const text = String.UTF8.decodeUnsafe(at, load<u32>(SIZE));
  heap.free(at);
  return text;
}

export function utf8(text: string): ArrayBuffer {
  return String.UTF8.encode(text);
}

export function at(bytes: ArrayBuffer): usize {
  return changetype<usize>(bytes);
}

/** A name and a value of a header map. */
export class Field {
  constructor(public name: string, public value: string) {}
}

export function encodeFields(fields: Field[]): ArrayBuffer {
  const count = fields.length;
  if (count == 0) return new ArrayBuffer(0);
  let size = 4 + count * 8;
  for (let i = 0; i < count; i++) {
    size += String.UTF8.byteLength(fields[i].name) + String.UTF8.byteLength(fields[i].value) + 2;
  }
  const bytes = new ArrayBuffer(size);
  const start = changetype<usize>(bytes);
  store<u32>(start, count);
  let to = start + 4 + count * 8;
  for (let i = 0; i < count; i++) {
    const lengths = start + 4 + i * 8;
    const nameSize = writeText(to, fields[i].name);
    const valueSize = writeText(to + nameSize + 1, fields[i].value);
    store<u32>(lengths, nameSize as u32);
    store<u32>(lengths + 4, valueSize as u32);
    to += nameSize + valueSize + 2;
  }
  return bytes;
}

/** The byte behind it is 0, as new memory is. */
function writeText(to: usize, text: string): usize {
  return String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, to);
}

export function decodeFields(bytes: ArrayBuffer): Field[] {
  const fields: Field[] = [];
  if (bytes.byteLength < 4) return fields;
  const start = changetype<usize>(bytes);
  const count = load<u32>(start);
  let from = start + 4 + count * 8;
  for (let i: u32 = 0; i < count; i++) {
    const nameSize = load<u32>(start + 4 + i * 8);
    const valueSize = load<u32>(start + 8 + i * 8);
    const name = String.UTF8.decodeUnsafe(from, nameSize);
    const value = String.UTF8.decodeUnsafe(from + nameSize + 1, valueSize);
    fields.push(new Field(name, value));
    from += nameSize + valueSize + 2;
  }
  return fields;
}
