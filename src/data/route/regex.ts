/**
 * Regular expressions of routes: RE2 syntax, as users of Envoy-based gateways write it, matched
 * against the whole subject in time linear in its length. Why this engine:
 * `docs/decisions/0002-regular-expressions.md`.
 *
 * Three bounds, all checked before a configuration is in force: the pattern's length, the
 * instructions it compiles to (counted repeats multiply), and the size of its table.
 */

import { createRequire } from 'node:module';
import type { RE2JS } from 're2js';
import { type Automaton, determinize } from './automaton.ts';

/** Characters of a pattern. */
export const REGEX_LENGTH_MAX = 1_024;
/** Instructions of its program. */
const REGEX_INSTRUCTIONS_MAX = 2_048;

/**
 * Why a pattern cannot be used, with a remedy, or null when it can. For whoever reads configuration;
 * costs about what compiling costs, some tenths of a ms.
 */
export function checkRegex(pattern: string): string | null {
  const compiled = compile(pattern);
  return typeof compiled === 'string' ? compiled : null;
}

/**
 * A pattern that {@link checkRegex} accepted. It is compiled by its first test, so a table of
 * thousands of patterns is built at once; a pattern that was never checked and is wrong matches
 * nothing.
 */
export class Regex {
  readonly pattern: string;
  #automaton: Automaton | null | undefined;

  constructor(pattern: string) {
    this.pattern = pattern;
  }

  /** Whether the whole of `subject`, in the form heads have, matches. */
  test(subject: string): boolean {
    let automaton = this.#automaton;
    if (automaton === undefined) {
      const compiled = compile(this.pattern);
      automaton = typeof compiled === 'string' ? null : compiled;
      this.#automaton = automaton;
    }
    return automaton?.test(subject) ?? false;
  }
}

function compile(pattern: string): Automaton | string {
  if (pattern.length > REGEX_LENGTH_MAX) {
    return `the regular expression has ${pattern.length} characters, more than ${REGEX_LENGTH_MAX}; split it over several matches`;
  }
  let parsed: RE2JS;
  try {
    parsed = engine().compile(pattern);
  } catch (error) {
    // The engine's message quotes the pattern, which may be long.
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, REASON_MAX);
    return `not a regular expression of RE2 syntax (${reason}); back-references and look-around are not part of it`;
  }
  const size = parsed.programSize();
  if (size > REGEX_INSTRUCTIONS_MAX) {
    return `the regular expression compiles to ${size} instructions, more than ${REGEX_INSTRUCTIONS_MAX}; use smaller repeat counts`;
  }
  const { prog, dfa } = parsed.re2();
  return (
    determinize({ start: prog.start, instructions: prog.inst, bounds: dfa.classBounds }) ??
    'the regular expression needs too large a table; avoid counted repeats after a part that can match in many places, such as .*a.{30}'
  );
}

const REASON_MAX = 120;

let loaded: typeof RE2JS | undefined;

/** re2js takes 9 ms and 5 MB to load; only processes with a regular expression pay. */
function engine(): typeof RE2JS {
  loaded ??= (createRequire(import.meta.url)('re2js') as typeof import('re2js')).RE2JS;
  return loaded;
}
