/** Every row, in the order in which they run and are printed. */

import type { Row } from './bench.ts';
import { closedLoopRows } from './closed-loop.ts';
import { handoverRow, reloadsRow } from './continuity.ts';
import { changeRow, startRow } from './latency-of-change.ts';
import { idleRow, soakRow } from './memory.ts';
import { rateRow } from './rate.ts';

export const ROWS: readonly Row[] = [
  ...closedLoopRows,
  rateRow,
  idleRow,
  soakRow,
  startRow,
  changeRow,
  reloadsRow,
  handoverRow,
];
