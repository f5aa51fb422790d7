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
import { addCounter, addExport, addFunctions, addTable, addTypes } from './added.ts';
import { isCodeMetadata, rewriteCode } from './code.ts';
import { START_BUDGET } from './costs.ts';
import { Instructions } from './instructions.ts';
import { findSections, rankOf, SECTION, type SectionPlace, type Survey, survey } from './survey.ts';
import { Writer } from './writer.ts';

export interface InstrumentRefusal {
  readonly reason: string;
}

const HEADER_BYTES = 8;

/**
 * The module with a counter, or why it cannot have one. Never throws. `startBudget`: what it may
 * count before the host is first asked.
 */
export function instrument(
  bytes: Uint8Array,
  startBudget: number = START_BUDGET,
): Uint8Array | InstrumentRefusal {
  if (!WebAssembly.validate(bytes)) return { reason: `is not valid: ${whyInvalid(bytes)}` };
  try {
    return rewrite(bytes, startBudget);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { reason: `${error.message} (at byte ${error.offset})` };
  }
}

function whyInvalid(bytes: Uint8Array): string {
  try {
    return `${new WebAssembly.Module(bytes)} is refused`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function rewrite(bytes: Uint8Array, startBudget: number): Uint8Array {
  const sections = findSections(bytes);
  const facts = survey(bytes, sections);
  const place = sections.find((one) => one.id === SECTION.code);
  if (place === undefined || facts.definedTypes.length === 0) return bytes;
  const code = rewriteCode(bytes, place, facts);
  const out = new Writer(code.content.length + code.hints.length + bytes.length);
  out.copy(bytes, 0, HEADER_BYTES);
  const add = additions(facts, code.blockTypes, startBudget);
  for (const section of sections) {
    if (section.id === SECTION.custom) {
      if (!isCodeMetadata(bytes, section)) out.copy(bytes, section.start, section.end);
      continue;
    }
    addMissing(out, add, rankOf(section.id));
    const append = add.get(section.id);
    add.delete(section.id);
    if (section.id === SECTION.code) {
      writeSection(out, SECTION.custom, code.hints);
      writeSection(out, SECTION.code, code.content);
    } else if (append === undefined) out.copy(bytes, section.start, section.end);
    else extend(out, bytes, section, append);
  }
  return out.written.slice();
}

/** Writes entries behind those of a section; how many. */
type Append = (out: Writer) => number;

/** By section, in the order of sections. */
function additions(
  facts: Survey,
  blocks: readonly Uint8Array[],
  startBudget: number,
): Map<number, Append> {
  return new Map<number, Append>([
    [SECTION.type, (out) => addTypes(out, blocks)],
    [SECTION.function, (out) => addFunctions(out, facts)],
    [SECTION.table, addTable],
    [SECTION.global, (out) => addCounter(out, startBudget)],
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
