/** Every case, and the setups they run in. */

import type { Case } from '../support/case.ts';
import { filter, type Setup } from '../support/setup.ts';
import { BODIES } from './bodies.ts';

export const CASES: readonly Case[] = [...BODIES];

export const SETUPS: readonly Setup[] = [{ name: 'one', filters: [filter('a')] }];
