/**
 * Looks at one function and says where what has to be inserted. Three things are found on the way:
 *
 * - the weight of the function and of each loop: its instructions, those of inner loops apart;
 * - where a path has run {@link STRAIGHT_MAX} instructions since the last check. For that the
 *   longest such path that leads to each label is followed through the blocks, so that no order of
 *   branches gets round it;
 * - whether the counter is best kept in a local while the function runs: where a loop calls nothing.
 */

import { CALL_WEIGHT, HOST_CALL_WEIGHT, LEAF_MAX, STRAIGHT_MAX, WEIGHT_MAX } from './costs.ts';
import type { Instructions } from './instructions.ts';
import { OP } from './opcodes.ts';

/** Insert a check of `value`. */
export const EDIT_CHECK = 0;
/** A call follows; it counts `value`. */
export const EDIT_BEFORE_CALL = 1;
export const EDIT_AFTER_CALL = 2;
/** An instruction follows that leaves the function. */
export const EDIT_LEAVE = 3;
/** A bulk instruction follows, with how many bytes or entries on top of the stack. */
export const EDIT_METER = 4;

/** What the plan of a function needs to know of its module. */
export interface CallCosts {
  /** Functions below this index are the host's. */
  readonly importedFunctions: number;
  /** Indirect calls may reach the host's. */
  readonly importsEscape: boolean;
}

/** No path leads here. */
const UNREACHABLE = -1;

export class FunctionPlan {
  /** Edits in the order of their places; offsets into the module. */
  readonly places: number[] = [];
  readonly kinds: number[] = [];
  readonly values: number[] = [];
  count = 0;
  /** Weight of the function's own instructions. */
  weight = 0;
  loops = 0;
  /** Calls and what is treated like them. */
  calls = 0;
  /** Some loop has no calls in it. */
  tightLoop = false;
  /** Exceptions may arrive in this function. */
  catches = false;
  /** Some branch names the function's own label. */
  branchesOut = false;
  readonly #costs: CallCosts;
  /** Instructions on the longest path here since the last check. */
  #straight = 0;
  #depth = 0;
  // One entry a block that is open, the function first.
  readonly #isLoop: boolean[] = [];
  /** Longest path to the block's end by a branch; to its `else`. */
  readonly #atLabel: number[] = [];
  readonly #atElse: number[] = [];
  /** The innermost loop, as an index of these arrays; 0: the function. */
  readonly #loop: number[] = [];
  readonly #weights: number[] = [];
  readonly #edit: number[] = [];
  readonly #hasCalls: boolean[] = [];

  constructor(costs: CallCosts) {
    this.#costs = costs;
  }

  /** Nothing is inserted at all: its callers count for it. */
  get isLeaf(): boolean {
    return this.loops === 0 && this.calls === 0 && this.weight <= LEAF_MAX;
  }

  /** Reads the body up to its last `end`, which must be where `code` ends. */
  read(code: Instructions): void {
    this.count = 0;
    this.loops = 0;
    this.calls = 0;
    this.tightLoop = false;
    this.catches = false;
    this.branchesOut = false;
    this.#straight = 0;
    this.#depth = -1;
    this.#open(false, -1);
    while (this.#depth >= 0) {
      code.next();
      if (this.#straight >= STRAIGHT_MAX) {
        this.#add(code.start, EDIT_CHECK, WEIGHT_MAX);
        this.#straight = 0;
      }
      const loop = this.#loop[this.#depth] as number;
      this.#weights[loop] = (this.#weights[loop] as number) + 1;
      if (this.#straight !== UNREACHABLE) this.#straight++;
      this.#visit(code);
    }
    if (code.left > 0) code.fail('a function goes on after its end');
  }

  #add(place: number, kind: number, value: number): void {
    const at = this.count++;
    this.places[at] = place;
    this.kinds[at] = kind;
    this.values[at] = value;
  }

