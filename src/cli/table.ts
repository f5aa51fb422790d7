/** Rows in aligned columns, as kubectl prints them: two blanks between, no lines, header in capitals. */

const GAP = '  ';

/** The text ends with a line end. A cell's control characters are shown as blanks. */
export function renderTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  color = false,
): string {
  const header = columns.map((column) => column.toUpperCase());
  const cells = [header, ...rows.map((row) => columns.map((_, i) => cellText(row[i])))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => (row[i] as string).length)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join(GAP)
      .trimEnd(),
  );
  if (color) lines[0] = `\u001B[1m${lines[0]}\u001B[0m`;
  return `${lines.join('\n')}\n`;
}

function cellText(cell: string | undefined): string {
  const text = (cell ?? '').replaceAll(/\p{Cc}+/gu, ' ').trim();
  return text === '' ? '-' : text;
}
