/**
 * What both header modifiers share: the order set, add, remove (HTTPHeaderFilter of Gateway API),
 * and the fields no filter may touch, because the codec alone decides on a message's framing.
 */

import type { HeaderModifier, NameValue } from '../../config/route.ts';
import { addField, type Fields, removeField, setField } from '../codec/head.ts';
import { toWire } from '../route/wire-text.ts';

/** RFC 9110 7.6.1 and RFC 9112 6: they describe one connection or one message's framing. */
const PROTECTED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** RFC 9110 5.5; a control character could end the field or the head. */
const VALUE = /^[\t -~\u0080-\u{10ffff}]*$/u;

/** Edits of one filter, in the form heads have. */
export class HeaderEdits {
  readonly #set: readonly NameValue[];
  readonly #add: readonly NameValue[];
  readonly #remove: readonly string[];

  /** Entries that {@link headerModifierProblem} refuses are left out. */
  constructor(modifier: HeaderModifier) {
    this.#set = modifier.set.filter(usable).map(toWirePair);
    this.#add = modifier.add.filter(usable).map(toWirePair);
    this.#remove = modifier.remove.filter((name) => nameProblem(name) === null);
  }

  apply(fields: Fields): void {
    for (let i = 0; i < this.#set.length; i++) {
      const [name, value] = this.#set[i] as NameValue;
      setField(fields, name, value);
    }
    for (let i = 0; i < this.#add.length; i++) {
      const [name, value] = this.#add[i] as NameValue;
      append(fields, name, value);
    }
    for (let i = 0; i < this.#remove.length; i++) removeField(fields, this.#remove[i] as string);
  }
}

/** Why a modifier cannot be used, with a remedy, or null. */
export function headerModifierProblem(modifier: HeaderModifier): string | null {
  const seen = new Set<string>();
  for (const name of [...names(modifier.set), ...names(modifier.add), ...modifier.remove]) {
    const problem = nameProblem(name);
    if (problem !== null) return problem;
    if (seen.has(name)) {
      return `header "${name}" has more than one action; set, add or remove it once`;
    }
    seen.add(name);
  }
  for (const [name, value] of [...modifier.set, ...modifier.add]) {
    const problem = valueProblem(name, value);
    if (problem !== null) return problem;
  }
  return null;
}

/** The specification's example appends to the line that is there: `my-header: foo,bar`. */
function append(fields: Fields, name: string, value: string): void {
  // RFC 6265 3: folding several Set-Cookie into one changes their meaning.
  if (name !== 'set-cookie') {
    for (let i = fields.length - 2; i >= 0; i -= 2) {
      if (fields[i] !== name) continue;
      // RFC 9113 8.2.3: cookie pairs are joined by a semicolon.
      fields[i + 1] = `${fields[i + 1]}${name === 'cookie' ? '; ' : ','}${value}`;
      return;
    }
  }
  addField(fields, name, value);
}

function usable([name, value]: NameValue): boolean {
  return nameProblem(name) === null && valueProblem(name, value) === null;
}

function nameProblem(name: string): string | null {
  if (PROTECTED.has(name)) {
    return `header "${name}" belongs to the connection or the framing of the message, which filters cannot change; leave it out`;
  }
  return TOKEN.test(name)
    ? null
    : `"${name}" is not a header name; use letters, digits and hyphens`;
}

function valueProblem(name: string, value: string): string | null {
  return VALUE.test(value)
    ? null
    : `the value of header "${name}" has a control character; take it out`;
}

function names(pairs: readonly NameValue[]): readonly string[] {
  return pairs.map(([name]) => name);
}

function toWirePair([name, value]: NameValue): NameValue {
  return [name, toWire(value)];
}
