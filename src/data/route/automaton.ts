/**
 * A regular expression as a finished table: one array read a character, nothing to try twice, so
 * the time of a test depends on the subject's length alone, whatever the pattern or the subject.
 *
 * The RE2 parser and compiler come from re2js; this file only turns its program (a set of
 * instructions, each reading one code point) into a deterministic table by the subset
 * construction, wholly and at once. A pattern whose table would be too large is refused when the
 * configuration is read, which a lazy construction could only find out during a request.
 *
 * Anchored at both ends. Assertions (^ $ \b \B and their like) look one character back and one
 * ahead: a state remembers the kind of the last character, and they are decided on the next step.
 */

import { fromWire } from './wire-text.ts';

/** An instruction of re2js; `arg` is the other branch, or the assertions asked for. */
interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: Int32Array;
  matchRune(rune: number): boolean;
}

/** What is read of a compiled re2js pattern. */
export interface Program {
  readonly start: number;
  readonly instructions: readonly Instruction[];
  /** Where, in rising order, a code point may begin to behave differently from its predecessor. */
  readonly bounds: Int32Array;
}

const OP_ALT = 1;
const OP_ALT_MATCH = 2;
const OP_CAPTURE = 3;
const OP_ASSERT = 4;
const OP_MATCH = 6;
const OP_NOP = 7;
const OP_RUNE_FIRST = 8;
const OP_RUNE_LAST = 11;

const BEGIN_LINE = 1;
const END_LINE = 2;
const BEGIN_TEXT = 4;
const END_TEXT = 8;
const WORD_BOUNDARY = 16;
const NO_WORD_BOUNDARY = 32;

/** Kinds of neighbours an assertion can tell apart. */
const EDGE = 0;
const WORD = 1;
const NEWLINE = 2;
const OTHER = 3;

const NEWLINE_CODE = 10;
const ASCII_CODES = 128;

/** Cells of one table; 2 bytes each, so a pattern takes 128 KiB at most. */
const CELLS_MAX = 65_536;
/** Instructions visited while a table is made; some tens of ms. */
const VISITS_MAX = 2_000_000;

/** Tests subjects in the form heads have: one char a byte. */
export class Automaton {
  /** Class of each ASCII code. */
  readonly #ascii: Uint16Array;
  readonly #bounds: Int32Array;
  readonly #classOfRange: Uint16Array;
  /** Rows of `width` cells: the next row's offset for each class, then 1 if the text may end here. */
  readonly #cells: Uint16Array;
  readonly #width: number;
  readonly #start: number;

  constructor(classes: Classes, cells: Uint16Array, start: number) {
    this.#bounds = classes.bounds;
    this.#classOfRange = classes.ofRange;
    this.#width = classes.kinds.length + 1;
    this.#cells = cells;
    this.#start = start;
    this.#ascii = new Uint16Array(ASCII_CODES);
    for (let code = 0; code < ASCII_CODES; code++) this.#ascii[code] = this.#classOf(code);
  }

  /** Whether the whole of `subject` matches. */
  test(subject: string): boolean {
    const cells = this.#cells;
    const ascii = this.#ascii;
    let row = this.#start;
    for (let i = 0; i < subject.length; i++) {
      const code = subject.charCodeAt(i);
      if (code >= ASCII_CODES) return this.#testText(fromWire(subject));
      row = cells[row + (ascii[code] as number)] as number;
      if (row === 0) return false;
    }
    return cells[row + this.#width - 1] === 1;
  }

  #testText(text: string): boolean {
    const cells = this.#cells;
    let row = this.#start;
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i) as number;
      if (code > 0xffff) i++;
      row = cells[row + this.#classOf(code)] as number;
      if (row === 0) return false;
    }
    return cells[row + this.#width - 1] === 1;
  }

  #classOf(code: number): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#bounds[middle] as number) <= code) low = middle + 1;
      else high = middle;
    }
    return this.#classOfRange[low] as number;
  }
}

/** Code points that no instruction and no assertion tells apart share a class. */
interface Classes {
  readonly bounds: Int32Array;
  readonly ofRange: Uint16Array;
  /** A code point of each class. */
  readonly samples: readonly number[];
  readonly kinds: readonly number[];
}

/** The table of a program, or null when it would be too large. */
export function determinize(program: Program): Automaton | null {
  const classes = classify(program);
  const width = classes.kinds.length + 1;
  const subsets = new Subsets(program);
  const rows: Uint16Array[] = [new Uint16Array(width)];
  const start = subsets.rowOf([program.start], EDGE);
  for (let row = 1; row <= subsets.count; row++) {
    if ((row + 1) * width > CELLS_MAX) return null;
    const cells = new Uint16Array(width);
    for (let index = 0; index < classes.kinds.length; index++) {
      const next = subsets.step(
        row,
        classes.samples[index] as number,
        classes.kinds[index] as number,
      );
      cells[index] = next * width;
    }
    cells[width - 1] = subsets.accepts(row) ? 1 : 0;
    if (subsets.visits > VISITS_MAX) return null;
    rows.push(cells);
  }
  const table = new Uint16Array(rows.length * width);
  for (const [row, cells] of rows.entries()) table.set(cells, row * width);
  return new Automaton(classes, table, start * width);
}

