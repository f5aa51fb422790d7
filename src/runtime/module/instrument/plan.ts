/**
 * Looks at one function and says where what has to be inserted. Three things are found on the way:
 *
 * - the weight of the function and of each loop: its instructions, those of inner loops apart;
 * - where a path has run {@link STRAIGHT_MAX} instructions since the last check. For that the
 *   longest such path that leads to each label is followed through the blocks, so that no order of
 *   branches gets round it;
 * - whether the counter is best kept in a local while the function runs: where a loop calls nothing.
 */

import { CALL_WEIGHT, HOST_CALL_WEIGHT, LIGHT_MAX, STRAIGHT_MAX, WEIGHT_MAX } from './costs.ts';
import { EDIT, type EditList } from './edit-list.ts';
import type { Instructions } from './instructions.ts';
import { isSimple, OP } from './opcodes.ts';

/** What the plan of a function needs to know of its module. */
export interface CallCosts {
  /** Functions below this index are the host's. */
  readonly importedFunctions: number;
  /** Indirect calls may reach the host's. */
  readonly importsEscape: boolean;
}

export interface FunctionPlan {
  /** Its edits, in a list shared by all functions. */
  readonly editsFrom: number;
  readonly editsTo: number;
  /** Weight of the function's own instructions. */
  readonly weight: number;
  /** A check of a loop is met before anything else happens. */
  readonly startsWithCheck: boolean;
  /** Some loop has no calls in it, and no exception arrives here. */
  readonly keepsLocal: boolean;
  /** Some branch names the function's own label. */
  readonly branchesOut: boolean;
  /** Functions it calls, where it may turn out to be light; null where it cannot. */
  readonly callees: readonly number[] | null;
}

/** No path leads here. */
const UNREACHABLE = -1;

export class Planner {
  readonly #costs: CallCosts;
  readonly #edits: EditList;
  #loops = 0;
  #heavy = false;
  #tightLoop = false;
  #catches = false;
  #branchesOut = false;
  #startsWithCheck = false;
  /** Nothing but straight code so far. */
  #atStart = true;
  #callees: number[] = [];
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

  constructor(costs: CallCosts, edits: EditList) {
    this.#costs = costs;
    this.#edits = edits;
  }

  /** Reads a function from its first instruction to its last `end`, where `code` must end. */
  plan(code: Instructions): FunctionPlan {
    const editsFrom = this.#edits.length;
    this.#reset();
    while (this.#depth >= 0) this.#step(code);
    if (code.left > 0) code.fail('a function goes on after its end');
    const weight = this.#weights[0] as number;
    return {
      editsFrom,
      editsTo: this.#edits.length,
      weight,
      startsWithCheck: this.#startsWithCheck,
      keepsLocal: this.#tightLoop && !this.#catches,
      branchesOut: this.#branchesOut,
      callees: this.#loops === 0 && !this.#heavy && weight <= LIGHT_MAX ? this.#callees : null,
    };
  }

  #reset(): void {
    this.#loops = 0;
    this.#heavy = false;
    this.#tightLoop = false;
    this.#catches = false;
    this.#branchesOut = false;
    this.#startsWithCheck = false;
    this.#atStart = true;
    if (this.#callees.length > 0) this.#callees = [];
    this.#straight = 0;
    this.#depth = -1;
    this.#open(false, UNREACHABLE);
  }

  #step(code: Instructions): void {
    code.next();
    if (this.#straight >= STRAIGHT_MAX) {
      this.#edits.add(code.start, EDIT.check, WEIGHT_MAX);
      this.#straight = 0;
    }
    const loop = this.#loop[this.#depth] as number;
    this.#weights[loop] = (this.#weights[loop] as number) + 1;
    if (this.#straight !== UNREACHABLE) this.#straight++;
    if (!isSimple(code.opcode)) this.#visit(code);
  }

  #visit(code: Instructions): void {
    switch (code.opcode) {
      case OP.block:
        this.#open(false, UNREACHABLE);
        return;
      case OP.loop:
        this.#openLoop(code);
        return;
      case OP.end:
      case OP.delegate:
        this.#close();
        return;
      default:
        this.#atStart = false;
        this.#visitBranch(code);
    }
  }