  #visit(code: Instructions): void {
    switch (code.opcode) {
      case OP.block:
      case OP.try:
        if (code.opcode === OP.try) this.catches = true;
        this.#open(false, UNREACHABLE);
        return;
      case OP.if:
        this.#open(false, this.#straight);
        return;
      case OP.tryTable:
        this.#openTryTable(code);
        return;
      case OP.loop:
        this.#openLoop(code);
        return;
      case OP.else:
        this.#mergeIntoLabel(0);
        this.#straight = this.#atElse[this.#depth] as number;
        this.#atElse[this.#depth] = UNREACHABLE;
        return;
      case OP.catch:
      case OP.catchAll:
        this.#mergeIntoLabel(0);
        this.#add(code.at, EDIT_CHECK, WEIGHT_MAX);
        this.#straight = 0;
        return;
      case OP.end:
      case OP.delegate:
        this.#close();
        return;
      default:
        this.#visitJump(code);
    }
  }

  #visitJump(code: Instructions): void {
    switch (code.opcode) {
      case OP.brIf:
      case OP.brOnNull:
      case OP.brOnNonNull:
        this.#mergeIntoLabel(code.index);
        return;
      case OP.br:
        this.#mergeIntoLabel(code.index);
        this.#straight = UNREACHABLE;
        return;
      case OP.brTable:
        for (let i = 0; i < code.labelCount; i++) this.#mergeIntoLabel(code.labels[i] as number);
        this.#straight = UNREACHABLE;
        return;
      case OP.unreachable:
        this.#straight = UNREACHABLE;
        return;
      case OP.return:
      case OP.throw:
      case OP.throwRef:
      case OP.rethrow:
        this.#add(code.start, EDIT_LEAVE, 0);
        this.#straight = UNREACHABLE;
        return;
      default:
        this.#visitCall(code);
    }
  }

  #visitCall(code: Instructions): void {
    switch (code.opcode) {
      case OP.call:
        this.#call(code, code.index < this.#costs.importedFunctions);
        return;
      case OP.callIndirect:
      case OP.callRef:
        this.#call(code, this.#costs.importsEscape);
        return;
      case OP.returnCall:
      case OP.returnCallIndirect:
      case OP.returnCallRef:
        this.#tailCall(code);
        return;
      case OP.memoryInit:
      case OP.memoryCopy:
      case OP.memoryFill:
      case OP.tableInit:
      case OP.tableCopy:
      case OP.tableFill:
        this.#meter(code.start);
        return;
      case OP.tableGrow:
        this.#meter(code.start);
        this.#call(code, true);
        return;
      case OP.memoryGrow:
        this.#call(code, true);
        return;
      default:
    }
  }

  #call(code: Instructions, ofHost: boolean): void {
    this.#markCall();
    this.#add(code.start, EDIT_BEFORE_CALL, ofHost ? HOST_CALL_WEIGHT : 0);
    this.#add(code.at, EDIT_AFTER_CALL, 0);
  }

  #tailCall(code: Instructions): void {
    const ofHost =
      code.opcode === OP.returnCall
        ? code.index < this.#costs.importedFunctions
        : this.#costs.importsEscape;
    this.#markCall();
    this.#add(code.start, EDIT_LEAVE, ofHost ? HOST_CALL_WEIGHT : 0);
    this.#straight = UNREACHABLE;
  }

  #meter(place: number): void {
    this.#markCall();
    this.#add(place, EDIT_METER, 0);
  }

  #markCall(): void {
    this.calls++;
    this.#hasCalls[this.#loop[this.#depth] as number] = true;
    if (this.#straight !== UNREACHABLE) this.#straight += CALL_WEIGHT;
  }

  #open(isLoop: boolean, atElse: number): void {
    const depth = ++this.#depth;
    this.#isLoop[depth] = isLoop;
    this.#atLabel[depth] = UNREACHABLE;
    this.#atElse[depth] = atElse;
    this.#loop[depth] = isLoop || depth === 0 ? depth : (this.#loop[depth - 1] as number);
    this.#weights[depth] = 0;
    this.#hasCalls[depth] = false;
  }

  #openLoop(code: Instructions): void {
    this.loops++;
    this.#open(true, UNREACHABLE);
    this.#edit[this.#depth] = this.count;
    this.#add(code.at, EDIT_CHECK, 0);
    if (this.#straight !== UNREACHABLE) this.#straight = 0;
  }

  /** Exceptions go to labels outside of the block, after any number of instructions. */
  #openTryTable(code: Instructions): void {
    this.catches = true;
    const before = this.#straight;
    this.#straight = STRAIGHT_MAX;
    for (let i = 0; i < code.labelCount; i++) this.#mergeIntoLabel(code.labels[i] as number);
    this.#straight = before;
    this.#open(false, UNREACHABLE);
  }

  /** A branch to a loop meets its check; any other carries its length on to the block's end. */
  #mergeIntoLabel(label: number): void {
    const depth = this.#depth - label;
    if (depth < 0) return;
    if (depth === 0) this.branchesOut = true;
    if (this.#isLoop[depth] !== true && this.#straight > (this.#atLabel[depth] as number)) {
      this.#atLabel[depth] = this.#straight;
    }
  }

  #close(): void {
    const depth = this.#depth--;
    this.#straight = Math.max(
      this.#straight,
      this.#atLabel[depth] as number,
      this.#atElse[depth] as number,
    );
    const weight = Math.min(this.#weights[depth] as number, WEIGHT_MAX);
    if (depth === 0) {
      this.weight = weight;
      return;
    }
    if (this.#isLoop[depth] !== true) return;
    this.values[this.#edit[depth] as number] = weight;
    const outer = this.#loop[depth - 1] as number;
    if (this.#hasCalls[depth] === true) this.#hasCalls[outer] = true;
    else this.tightLoop = true;
  }
}
