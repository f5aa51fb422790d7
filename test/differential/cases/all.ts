/** Every case, and the setups they run in. */

import type { Case } from '../support/case.ts';
import { filter, type Setup } from '../support/setup.ts';
import { BODIES } from './bodies.ts';
import { CALLOUTS } from './callouts.ts';
import { CALLS } from './calls.ts';
import { CHAIN_SETUPS, CHAINS } from './chains.ts';
import { EDITS } from './edits.ts';
import { LANGUAGE_SETUPS, LANGUAGES } from './languages.ts';
import { PAUSES } from './pauses.ts';
import { REPLIES } from './replies.ts';
import { TRAP_CASES, TRAP_SETUPS } from './traps.ts';

export const CASES: readonly Case[] = [
  ...BODIES,
  ...EDITS,
  ...PAUSES,
  ...CALLS,
  ...CALLOUTS,
  ...REPLIES,
  ...CHAINS,
  ...TRAP_CASES,
  ...LANGUAGES,
];

/** A guest each: should one die of a case, the others go on. */
const ALONE = ['bodies', 'edits', 'pauses', 'calls', 'callouts', 'replies'];

export const SETUPS: readonly Setup[] = [
  ...ALONE.map((name) => ({ name, filters: [filter('a')] })),
  ...CHAIN_SETUPS,
  ...TRAP_SETUPS,
  ...LANGUAGE_SETUPS,
];