  #visitBranch(code: Instructions): void {
    switch (code.opcode) {
      case OP.if:
        this.#open(false, this.#straight);
        return;
      case OP.else:
        this.#mergeIntoLabel(0);
        this.#straight = this.#atElse[this.#depth] as number;
        this.#atElse[this.#depth] = UNREACHABLE;
        return;
      case OP.brIf:
      case OP.brOnNull:
      case OP.brOnNonNull:
        this.#branch(code.index);
        return;
      case OP.br:
        this.#branch(code.index);
        this.#straight = UNREACHABLE;
        return;
      case OP.brTable:
        for (let i = 0; i < code.labelCount; i++) this.#branch(code.labels[i] as number);
        this.#straight = UNREACHABLE;
        return;
      case OP.unreachable:
        this.#straight = UNREACHABLE;
        return;
      case OP.return:
        this.#leave(code, 0);
        return;
      default:
        this.#visitCall(code);
    }
  }

  #visitCall(code: Instructions): void {
    const { importedFunctions, importsEscape } = this.#costs;
    switch (code.opcode) {
      case OP.call:
        if (code.index >= importedFunctions) this.#callees.push(code.index);
        this.#call(code, code.index < importedFunctions);
        return;
      case OP.callIndirect:
      case OP.callRef:
        this.#heavy = true;
        this.#call(code, importsEscape);
        return;
      case OP.returnCall:
      case OP.returnCallIndirect:
      case OP.returnCallRef: {
        this.#heavy = true;
        this.#markCall();
        const ofHost = code.opcode === OP.returnCall && code.index < importedFunctions;
        this.#leave(code, ofHost || importsEscape ? HOST_CALL_WEIGHT : 0);
        return;
      }
      case OP.memoryGrow:
        this.#call(code, true);
        return;
      case OP.tableGrow:
        this.#meter(code.start);
        this.#call(code, true);
        return;
      case OP.memoryInit:
      case OP.memoryCopy:
      case OP.memoryFill:
      case OP.tableInit:
      case OP.tableCopy:
      case OP.tableFill:
        this.#meter(code.start);
        return;
      default:
        this.#visitException(code);
    }
  }

  #visitException(code: Instructions): void {
    switch (code.opcode) {
      case OP.try:
        this.#catches = true;
        this.#open(false, UNREACHABLE);
        return;
      case OP.tryTable:
        this.#openTryTable(code);
        return;
      case OP.catch:
      case OP.catchAll:
        this.#mergeIntoLabel(0);
        this.#edits.add(code.at, EDIT.check, WEIGHT_MAX);
        this.#straight = 0;
        return;
      case OP.throw:
      case OP.throwRef:
      case OP.rethrow:
        this.#leave(code, 0);
        return;
      default:
    }
  }

  #leave(code: Instructions, value: number): void {
    this.#edits.add(code.start, EDIT.leave, value);
    this.#straight = UNREACHABLE;
  }

  #call(code: Instructions, ofHost: boolean): void {
    if (ofHost) this.#heavy = true;
    this.#markCall();
    this.#edits.add(code.start, EDIT.beforeCall, ofHost ? HOST_CALL_WEIGHT : 0);
    this.#edits.add(code.at, EDIT.afterCall, 0);
  }

  #meter(place: number): void {
    this.#heavy = true;
    this.#markCall();
    this.#edits.add(place, EDIT.meter, 0);
  }

  #markCall(): void {
    const loop = this.#loop[this.#depth] as number;
    this.#hasCalls[loop] = true;
    this.#weights[loop] = (this.#weights[loop] as number) + CALL_WEIGHT;
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
    if (this.#atStart) this.#startsWithCheck = true;
    this.#atStart = false;
    this.#loops++;
    this.#open(true, UNREACHABLE);
    this.#edit[this.#depth] = this.#edits.add(code.at, EDIT.check, 0);
    if (this.#straight !== UNREACHABLE) this.#straight = 0;
  }

  /** Exceptions go to labels outside of the block, after any number of instructions. */
  #openTryTable(code: Instructions): void {
    this.#catches = true;
    const before = this.#straight;
    this.#straight = STRAIGHT_MAX;
    for (let i = 0; i < code.labelCount; i++) this.#branch(code.labels[i] as number);
    this.#straight = before;
    this.#open(false, UNREACHABLE);
  }

  #branch(label: number): void {
    if (label === this.#depth) this.#branchesOut = true;
    this.#mergeIntoLabel(label);
  }

  /** A branch to a loop meets its check; any other carries its length on to the block's end. */
  #mergeIntoLabel(label: number): void {
    const depth = this.#depth - label;
    if (this.#isLoop[depth] !== true && this.#straight > (this.#atLabel[depth] as number)) {
      this.#atLabel[depth] = this.#straight;
    }
  }

  #close(): void {
    const depth = this.#depth--;
    const { max, min } = Math;
    this.#straight = max(
      this.#straight,
      this.#atLabel[depth] as number,
      this.#atElse[depth] as number,
    );
    if (this.#isLoop[depth] !== true) return;
    this.#edits.setValue(
      this.#edit[depth] as number,
      min(this.#weights[depth] as number, WEIGHT_MAX),
    );
    const outer = this.#loop[depth - 1] as number;
    if (this.#hasCalls[depth] === true) this.#hasCalls[outer] = true;
    else this.#tightLoop = true;
  }
}
