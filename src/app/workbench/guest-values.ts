/** Arguments and results of host calls, read out of the guest's memory into what a trace shows. */

import { readPairs } from '../../runtime/proxy-wasm/pairs.ts';
import type { Argument, CallShape } from './call-shapes.ts';
import type { TraceValue, TraceValues } from './trace.ts';

/** Shown of one value; the rest is counted. */
const SHOWN_BYTES_MAX = 64 * 1024;

const MAPS = [
  'REQUEST_HEADERS',
  'REQUEST_TRAILERS',
  'RESPONSE_HEADERS',
  'RESPONSE_TRAILERS',
  'GRPC_INITIAL_METADATA',
  'GRPC_TRAILING_METADATA',
  'CALL_HEADERS',
  'CALL_TRAILERS',
];
const BUFFERS = [
  'REQUEST_BODY',
  'RESPONSE_BODY',
  'DOWNSTREAM_DATA',
  'UPSTREAM_DATA',
  'CALL_BODY',
  'GRPC_MESSAGE',
  'VM_CONFIGURATION',
  'PLUGIN_CONFIGURATION',
  'CALL_DATA',
];
const WORDS: Readonly<Record<string, readonly string[]>> = {
  map: MAPS,
  buffer: BUFFERS,
  level: ['trace', 'debug', 'info', 'warn', 'error', 'critical'],
  stream: ['REQUEST', 'RESPONSE', 'DOWNSTREAM', 'UPSTREAM'],
  metric: ['COUNTER', 'GAUGE', 'HISTOGRAM'],
};

const STATUSES: Readonly<Record<number, string>> = {
  0: 'OK',
  1: 'NOT_FOUND',
  2: 'BAD_ARGUMENT',
  3: 'SERIALIZATION_FAILURE',
  4: 'PARSE_FAILURE',
  6: 'INVALID_MEMORY_ACCESS',
  7: 'EMPTY',
  8: 'CAS_MISMATCH',
  10: 'INTERNAL_FAILURE',
  12: 'UNIMPLEMENTED',
};

export const STATUS_NAMES: readonly string[] = Object.values(STATUSES);

export function statusName(status: number): string {
  return STATUSES[status] ?? String(status);
}

export type WasmArgument = number | bigint;

const WIDE: ReadonlySet<string> = new Set(['text', 'bytes', 'path', 'pairs']);

/** What the guest hands in. */
export function readInputs(
  shape: CallShape,
  args: readonly WasmArgument[],
  memory: Buffer,
): TraceValues {
  const values: Record<string, TraceValue> = {};
  let at = 0;
  for (const { name, kind } of shape.inputs) {
    const first = args[at++] ?? 0;
    if (!WIDE.has(kind)) {
      values[name] = scalar(kind, first);
      continue;
    }
    values[name] = span(kind, Number(first) >>> 0, Number(args[at++] ?? 0) >>> 0, memory);
  }
  return values;
}

/** What the host has written where the last arguments say. */
export function readOutputs(
  shape: CallShape,
  args: readonly WasmArgument[],
  memory: Buffer,
): TraceValues {
  const values: Record<string, TraceValue> = {};
  let at = shape.inputs.reduce((sum, { kind }) => sum + (WIDE.has(kind) ? 2 : 1), 0);
  for (const output of shape.outputs) {
    const first = Number(args[at++] ?? 0) >>> 0;
    const second = WIDE.has(output.kind) ? Number(args[at++] ?? 0) >>> 0 : 0;
    const value = written(output, first, second, memory);
    if (value !== null) values[output.name] = value;
  }
  return values;
}

function written(
  { kind }: Argument,
  first: number,
  second: number,
  memory: Buffer,
): TraceValue | null {
  if (WIDE.has(kind)) {
    if (!fits(memory, first, 4) || !fits(memory, second, 4)) return null;
    return span(kind, memory.readUInt32LE(first), memory.readUInt32LE(second), memory);
  }
  if (kind === 'u64') {
    return fits(memory, first, 8) ? memory.readBigUInt64LE(first).toString() : null;
  }
  return fits(memory, first, 4) ? scalar(kind, memory.readUInt32LE(first)) : null;
}

function scalar(kind: string, value: WasmArgument): TraceValue {
  if (typeof value === 'bigint') return value.toString();
  return WORDS[kind]?.[value >>> 0] ?? value >>> 0;
}

function span(kind: string, at: number, size: number, memory: Buffer): TraceValue {
  if (!fits(memory, at, size)) return `outside of memory: ${size} bytes at ${at}`;
  if (kind === 'pairs') {
    const pairs = readPairs(memory, at, size);
    return pairs === null ? `no map: ${size} bytes` : pairsOf(pairs);
  }
  const bytes = memory.subarray(at, at + size);
  if (kind !== 'path') return bytesText(bytes);
  return bytes.toString('latin1').replace(/\0$/, '').replaceAll('\0', '.');
}

function fits(memory: Buffer, at: number, size: number): boolean {
  return at + size <= memory.length;
}

/** A flat list as a list of pairs. */
export function pairsOf(fields: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) {
    pairs.push([fields[i] as string, fields[i + 1] as string]);
  }
  return pairs;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** As text where it is UTF-8 without odd control characters, else `base64:...`. */
export function bytesText(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, SHOWN_BYTES_MAX);
  const rest = bytes.length - shown.length;
  const more = rest === 0 ? '' : `... and ${rest} bytes`;
  return `${textOf(shown) ?? `base64:${Buffer.from(shown).toString('base64')}`}${more}`;
}

function textOf(bytes: Uint8Array): string | null {
  try {
    const text = utf8.decode(bytes);
    // oxlint-disable-next-line no-control-regex -- these are what is looked for
    return /[\u0000-\u0008\u000e-\u001f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}
