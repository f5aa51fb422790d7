/**
 * Reads the sections of a .wasm file that say what it needs and offers: type, import, function,
 * memory, export and custom. The others are stepped over; V8 checks them when it compiles. Bytes
 * come from outside: anything malformed gives a {@link ModuleProblem} with its offset.
 */

import { FormatError, Reader } from './reader.ts';
import type {
  CustomSection,
  ExportShape,
  ExternKind,
  ImportShape,
  MemoryShape,
  ModuleProblem,
  ModuleShape,
} from './shape.ts';
import { readTypeSection, readValueType } from './types.ts';

const SECTION_TYPE = 1;
const SECTION_IMPORT = 2;
const SECTION_FUNCTION = 3;
const SECTION_MEMORY = 5;
const SECTION_EXPORT = 7;

const KINDS: readonly ExternKind[] = ['function', 'table', 'memory', 'global', 'tag'];
/** Highest section id of the specification (13: tags). */
const SECTION_LAST = 13;
const HEADER_BYTES = 8;

interface Draft {
  types: string[];
  /** Type text by function index, imported ones first. */
  functions: string[];
  imports: ImportShape[];
  exports: ExportShape[];
  memories: MemoryShape[];
  customs: CustomSection[];
}

/** Never throws. */
export function parseModule(bytes: Uint8Array): ModuleShape | ModuleProblem {
  try {
    return parse(bytes);
  } catch (error) {
    if (error instanceof FormatError) return { offset: error.offset, message: error.message };
    throw error;
  }
}

/** Why the first bytes are not those of a core module, or null. */
function checkHeader(bytes: Uint8Array): ModuleProblem | null {
  const magic = bytes[0] === 0x00 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
  if (!magic) return { offset: 0, message: 'not a WebAssembly module' };
  if (bytes.length < HEADER_BYTES) return { offset: bytes.length, message: 'unexpected end' };
  if (bytes[6] === 1 && bytes[7] === 0) {
    return { offset: 4, message: 'is a component: not served by this version' };
  }
  if (bytes[4] !== 1 || bytes[5] !== 0 || bytes[6] !== 0 || bytes[7] !== 0) {
    return { offset: 4, message: 'unknown version of the WebAssembly format' };
  }
  return null;
}

function parse(bytes: Uint8Array): ModuleShape | ModuleProblem {
  const header = checkHeader(bytes);
  if (header !== null) return header;
  const draft: Draft = {
    types: [],
    functions: [],
    imports: [],
    exports: [],
    memories: [],
    customs: [],
  };
  const seen = new Set<number>();
  const reader = new Reader(bytes, HEADER_BYTES);
  while (reader.left > 0) {
    const start = reader.at;
    const id = reader.byte();
    const size = reader.u32();
    if (size > reader.left) reader.fail(`section of ${size} bytes, ${reader.left} left`, start);
    if (id > SECTION_LAST) reader.fail(`unknown section ${id}`, start);
    if (id !== 0 && seen.has(id)) reader.fail(`section ${id} comes twice`, start);
    seen.add(id);
    const body = new Reader(bytes, reader.at, reader.at + size);
    if (readSection(draft, id, body) && body.left > 0) {
      body.fail(`section ${id} has ${body.left} bytes too many`);
    }
    reader.at = body.end;
  }
  return {
    imports: draft.imports,
    exports: draft.exports,
    memories: draft.memories,
    customs: draft.customs,
  };
}

/** True when the section was read and so has to be used up. */
function readSection(draft: Draft, id: number, reader: Reader): boolean {
  switch (id) {
    case 0: {
      const name = reader.name();
      draft.customs.push({ name, start: reader.at, end: reader.end });
      return false;
    }
    case SECTION_TYPE:
      draft.types = readTypeSection(reader);
      return true;
    case SECTION_IMPORT:
      readImports(draft, reader);
      return true;
    case SECTION_FUNCTION: {
      const count = reader.count();
      for (let i = 0; i < count; i++) draft.functions.push(readTypeUse(draft, reader));
      return true;
    }
    case SECTION_MEMORY: {
      const count = reader.count(2);
      for (let i = 0; i < count; i++) draft.memories.push(readMemory(reader, false));
      return true;
    }
    case SECTION_EXPORT:
      readExports(draft, reader);
      return true;
    default:
      return false;
  }
}

function readTypeUse(draft: Draft, reader: Reader): string {
  const start = reader.at;
  const index = reader.u32();
  const type = draft.types[index];
  if (type === undefined || type === '') return reader.fail(`no function type ${index}`, start);
  return type;
}

function readImports(draft: Draft, reader: Reader): void {
  const count = reader.count(4);
  for (let i = 0; i < count; i++) {
    const module = reader.name();
    const name = reader.name();
    const start = reader.at;
    const kind = KINDS[reader.byte()] ?? reader.fail('unknown kind of import', start);
    let signature = '';
    if (kind === 'function') {
      signature = readTypeUse(draft, reader);
      draft.functions.push(signature);
    } else if (kind === 'table') {
      readValueType(reader);
      readLimits(reader);
    } else if (kind === 'memory') draft.memories.push(readMemory(reader, true));
    else if (kind === 'global') {
      readValueType(reader);
      if (reader.byte() > 1) reader.fail('mutability is neither 0 nor 1', reader.at - 1);
    } else {
      reader.byte();
      readTypeUse(draft, reader);
    }
    draft.imports.push({ module, name, kind, signature });
  }
}

function readExports(draft: Draft, reader: Reader): void {
  const count = reader.count(3);
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const start = reader.at;
    const name = reader.name();
    if (names.has(name)) reader.fail(`"${name}" is exported twice`, start);
    names.add(name);
    const kind = KINDS[reader.byte()] ?? reader.fail('unknown kind of export');
    const index = reader.u32();
    let signature = '';
    if (kind === 'function') {
      signature = draft.functions[index] ?? reader.fail(`no function ${index}`, start);
    }
    draft.exports.push({ name, kind, signature });
  }
}

interface Limits {
  readonly min: number;
  readonly max: number;
  readonly shared: boolean;
}

function readMemory(reader: Reader, imported: boolean): MemoryShape {
  const limits = readLimits(reader);
  return { minPages: limits.min, maxPages: limits.max, shared: limits.shared, imported };
}

/** Flags: 1 a maximum, 2 shared, 4 64-bit addresses, 8 a page size of its own. */
function readLimits(reader: Reader): Limits {
  const start = reader.at;
  const flags = reader.byte();
  if (flags > 15) reader.fail(`unknown limit flags 0x${flags.toString(16)}`, start);
  const wide = (flags & 4) !== 0;
  const min = wide ? reader.u64() : reader.u32();
  const max = (flags & 1) === 0 ? -1 : wide ? reader.u64() : reader.u32();
  if (max !== -1 && max < min) reader.fail(`maximum ${max} is below minimum ${min}`, start);
  if ((flags & 8) !== 0) reader.u32();
  return { min, max, shared: (flags & 2) !== 0 };
}
