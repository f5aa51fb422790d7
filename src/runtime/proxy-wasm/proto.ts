/** As much of the protobuf wire format as foreign functions and gRPC targets need. */

/** A field's last value: bytes where it is length-delimited, else a number; undefined where it is absent or the message is malformed. */
export function protoField(message: Uint8Array, wanted: number): Uint8Array | number | undefined {
  const cursor: Cursor = { bytes: message, at: 0 };
  let found: Uint8Array | number | undefined;
  while (cursor.at < message.length) {
    const tag = varint(cursor);
    if (tag < 8) return undefined;
    const value = fieldValue(cursor, tag % 8);
    if (value === undefined) return undefined;
    if (Math.floor(tag / 8) === wanted) found = value;
  }
  return found;
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** -1 where it does not end. */
function varint(cursor: Cursor): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) return -1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
  return -1;
}

function fieldValue(cursor: Cursor, wireType: number): Uint8Array | number | undefined {
  if (wireType === 0) {
    const value = varint(cursor);
    return value < 0 ? undefined : value;
  }
  const length = wireType === 2 ? varint(cursor) : wireType === 1 ? 8 : wireType === 5 ? 4 : -1;
  if (length < 0 || cursor.at + length > cursor.bytes.length) return undefined;
  const value = cursor.bytes.subarray(cursor.at, cursor.at + length);
  cursor.at += length;
  return value;
}

/** A message of length-delimited fields, in the order given; empty ones are left out. */
export function protoMessage(
  ...fields: readonly (readonly [number: number, bytes: Uint8Array])[]
): Uint8Array {
  const parts: number[] = [];
  for (const [number, bytes] of fields) {
    if (bytes.length === 0) continue;
    writeVarint(parts, number * 8 + 2);
    writeVarint(parts, bytes.length);
    for (const byte of bytes) parts.push(byte);
  }
  return Uint8Array.from(parts);
}

function writeVarint(parts: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    parts.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  parts.push(rest);
}