/** Sets of instructions, each a row of the table to be. Row 0 is the empty set: no way to match. */
class Subsets {
  readonly #instructions: readonly Instruction[];
  readonly #asserts: boolean;
  readonly #rows = new Map<string, number>();
  readonly #sets: (readonly number[])[] = [[]];
  readonly #before: number[] = [EDGE];
  /** Equal to the current mark: already in the set being built. */
  readonly #marks: Uint32Array;
  #mark = 0;
  /** Instructions looked at so far. */
  visits = 0;

  constructor(program: Program) {
    this.#instructions = program.instructions;
    this.#asserts = program.instructions.some((instruction) => instruction.op === OP_ASSERT);
    this.#marks = new Uint32Array(program.instructions.length);
  }

  get count(): number {
    return this.#sets.length - 1;
  }

  rowOf(entries: readonly number[], before: number): number {
    const set = this.#closure(entries, 0);
    if (set.length === 0) return 0;
    const known = this.#asserts ? before : EDGE;
    const key = `${known}:${set.join()}`;
    const found = this.#rows.get(key);
    if (found !== undefined) return found;
    const row = this.#sets.push(set) - 1;
    this.#before.push(known);
    this.#rows.set(key, row);
    return row;
  }

  step(row: number, sample: number, kind: number): number {
    const out: number[] = [];
    for (const index of this.#decided(row, kind)) {
      const instruction = this.#instructions[index] as Instruction;
      if (instruction.op >= OP_RUNE_FIRST && instruction.matchRune(sample)) {
        out.push(instruction.out);
      }
    }
    return out.length === 0 ? 0 : this.rowOf(out, kind);
  }

  accepts(row: number): boolean {
    return this.#decided(row, EDGE).some(
      (index) => (this.#instructions[index] as Instruction).op === OP_MATCH,
    );
  }

  /** The row's set with the assertions that hold before a character of kind `after` passed. */
  #decided(row: number, after: number): readonly number[] {
    const set = this.#sets[row] as readonly number[];
    this.visits += set.length;
    if (!this.#asserts) return set;
    return this.#closure(set, assertionsBetween(this.#before[row] as number, after));
  }

  /** What can be reached without reading; branches are followed and left out, the rest is sorted. */
  #closure(entries: readonly number[], holding: number): readonly number[] {
    const mark = ++this.#mark;
    const set: number[] = [];
    const pending = [...entries];
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (this.#marks[index] === mark) continue;
      this.#marks[index] = mark;
      this.visits++;
      const { op, out, arg } = this.#instructions[index] as Instruction;
      if (op === OP_ALT || op === OP_ALT_MATCH) pending.push(arg, out);
      else if (op === OP_NOP || op === OP_CAPTURE) pending.push(out);
      else if (op === OP_MATCH || (op >= OP_RUNE_FIRST && op <= OP_RUNE_LAST)) set.push(index);
      else if (op === OP_ASSERT) {
        set.push(index);
        if ((arg & ~holding) === 0) pending.push(out);
      }
    }
    return set.sort((a, b) => a - b);
  }
}

function classify(program: Program): Classes {
  const asserts = program.instructions.some((instruction) => instruction.op === OP_ASSERT);
  const readers = distinctReaders(program.instructions);
  const bounds = program.bounds;
  const ofRange = new Uint16Array(bounds.length + 1);
  const known = new Map<string, number>();
  const samples: number[] = [];
  const kinds: number[] = [];
  for (let range = 0; range <= bounds.length; range++) {
    const sample = range === 0 ? 0 : (bounds[range - 1] as number);
    const kind = asserts ? kindOf(sample) : OTHER;
    let signature = String(kind);
    for (const reader of readers) signature += reader.matchRune(sample) ? '1' : '0';
    let index = known.get(signature);
    if (index === undefined) {
      index = samples.push(sample) - 1;
      kinds.push(kind);
      known.set(signature, index);
    }
    ofRange[range] = index;
  }
  return { bounds, ofRange, samples, kinds };
}

/** Counted repeats copy their instruction; one of each is enough to tell code points apart. */
function distinctReaders(instructions: readonly Instruction[]): readonly Instruction[] {
  const known = new Map<string, Instruction>();
  for (const instruction of instructions) {
    if (instruction.op < OP_RUNE_FIRST || instruction.op > OP_RUNE_LAST) continue;
    known.set(`${instruction.op}:${instruction.arg}:${instruction.runes.join()}`, instruction);
  }
  return [...known.values()];
}

/** RE2's word characters are ASCII only. */
function kindOf(code: number): number {
  if (code === NEWLINE_CODE) return NEWLINE;
  const word =
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x5f ||
    (code >= 0x61 && code <= 0x7a);
  return word ? WORD : OTHER;
}

function assertionsBetween(before: number, after: number): number {
  let holding = (before === WORD) === (after === WORD) ? NO_WORD_BOUNDARY : WORD_BOUNDARY;
  if (before === EDGE) holding |= BEGIN_TEXT | BEGIN_LINE;
  if (before === NEWLINE) holding |= BEGIN_LINE;
  if (after === EDGE) holding |= END_TEXT | END_LINE;
  if (after === NEWLINE) holding |= END_LINE;
  return holding;
}
