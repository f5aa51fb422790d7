/**
 * What the counter counts: instructions, roughly. It need not be exact, since it does not end a
 * guest: it only says when to look at the clock. It must be close enough that looks are neither so
 * frequent that they cost, nor so rare that a guest runs on for milliseconds past its deadline.
 * docs/decisions/0005-cpu-counter.md has the figures.
 */

/** Count between two looks at the clock: 50 to 500 us of ordinary code. */
export const SLICE = 1024 * 1024;

/** What a guest may use before the host can be asked: its start function runs while it links. */
export const START_BUDGET = 128 * SLICE;

/**
 * Most that one function entry or one turn of a loop counts. An interpreter's loop holds all its
 * instructions and runs a few of them a turn: the whole size would make looks too frequent.
 */
export const WEIGHT_MAX = 128;

/** Instructions in a row after which there is a check, wherever that falls. */
export const STRAIGHT_MAX = 512;

/**
 * A function without a loop or an indirect call that runs at most this many instructions, those of
 * like functions it calls included, does not count itself: its callers count the call.
 */
export const LIGHT_MAX = 64;

/** What a call counts where it is made, whatever is called. */
export const CALL_WEIGHT = 8;

/** The clock is looked at after this many calls of host functions at the latest: they take microseconds. */
export const HOST_CALLS_PER_SLICE = 64;

/** A call of the host, and what takes as long: growing a memory or a table. */
export const HOST_CALL_WEIGHT = SLICE / HOST_CALLS_PER_SLICE;

/** Bulk instructions count a unit for 2 to the power of this many bytes or table entries. */
export const BULK_SHIFT = 3;
