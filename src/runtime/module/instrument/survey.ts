/**
 * What has to be known of a module before its code is rewritten: how many there are of each kind,
 * the types of its functions, and whether a function of the host may be reached through a table.
 * The module is valid: V8 has said so.
 */

import { type Counts, CPU_TABLE } from './added.ts';
import { Instructions, skipConstant } from './instructions.ts';
import { OP } from './opcodes.ts';
import type { CallCosts } from './plan.ts';

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** Sections in the order they have in a module; tags come before globals, data count before code. */
const ORDER: readonly number[] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6];

/** What a section may not come behind. */
export function rankOf(section: number): number {
  return ORDER[section] ?? 0;
}

const FUNCTION_TYPE = 0x60;
const GLOBAL_MUTABLE_MAX = 1;
const LIMIT_HAS_MAX = 1;
const LIMIT_WIDE = 4;
const LIMIT_PAGE_SIZE = 8;

export interface TypeFact {
  readonly parameters: number;
  readonly results: number;
  /** The list of results, as it stands in the type section. */
  readonly resultBytes: Uint8Array;
}

export interface Survey extends CallCosts, Counts {
  readonly typeFacts: readonly TypeFact[];
  /** Type index by defined function. */
  readonly definedTypes: readonly number[];
}

interface Draft {
  types: TypeFact[];
  definedTypes: number[];
  importedFunctions: number;
  importsEscape: boolean;
  tables: number;
  globals: number;
}

export interface SectionPlace {
  readonly id: number;
  /** Where its head begins, its content begins, and ends. */
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

const HEADER_BYTES = 8;

export function findSections(bytes: Uint8Array): SectionPlace[] {
  const reader = new Instructions(bytes, HEADER_BYTES);
  const places: SectionPlace[] = [];
  while (reader.left > 0) {
    const start = reader.at;
    const id = reader.byte();
    const size = reader.u32();
    const body = reader.at;
    reader.skip(size);
    places.push({ id, start, body, end: reader.at });
  }
  return places;
}

export function survey(bytes: Uint8Array, sections: readonly SectionPlace[]): Survey {
  const draft: Draft = {
    types: [],
    definedTypes: [],
    importedFunctions: 0,
    importsEscape: false,
    tables: 0,
    globals: 0,
  };
  for (const { id, body, end } of sections) {
    const reader = new Instructions(bytes, body, end);
    READERS[id]?.(draft, reader);
  }
  const { importedFunctions, importsEscape, tables, globals } = draft;
  return {
    typeFacts: draft.types,
    definedTypes: draft.definedTypes,
    importedFunctions,
    importsEscape,
    types: draft.types.length,
    functions: importedFunctions + draft.definedTypes.length,
    tables,
    globals,
  };
}

const READERS: Readonly<Record<number, (draft: Draft, reader: Instructions) => void>> = {
  [SECTION.type]: readTypes,
  [SECTION.import]: readImports,
  [SECTION.function]: (draft, reader) => {
    for (let left = reader.count(); left > 0; left--) draft.definedTypes.push(reader.u32());
  },
  [SECTION.table]: (draft, reader) => {
    draft.tables += reader.count();
  },
  [SECTION.memory]: (_draft, reader) => {
    for (let left = reader.count(); left > 0; left--) skipLimits(reader);
  },
  [SECTION.global]: readGlobals,
  [SECTION.export]: readExports,
  [SECTION.element]: readElements,
};

function readTypes(draft: Draft, reader: Instructions): void {
  for (let left = reader.count(); left > 0; left--) {
    const form = reader.byte();
    if (form !== FUNCTION_TYPE) {
      reader.fail('uses garbage-collected types, whose memory cannot be bounded', reader.at - 1);
    }
    const parameters = skipValueTypes(reader);
    const start = reader.at;
    const results = skipValueTypes(reader);
    const resultBytes = reader.bytes.subarray(start, reader.at);
    draft.types.push({ parameters, results, resultBytes });
  }
}

function skipValueTypes(reader: Instructions): number {
  const count = reader.count();
  for (let i = 0; i < count; i++) reader.valueType();
  return count;
}

function skipLimits(reader: Instructions): void {
  const start = reader.at;
  const flags = reader.byte();
  if ((flags & LIMIT_WIDE) !== 0) reader.fail('uses 64-bit addresses: build it for wasm32', start);
  reader.u32();
  if ((flags & LIMIT_HAS_MAX) !== 0) reader.u32();
  if ((flags & LIMIT_PAGE_SIZE) !== 0) reader.u32();
}

function readImports(draft: Draft, reader: Instructions): void {
  for (let left = reader.count(); left > 0; left--) {
    reader.skip(reader.count());
    reader.skip(reader.count());
    const start = reader.at;
    switch (reader.byte()) {
      case 0:
        reader.u32();
        draft.importedFunctions++;
        break;
      case 1:
        reader.valueType();
        skipLimits(reader);
        draft.tables++;
        draft.importsEscape = true;
        break;
      case 2:
        skipLimits(reader);
        break;
      case 3:
        reader.valueType();
        reader.skip(GLOBAL_MUTABLE_MAX);
        draft.globals++;
        break;
      case 4:
        reader.skip(1);
        reader.u32();
        break;
      default:
        reader.fail('unknown kind of import', start);
    }
  }
}

function readGlobals(draft: Draft, reader: Instructions): void {
  const count = reader.count();
  for (let i = 0; i < count; i++) {
    reader.valueType();
    reader.skip(1);
    noteConstant(draft, reader);
  }
  draft.globals += count;
}

function readExports(draft: Draft, reader: Instructions): void {
  for (let left = reader.count(); left > 0; left--) {
    const start = reader.at;
    if (reader.name() === CPU_TABLE) {
      reader.fail(`exports "${CPU_TABLE}", a name that is reserved`, start);
    }
    const kind = reader.byte();
    const index = reader.u32();
    if (kind === 0) noteFunction(draft, index);
  }
}

const PASSIVE = 1;
const EXPLICIT = 2;
const EXPRESSIONS = 4;

/** The eight forms of an element segment. */
function readElements(draft: Draft, reader: Instructions): void {
  for (let left = reader.count(); left > 0; left--) {
    const flags = reader.u32();
    if ((flags & PASSIVE) === 0) {
      if ((flags & EXPLICIT) !== 0) reader.u32();
      skipConstant(reader);
    }
    const expressions = (flags & EXPRESSIONS) !== 0;
    if ((flags & (PASSIVE | EXPLICIT)) !== 0) {
      if (expressions) reader.valueType();
      else reader.skip(1);
    }
    for (let items = reader.count(); items > 0; items--) {
      if (expressions) noteConstant(draft, reader);
      else noteFunction(draft, reader.u32());
    }
  }
}

function noteFunction(draft: Draft, index: number): void {
  if (index < draft.importedFunctions) draft.importsEscape = true;
}

function noteConstant(draft: Draft, reader: Instructions): void {
  do {
    reader.next();
    if (reader.opcode === OP.refFunc) noteFunction(draft, reader.index);
  } while (reader.opcode !== OP.end);
}
