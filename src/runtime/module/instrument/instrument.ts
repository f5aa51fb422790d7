/**
 * Gives a module a CPU counter, before it is compiled: function entries and loop heads count down,
 * and below zero the host is called, which gives the next slice or ends the guest. V8 itself has no
 * way to interrupt WebAssembly on the thread it runs on.
 *
 * What is added stands behind what is there, so no index changes, and only sections that get an
 * entry and the bodies of functions are written anew; the rest is copied byte for byte. V8
 * validates the module first: what is inserted then keeps it valid, and nothing in it can name what
 * was added. The same bytes always give the same result.
 */

import { FormatError } from '../reader.ts';
import {
  addBodies,
  addCounter,
  addExport,
  addFunctions,
  addTable,
  addTypes,
  indicesOf,
} from './added.ts';
import { type BodyBounds, BodyWriter, type Signature } from './body.ts';
import { Instructions } from './instructions.ts';
import { FunctionPlan } from './plan.ts';
import { findSections, rankOf, SECTION, type SectionPlace, survey, type Survey } from './survey.ts';
import { Writer } from './writer.ts';

export interface InstrumentRefusal {
  readonly reason: string;
}

const HEADER_BYTES = 8;
const EMPTY_BLOCK = 0x40;
/** V8's bound on the size of one function. */
const FUNCTION_BYTES_MAX = 7_654_321;
/** Hints about branches name offsets in the code, which change. */
const CODE_METADATA = 'metadata.code.';

/** The module with a counter, or why it cannot have one. Never throws. */
export function instrument(bytes: Uint8Array): Uint8Array | InstrumentRefusal {
  if (!WebAssembly.validate(bytes)) return { reason: `is not valid: ${whyInvalid(bytes)}` };
  try {
    return rewrite(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { reason: `${error.message} (at byte ${error.offset})` };
  }
}

function whyInvalid(bytes: Uint8Array): string {
  try {
    new WebAssembly.Module(bytes);
    return 'V8 refuses it';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function rewrite(bytes: Uint8Array): Uint8Array {
  const sections = findSections(bytes);
  const facts = survey(bytes, sections);
  if (facts.definedTypes.length === 0) return bytes;
  const blocks = new BlockTypes(facts);
  const code = new Writer(bytes.length * 2);
  writeCode(code, bytes, sections, facts, blocks);
  const out = new Writer(code.length + bytes.length);
  out.copy(bytes, 0, HEADER_BYTES);
  const add = additions(facts, blocks);
  for (const place of sections) {
    if (place.id === SECTION.custom) {
      if (!isCodeMetadata(bytes, place)) out.copy(bytes, place.start, place.end);
      continue;
    }
    addMissing(out, add, rankOf(place.id));
    const append = add.get(place.id);
    add.delete(place.id);
    if (place.id === SECTION.code) writeSection(out, SECTION.code, code);
    else if (append === undefined) out.copy(bytes, place.start, place.end);
    else extend(out, bytes, place, append);
  }
  return out.written.slice();
}

/** Writes entries behind those of a section; how many. */
type Append = (out: Writer) => number;

/** By section, in the order of sections. */
function additions(facts: Survey, blocks: BlockTypes): Map<number, Append> {
  return new Map<number, Append>([
    [SECTION.type, (out) => addTypes(out, blocks.added)],
    [SECTION.function, (out) => addFunctions(out, facts)],
    [SECTION.table, addTable],
    [SECTION.global, addCounter],
    [SECTION.export, (out) => addExport(out, facts)],
  ]);
}

/** Sections the module does not have, before one of `rank`. */
function addMissing(out: Writer, add: Map<number, Append>, rank: number): void {
  for (const [id, append] of add) {
    if (rankOf(id) >= rank) return;
    const content = new Writer();
    const entries = new Writer();
    content.u32(append(entries));
    content.copy(entries.written);
    writeSection(out, id, content);
    add.delete(id);
  }
}

function extend(out: Writer, bytes: Uint8Array, place: SectionPlace, append: Append): void {
  const reader = new Instructions(bytes, place.body, place.end);
  const count = reader.u32();
  const entries = new Writer();
  const content = new Writer(place.end - place.body + 64);
  content.u32(count + append(entries));
  content.copy(bytes, reader.at, place.end);
  content.copy(entries.written);
  writeSection(out, place.id, content);
}

function writeSection(out: Writer, id: number, content: Writer): void {
  out.op(id, content.length);
  out.copy(content.written);
}

function isCodeMetadata(bytes: Uint8Array, place: SectionPlace): boolean {
  return new Instructions(bytes, place.body, place.end).name().startsWith(CODE_METADATA);
}

function writeCode(
  out: Writer,
  bytes: Uint8Array,
  sections: readonly SectionPlace[],
  facts: Survey,
  blocks: BlockTypes,
): void {
  const place = sections.find((one) => one.id === SECTION.code);
  if (place === undefined) return;
  const code = new Instructions(bytes, place.body, place.end);
  const body = new Writer(64 * 1024);
  const plan = new FunctionPlan(facts);
  const writer = new BodyWriter(body, indicesOf(facts));
  const bodies = new Writer(bytes.length);
  const count = code.u32();
  for (let i = 0; i < count; i++) {
    const end = code.u32() + code.at;
    const bounds = readBounds(code, end);
    plan.read(code);
    body.length = 0;
    writer.write(code, bounds, plan, blocks.signatureOf(facts.definedTypes[i] as number));
    if (body.length > FUNCTION_BYTES_MAX) {
      code.fail(`function ${facts.importedFunctions + i} is too long to be counted`, bounds.start);
    }
    bodies.u32(body.length);
    bodies.copy(body.written);
    code.seek(end, place.end);
  }
  out.u32(count + addBodies(bodies, facts));
  out.copy(bodies.written);
}

function readBounds(code: Instructions, end: number): BodyBounds {
  const start = code.at;
  code.seek(start, end);
  const groups = code.u32();
  const firstGroup = code.at;
  let locals = 0;
  for (let i = 0; i < groups; i++) {
    locals += code.u32();
    const type = code.byte();
    if (type === 0x63 || type === 0x64) code.s33();
  }
  return { start, groups, firstGroup, locals, first: code.at };
}

/** Types of blocks that stand for a whole function: those with several results need a type. */
class BlockTypes {
  /** Lists of results, as in a type section. */
  readonly added: Uint8Array[] = [];
  readonly #facts: Survey;
  readonly #signatures: Signature[] = [];
  readonly #known = new Map<string, Uint8Array>();

  constructor(facts: Survey) {
    this.#facts = facts;
  }

  signatureOf(type: number): Signature {
    let signature = this.#signatures[type];
    if (signature === undefined) {
      const { parameters, results, resultBytes } = this.#facts.typeFacts[type] as Survey['typeFacts'][number];
      const blockType = results === 0 ? Uint8Array.of(EMPTY_BLOCK) : results === 1 ? resultBytes.subarray(1) : this.#several(resultBytes);
      signature = { parameters, blockType };
      this.#signatures[type] = signature;
    }
    return signature;
  }

  #several(results: Uint8Array): Uint8Array {
    const key = results.join();
    let blockType = this.#known.get(key);
    if (blockType === undefined) {
      const out = new Writer();
      out.s32(this.#facts.types + 2 + this.added.length);
      blockType = out.written.slice();
      this.#known.set(key, blockType);
      this.added.push(results);
    }
    return blockType;
  }
}
