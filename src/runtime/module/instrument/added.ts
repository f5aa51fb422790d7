/**
 * What is added to a module, behind all that is there, so that no index of it changes: two function
 * types, a table with the host's function, the counter, and two functions. Only the table is
 * exported: nothing in the module can name the rest.
 */

import { type Added, writeCheck } from './body.ts';
import { BULK_SHIFT } from './costs.ts';
import { OP } from './opcodes.ts';
import { Writer } from './writer.ts';

/** Export that holds the host's function; a module that has one of this name is refused. */
export const CPU_TABLE = 'tulle.cpu';

const ADDED_FUNCTIONS = 2;
/** Types that are always added; those of blocks come behind. */
export const ADDED_TYPES = 2;

const FUNCREF = 0x70;
const I32 = 0x7f;
const FUNCTION_TYPE = 0x60;
const EMPTY = 0x40;
const MUTABLE = 1;
const TABLE_KIND = 1;

/** How many of each kind the module has, imported ones included. */
export interface Counts {
  readonly types: number;
  readonly functions: number;
  readonly tables: number;
  readonly globals: number;
}

export function indicesOf(counts: Counts): Added {
  return { counter: counts.globals, look: counts.functions, meter: counts.functions + 1 };
}

/** ()->i32, (i32)->i32 and the types of blocks that have several results. */
export function addTypes(out: Writer, blocks: readonly Uint8Array[]): number {
  out.two(FUNCTION_TYPE, 0);
  out.two(1, I32);
  out.two(FUNCTION_TYPE, 1);
  out.byte(I32);
  out.two(1, I32);
  for (const results of blocks) {
    out.two(FUNCTION_TYPE, 0);
    out.copy(results);
  }
  return ADDED_TYPES + blocks.length;
}

export function addFunctions(out: Writer, counts: Counts): number {
  out.u32(counts.types);
  out.u32(counts.types + 1);
  return ADDED_FUNCTIONS;
}

/** One entry, null until the host is there. */
export function addTable(out: Writer): number {
  out.two(FUNCREF, 1);
  out.two(1, 1);
  return 1;
}

export function addCounter(out: Writer, startBudget: number): number {
  out.two(I32, MUTABLE);
  out.byte(OP.i32Const);
  out.s32(startBudget);
  out.byte(OP.end);
  return 1;
}

export function addExport(out: Writer, counts: Counts): number {
  out.name(CPU_TABLE);
  out.op(TABLE_KIND, counts.tables);
  return 1;
}

export function addBodies(out: Writer, counts: Counts): number {
  for (const body of [lookBody(counts), meterBody(indicesOf(counts))]) {
    out.u32(body.length);
    out.copy(body.written);
  }
  return ADDED_FUNCTIONS;
}

/**
 * Calls the host for the next slice. 0 ends the guest, here and not by an exception of the host's,
 * which the guest could catch.
 */
function lookBody(counts: Counts): Writer {
  const out = new Writer();
  out.two(1, 1);
  out.byte(I32);
  out.two(OP.i32Const, 0);
  out.op(OP.callIndirect, counts.types);
  out.u32(counts.tables);
  out.two(OP.localTee, 0);
  out.byte(OP.i32Eqz);
  out.two(OP.if, EMPTY);
  out.two(OP.unreachable, OP.end);
  out.two(OP.localGet, 0);
  out.byte(OP.end);
  return out;
}

function meterBody({ counter, look }: Added): Writer {
  const out = new Writer();
  out.byte(0);
  out.op(OP.globalGet, counter);
  out.two(OP.localGet, 0);
  out.two(OP.i32Const, BULK_SHIFT);
  out.two(OP.i32ShrU, OP.i32Sub);
  writeCheck(out, counter, look);
  out.two(OP.localGet, 0);
  out.byte(OP.end);
  return out;
}
