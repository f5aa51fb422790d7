/**
 * Writes a function with what its plan inserts. The counter is a global; a function with a loop
 * that calls nothing keeps it in a local, and puts it back wherever someone else may look: before
 * calls, and where it ends. Everything inserted leaves the stack as it was, so that the module
 * stays as valid as it is.
 */

import { WEIGHT_MAX } from './costs.ts';
import { EDIT, type EditList } from './edit-list.ts';
import { OP } from './opcodes.ts';
import type { FunctionPlan } from './plan.ts';
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

/** Where the parts of a function are. */
export interface BodyBounds {
  readonly start: number;
  /** Declarations of locals: how many, and where the first is. */
  readonly groups: number;
  readonly firstGroup: number;
  readonly locals: number;
  /** First instruction, and behind the last. */
  readonly first: number;
  readonly end: number;
}

/** Of a function's type: how many parameters, and its results as a block type. */
export interface Signature {
  readonly parameters: number;
  readonly blockType: Uint8Array;
}

/** Where the counter is while a function runs. */
const IN_GLOBAL = -1;

export class BodyWriter {
  /** Where the checks of the last function branch, in bytes from its start. */
  readonly branches: number[] = [];
  readonly #bytes: Uint8Array;
  readonly #out: Writer;
  readonly #added: Added;
  readonly #edits: EditList;
  /** Local that holds the counter, or {@link IN_GLOBAL}. */
  #local = IN_GLOBAL;

  constructor(bytes: Uint8Array, out: Writer, added: Added, edits: EditList) {
    this.#bytes = bytes;
    this.#out = out;
    this.#added = added;
    this.#edits = edits;
  }

  write(bounds: BodyBounds, plan: FunctionPlan, signature: Signature): void {
    const out = this.#out;
    this.branches.length = 0;
    this.#writeLocals(bounds, plan, signature.parameters);
    this.#enter(plan);
    const wrapped = plan.branchesOut && this.#local !== IN_GLOBAL;
    if (wrapped) {
      out.byte(OP.block);
      out.copy(signature.blockType);
    }
    this.#writeEdited(bounds, plan);
    if (wrapped) out.byte(OP.end);
    this.#store(0);
    out.byte(OP.end);
  }

  /** All instructions but the last `end`. */
  #writeEdited(bounds: BodyBounds, plan: FunctionPlan): void {
    const edits = this.#edits;
    let copied = bounds.first;
    for (let i = plan.editsFrom; i < plan.editsTo; i++) {
      const place = edits.place(i);
      this.#out.copy(this.#bytes, copied, place);
      copied = place;
      this.#edit(edits.kind(i), edits.value(i));
    }
    this.#out.copy(this.#bytes, copied, bounds.end - 1);
  }

  #writeLocals(bounds: BodyBounds, plan: FunctionPlan, parameters: number): void {
    const out = this.#out;
    const index = parameters + bounds.locals;
    if (!plan.keepsLocal || index >= LOCALS_MAX) {
      this.#local = IN_GLOBAL;
      out.copy(this.#bytes, bounds.start, bounds.first);
      return;
    }
    this.#local = index;
    out.u32(bounds.groups + 1);
    out.copy(this.#bytes, bounds.firstGroup, bounds.first);
    out.two(1, I32);
  }

  #enter(plan: FunctionPlan): void {
    const weight = Math.min(plan.weight, WEIGHT_MAX);
    if (plan.startsWithCheck) this.#load();
    else if (this.#local === IN_GLOBAL) this.#check(weight);
    else {
      this.#out.op(OP.globalGet, this.#added.counter);
      this.#checkLocal(weight);
    }
  }

  #edit(kind: number, value: number): void {
    switch (kind) {
      case EDIT.check:
        this.#check(value);
        return;
      case EDIT.beforeCall:
      case EDIT.leave:
        this.#store(value);
        return;
      case EDIT.afterCall:
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
    out.op(OP.globalGet, counter);
    this.#subtract(weight);
    this.branches.push(writeCheck(out, counter, look));
  }

  /** The counter is on the stack. */
  #checkLocal(weight: number): void {
    const out = this.#out;
    this.#subtract(weight);
    out.op(OP.localTee, this.#local);
    this.branches.push(writeAsk(out, this.#added.look));
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

/**
 * Sets the counter to what is on the stack; where that is below zero, the host gives the next
 * slice. Where the branch is.
 */
export function writeCheck(out: Writer, counter: number, look: number): number {
  out.op(OP.globalSet, counter);
  out.op(OP.globalGet, counter);
  const branch = writeAsk(out, look);
  out.op(OP.globalSet, counter);
  out.byte(OP.end);
  return branch;
}

/** `if (top of stack < 0) { look()`, which leaves a slice on the stack. Where the branch is. */
function writeAsk(out: Writer, look: number): number {
  out.two(OP.i32Const, 0);
  out.byte(OP.i32LtS);
  const branch = out.length;
  out.two(OP.if, EMPTY);
  out.op(OP.call, look);
  return branch;
}
