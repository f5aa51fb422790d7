/** Hostnames as routes see them: of an authority, and of the patterns a configuration holds. */

const COLON = 0x3a;
const DOT = 0x2e;
const OPEN_BRACKET = 0x5b;

/**
 * The host of an authority: port cut off, lower case, without the dot of a fully qualified name.
 * An IPv6 literal keeps its brackets. Allocates nothing when there is nothing to cut.
 */
export function hostOf(authority: string): string {
  let end = authority.length;
  let lower = true;
  const literal = authority.charCodeAt(0) === OPEN_BRACKET;
  for (let i = 0; i < end; i++) {
    const code = authority.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) lower = false;
    else if (code === COLON && !literal) end = i;
  }
  if (literal) {
    const close = authority.indexOf(']');
    if (close > 0) end = close + 1;
  }
  if (end > 1 && authority.charCodeAt(end - 1) === DOT) end--;
  const host = end === authority.length ? authority : authority.slice(0, end);
  return lower ? host : host.toLowerCase();
}
