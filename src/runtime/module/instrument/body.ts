/**
 * Writes a function with what its plan inserts. The counter is a global; a function with a loop
 * that calls nothing keeps it in a local, and puts it back wherever someone else may look: before
 * calls, and where it ends. Everything inserted leaves the stack as it was, so that the module
 * stays as valid as it is.
 */

import type { Instructions } from './instructions.ts';
import { OP } from './opcodes.ts';
import {
  EDIT_AFTER_CALL,
  EDIT_BEFORE_CALL,
  EDIT_CHECK,
  EDIT_LEAVE,
  type FunctionPlan,
} from './plan.ts';
import type { Writer } from './writer.ts';

const EMPTY = 0x40;
const I32 = 0x7f;
/** V8's bound on parameters and locals of a function. */
const LOCALS_MAX = 50_000;

/** Indices of what is added to the module. */
export interface Added {
  /** Global: what is left of the slice. */
  readonly counter: number;
  /** Function: asks the host, gives the next slice. */
  readonly look: number;
  /** Function: counts a bulk instruction, gives its size back. */
  readonly meter: number;
}

/** Of a function's type: how many parameters, and its results as a block type. */
export interface Signature {
  readonly parameters: number;
  readonly blockType: Uint8Array;
}

/** Where the counter is while a function runs. */
const IN_GLOBAL = -1;

export class BodyWriter {
  readonly #out: Writer;
  readonly #added: Added;
  /** Local that holds the counter, or {@link IN_GLOBAL}. */
  #local = IN_GLOBAL;

  constructor(out: Writer, added: Added) {
    this.#out = out;
    this.#added = added;
  }

  /** `code` has been read to its end; `start` is that of the body, `first` of its instructions. */
  write(code: Instructions, bounds: BodyBounds, plan: FunctionPlan, signature: Signature): void {
    const out = this.#out;
    const { bytes, end } = code;
    if (plan.isLeaf) {
      out.copy(bytes, bounds.start, end);
      return;
    }
    this.#writeLocals(code, bounds, plan, signature.parameters);
    this.#enter(plan.weight);
    const wrapped = plan.branchesOut && this.#local !== IN_GLOBAL;
    if (wrapped) {
      out.byte(OP.block);
      out.copy(signature.blockType);
    }
    let copied = bounds.first;
    for (let i = 0; i < plan.count; i++) {
      const place = plan.places[i] as number;
      out.copy(bytes, copied, place);
      copied = place;
      this.#edit(plan.kinds[i] as number, plan.values[i] as number);
    }
    out.copy(bytes, copied, end - 1);
    if (wrapped) out.byte(OP.end);
    this.#store(0);
    out.byte(OP.end);
  }

  #writeLocals(
    code: Instructions,
    bounds: BodyBounds,
    plan: FunctionPlan,
    parameters: number,
  ): void {
    const out = this.#out;
    const index = parameters + bounds.locals;
    const held = plan.tightLoop && !plan.catches && index < LOCALS_MAX;
    this.#local = held ? index : IN_GLOBAL;
    if (!held) {
      out.copy(code.bytes, bounds.start, bounds.first);
      return;
    }
    out.u32(bounds.groups + 1);
    out.copy(code.bytes, bounds.firstGroup, bounds.first);
    out.two(1, I32);
  }

  #enter(weight: number): void {
    if (this.#local === IN_GLOBAL) {
      this.#check(weight);
      return;
    }
    this.#out.op(OP.globalGet, this.#added.counter);
    this.#checkLocal(weight);
  }

  #edit(kind: number, value: number): void {
    switch (kind) {
      case EDIT_CHECK:
        this.#check(value);
        return;
      case EDIT_BEFORE_CALL:
      case EDIT_LEAVE:
        this.#store(value);
        return;
      case EDIT_AFTER_CALL:
        this.#load();
        return;
      default:
        this.#store(0);
        this.#out.op(OP.call, this.#added.meter);
        this.#load();
    }
  }

  #check(weight: number): void {
    const out = this.#out;
    if (this.#local !== IN_GLOBAL) {
      out.op(OP.localGet, this.#local);
      this.#checkLocal(weight);
      return;
    }
    const { counter, look } = this.#added;
    writeCheck(out, counter, look, () => this.#subtract(weight));
  }

  /** The counter is on the stack. */
  #checkLocal(weight: number): void {
    const out = this.#out;
    this.#subtract(weight);
    out.op(OP.localTee, this.#local);
    writeAsk(out, this.#added.look);
    out.op(OP.localSet, this.#local);
    out.byte(OP.end);
  }

  /** What others see of the counter becomes true, less `value`. */
  #store(value: number): void {
    const out = this.#out;
    if (this.#local !== IN_GLOBAL) out.op(OP.localGet, this.#local);
    else if (value > 0) out.op(OP.globalGet, this.#added.counter);
    else return;
    if (value > 0) this.#subtract(value);
    out.op(OP.globalSet, this.#added.counter);
  }

  #load(): void {
    if (this.#local === IN_GLOBAL) return;
    this.#out.op(OP.globalGet, this.#added.counter);
    this.#out.op(OP.localSet, this.#local);
  }

  #subtract(value: number): void {
    this.#out.byte(OP.i32Const);
    this.#out.s32(value);
    this.#out.byte(OP.i32Sub);
  }
}

/** Where the parts of a function are. */
export interface BodyBounds {
  readonly start: number;
  /** Declarations of locals: how many, and where the first is. */
  readonly groups: number;
  readonly firstGroup: number;
  readonly locals: number;
  /** First instruction. */
  readonly first: number;
}

/** Subtracts from the counter in the global; where it falls below zero, the host gives the next. */
export function writeCheck(
  out: Writer,
  counter: number,
  look: number,
  subtract: () => void,
): void {
  out.op(OP.globalGet, counter);
  subtract();
  out.op(OP.globalSet, counter);
  out.op(OP.globalGet, counter);
  writeAsk(out, look);
  out.op(OP.globalSet, counter);
  out.byte(OP.end);
}

/** `if (top of stack < 0) { look()`, which leaves a slice on the stack. */
function writeAsk(out: Writer, look: number): void {
  out.two(OP.i32Const, 0);
  out.byte(OP.i32LtS);
  out.two(OP.if, EMPTY);
  out.op(OP.call, look);
}
