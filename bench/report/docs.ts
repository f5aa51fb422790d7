/** Puts a report into a page, between the two comments that mark its place. */

export const START_MARK = '<!-- bench:start -->';
export const END_MARK = '<!-- bench:end -->';

/** Throws an Error when the page lacks the marks, or has them twice or out of order. */
export function insertReport(page: string, report: string): string {
  const start = page.indexOf(START_MARK);
  const end = page.indexOf(END_MARK);
  const once = start === page.lastIndexOf(START_MARK) && end === page.lastIndexOf(END_MARK);
  if (start < 0 || end < start || !once) {
    throw new Error(`the page needs one "${START_MARK}" and, below it, one "${END_MARK}"`);
  }
  const before = page.slice(0, start + START_MARK.length);
  return `${before}\n${report.trim()}\n${page.slice(end)}`;
}
