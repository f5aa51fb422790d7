/** What `tulle up` prints when it serves: where, what, and by whom it is answered. */

import { type RouteRow, routeRows } from '../admin/route-view.ts';
import type { Snapshot } from '../config/snapshot.ts';

export const SERVING_COLUMNS: readonly string[] = ['URL', 'RULE', 'MATCH', 'BACKENDS'];

/** More rows would scroll the rest of the output away. */
const ROWS_MAX = 40;

export function servingRows(snapshot: Snapshot): string[][] {
  const all = routeRows(snapshot);
  const rows = all
    .slice(0, ROWS_MAX)
    .map((row) => [
      urlOf(row),
      row.rule,
      row.matches.join(' | '),
      row.invalid === null
        ? row.backends.join(', ') || row.filters.join(', ')
        : `500: ${row.invalid}`,
    ]);
  if (all.length > ROWS_MAX) {
    rows.push([`... ${all.length - ROWS_MAX} more: tulle get routes`, '', '', '']);
  }
  return rows;
}

function urlOf({ hostnames, port }: RouteRow): string {
  const host = hostnames[0] ?? 'localhost';
  const more = hostnames.length > 1 ? ` (+${hostnames.length - 1})` : '';
  return `http://${host}${port === 80 ? '' : `:${port}`}${more}`;
}
