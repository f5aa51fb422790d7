/**
 * The code section written anew, in two rounds: every function is planned first, because whether
 * one counts itself depends on those it calls. Beside the code goes a section of hints that tells
 * V8 that the checks hardly ever branch: without it the engine keeps values out of registers around
 * each of them (WebAssembly branch hinting).
 */

import { ADDED_TYPES, addBodies, indicesOf } from './added.ts';
import { type BodyBounds, BodyWriter, type Signature } from './body.ts';
import { EditList } from './edit-list.ts';
import { Instructions } from './instructions.ts';
import { findLight } from './light.ts';
import { type FunctionPlan, Planner } from './plan.ts';
import type { SectionPlace, Survey, TypeFact } from './survey.ts';
import { Writer } from './writer.ts';

const EMPTY_BLOCK = Uint8Array.of(0x40);
/** V8's bound on the size of one function. */
const FUNCTION_BYTES_MAX = 7_654_321;
/** Names of custom sections whose content names offsets in the code, which change. */
const CODE_METADATA = 'metadata.code.';
const BRANCH_HINT = `${CODE_METADATA}branch_hint`;
const HINT_BYTES = 1;
const UNLIKELY = 0;

export interface RewrittenCode {
  /** Of the code section. */
  readonly content: Writer;
  /** Of the custom section with hints, which goes before it. */
  readonly hints: Writer;
  /** Lists of results, for types of blocks to be added. */
  readonly blockTypes: readonly Uint8Array[];
}

export function isCodeMetadata(bytes: Uint8Array, section: SectionPlace): boolean {
  const name = new Instructions(bytes, section.body, section.end).name();
  return name.startsWith(CODE_METADATA);
}

export function rewriteCode(
  bytes: Uint8Array,
  section: SectionPlace,
  facts: Survey,
): RewrittenCode {
  const code = new Instructions(bytes, section.body, section.end);
  const edits = new EditList();
  const { bounds, plans } = planAll(code, new Planner(facts, edits));
  const isLight = findLight(plans, facts.importedFunctions);
  const types = new BlockTypes(facts);
  const body = new Writer(64 * 1024);
  const writer = new BodyWriter(bytes, body, indicesOf(facts), edits);
  const bodies = new Writer(section.end - section.body);
  const hints = new Hints();
  for (const [i, place] of bounds.entries()) {
    if (isLight(i)) {
      bodies.u32(place.end - place.start);
      bodies.copy(bytes, place.start, place.end);
      continue;
    }
    const signature = types.signatureOf(facts.definedTypes[i] as number);
    body.length = 0;
    writer.write(place, plans[i] as FunctionPlan, signature);
    const index = facts.importedFunctions + i;
    if (body.length > FUNCTION_BYTES_MAX) {
      code.fail(`function ${index} is too long to be counted`, place.start);
    }
    bodies.u32(body.length);
    bodies.copy(body.written);
    hints.add(index, writer.branches);
  }
  const content = new Writer(bodies.length + 256);
  content.u32(bounds.length + addBodies(bodies, facts));
  content.copy(bodies.written);
  return { content, hints: hints.content(), blockTypes: types.added };
}

interface Planned {
  readonly bounds: BodyBounds[];
  readonly plans: FunctionPlan[];
}

function planAll(code: Instructions, planner: Planner): Planned {
  const sectionEnd = code.end;
  const bounds: BodyBounds[] = [];
  const plans: FunctionPlan[] = [];
  for (let left = code.count(); left > 0; left--) {
    const end = code.u32() + code.at;
    bounds.push(readBounds(code, end));
    plans.push(planner.plan(code));
    code.seek(end, sectionEnd);
  }
  return { bounds, plans };
}

/** Leaves `code` at the first instruction. */
function readBounds(code: Instructions, end: number): BodyBounds {
  const start = code.at;
  code.seek(start, end);
  const groups = code.u32();
  const firstGroup = code.at;
  let locals = 0;
  for (let i = 0; i < groups; i++) {
    locals += code.u32();
    code.valueType();
  }
  return { start, groups, firstGroup, locals, first: code.at, end };
}

/** Content of the custom section: for each function, where branches are that are hardly taken. */
class Hints {
  readonly #entries = new Writer();
  #count = 0;

  add(functionIndex: number, branches: readonly number[]): void {
    if (branches.length === 0) return;
    this.#count++;
    this.#entries.u32(functionIndex);
    this.#entries.u32(branches.length);
    for (const place of branches) {
      this.#entries.u32(place);
      this.#entries.two(HINT_BYTES, UNLIKELY);
    }
  }

  content(): Writer {
    const out = new Writer(this.#entries.length + 64);
    out.name(BRANCH_HINT);
    out.u32(this.#count);
    out.copy(this.#entries.written);
    return out;
  }
}

/** Types of blocks that stand for a whole function: several results need a type of their own. */
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
      const fact = this.#facts.typeFacts[type] as TypeFact;
      signature = { parameters: fact.parameters, blockType: this.#blockType(fact) };
      this.#signatures[type] = signature;
    }
    return signature;
  }

  #blockType({ results, resultBytes }: TypeFact): Uint8Array {
    if (results === 0) return EMPTY_BLOCK;
    if (results === 1) return resultBytes.subarray(1);
    const key = resultBytes.join();
    let blockType = this.#known.get(key);
    if (blockType === undefined) {
      const out = new Writer();
      out.s32(this.#facts.types + ADDED_TYPES + this.added.length);
      blockType = out.written.slice();
      this.#known.set(key, blockType);
      this.added.push(resultBytes);
    }
    return blockType;
  }
}
