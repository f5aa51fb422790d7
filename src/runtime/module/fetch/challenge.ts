/**
 * `WWW-Authenticate` (RFC 9110 section 11.6.1): a list of challenges, each a scheme with parameters
 * or a token. Commas divide both challenges and parameters, so a word with no `=` begins a new one.
 */

export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** By lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

const HEADER_LENGTH_MAX = 8_192;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
/** A parameter: a name, and a value quoted or not. */
const PARAMETER = /[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z/:-]+))/y;
const TOKEN68 = /[ \t]+[0-9A-Za-z._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const EQUALS = /[ \t]*=/y;
const GAP = /[ \t,]*/y;

/** What can be understood of the header; a broken rest is left out. */
export function parseChallenges(header: string): Challenge[] {
  const text = header.slice(0, HEADER_LENGTH_MAX);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (;;) {
    match(GAP);
    const word = match(TOKEN)?.[0].toLowerCase();
    if (word === undefined) return challenges;
    const parameter = match(PARAMETER);
    const current = challenges.at(-1);
    // A parameter that never ends: nothing behind it can be told apart.
    if (parameter === null && match(EQUALS) !== null) return challenges;
    if (parameter === null) {
      challenges.push({ scheme: word, parameters: new Map() });
      match(TOKEN68);
    } else if (current !== undefined && !current.parameters.has(word)) {
      const [, quoted, plain = ''] = parameter;
      current.parameters.set(word, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
    }
  }
}
