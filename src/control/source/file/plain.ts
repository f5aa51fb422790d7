/**
 * The fast reader for the YAML that people and tools mostly write: block maps and lists, one-line
 * scalars, flow collections, comments. It makes values only, no places, some twenty times as fast as
 * a syntax tree, and answers NOT_PLAIN at the first thing outside its subset (anchors, tags, block
 * scalars, escapes beyond JSON's, text over several lines, repeated keys, errors): then `tree.ts`
 * decides. What it does answer is what `tree.ts` would; a differential test holds the two together.
 *
 * Indentation is compared by column as the specification does: an entry of a list in a map may stand
 * at the map's own column; everything else stands deeper than its parent.
 */

export const NOT_PLAIN: unique symbol = Symbol('not plain YAML');

/**
 * The value of one document, or NOT_PLAIN; null for one with nothing in it. `text` has no carriage
 * return but before a line feed.
 */
export function readPlain(text: string, start: number, end: number): unknown {
  try {
    return new PlainReader(text, start, end).readDocument();
  } catch (error) {
    if (error === outside || error instanceof RangeError) return NOT_PLAIN;
    throw error;
  }
}

/** Thrown by way of `leave`; made once, as it carries nothing. */
const outside = new Error('outside the plain subset');

function leave(): never {
  throw outside;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const HASH = 0x23;
const SINGLE_QUOTE = 0x27;
const COMMA = 0x2c;
const DASH = 0x2d;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;
/** What `#code` answers past the end. */
const END = -1;

/** First characters that give a scalar another meaning, or may. */
const INDICATORS: ReadonlySet<number> = new Set(
  [...'-?:,[]{}#&*!|>\'"%@`'].map((indicator) => indicator.charCodeAt(0)),
);

const DEPTH_MAX = 64;
/** YAML ends at 1,024 with the quotes and escapes; this leaves room for them. */
const KEY_LENGTH_MAX = 250;
const KEY = /[A-Za-z_][A-Za-z0-9_./-]*/y;
const SIMPLE_INT = /^(?:0|-?[1-9][0-9]{0,14})$/;
/** YAML 1.2 core schema, section 10.3.2. */
const OTHER_NUMBER =
  /^(?:[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['~', null],
  ['null', null],
  ['Null', null],
  ['NULL', null],
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
]);
const WORD_LENGTH_MAX = 5;
const JSON_ESCAPES_ONLY = /^(?:[^\\]|\\[\\"/bfnrt])*$/;

function scalarOf(text: string): unknown {
  const first = text.charCodeAt(0);
  // "0" to "9", "+", "-", ".": all that can begin a number.
  if (first <= 0x39 && first >= 0x2b) {
    if (SIMPLE_INT.test(text)) return Number(text);
    return OTHER_NUMBER.test(text) ? leave() : text;
  }
  if (text.length > WORD_LENGTH_MAX) return text;
  const word = WORDS.get(text);
  return word === undefined ? text : word;
}

class PlainReader {
  readonly #text: string;
  readonly #end: number;
  #at: number;
  /** Start of the line `#at` is in. */
  #line: number;
  /** Column of the line's content when `#at` is there; -1 when no line is left. */
  #indent = -1;
  #depth = 0;

  constructor(text: string, start: number, end: number) {
    this.#text = text;
    this.#end = end;
    this.#at = start;
    this.#line = start;
  }

  readDocument(): unknown {
    this.#findContent();
    if (this.#indent < 0) return null;
    const value = this.#readBlock();
    return this.#indent < 0 ? value : leave();
  }

  #code(at: number): number {
    return at < this.#end ? this.#text.charCodeAt(at) : END;
  }

  /** From the start of a line to the first character of the next content. */
  #findContent(): void {
    while (this.#at < this.#end) {
      this.#line = this.#at;
      while (this.#code(this.#at) === SPACE) this.#at++;
      const code = this.#code(this.#at);
      if (code === TAB) leave();
      if (!this.#endsLine(code) && code !== HASH) {
        this.#indent = this.#at - this.#line;
        return;
      }
      this.#skipLine();
    }
    this.#indent = -1;
  }

  #endsLine(code: number): boolean {
    return code === NEWLINE || code === END || code === RETURN;
  }

  #skipLine(): void {
    const newline = this.#text.indexOf('\n', this.#at);
    this.#at = newline < 0 || newline >= this.#end ? this.#end : newline + 1;
  }

  /** After a value: nothing but a comment may follow on its line; then on to the next content. */
  #finishLine(): void {
    const before = this.#at;
    while (this.#code(this.#at) === SPACE) this.#at++;
    const code = this.#code(this.#at);
    const comment = code === HASH && this.#at > before;
    if (!comment && !this.#endsLine(code)) leave();
    this.#skipLine();
    this.#findContent();
  }

  /** Whatever begins at the present content, in a line of its own. */
  #readBlock(): unknown {
    if (++this.#depth > DEPTH_MAX) leave();
    const code = this.#code(this.#at);
    let value: unknown;
    if (this.#isEntry()) {
      value = this.#readList(this.#indent);
    } else if (code === OPEN_MAP || code === OPEN_LIST) {
      const root = this.#indent === 0 && this.#depth === 1;
      value = this.#readFlow(root);
      this.#finishLine();
    } else {
      const key = this.#readKey();
      if (key === null) leave();
      value = this.#readMap(this.#indent, key);
    }
    this.#depth--;
    return value;
  }

  #isEntry(): boolean {
    if (this.#code(this.#at) !== DASH) return false;
    const next = this.#code(this.#at + 1);
    return next === SPACE || this.#endsLine(next);
  }

  /** `key:` at the present place, or null with nothing consumed. */
  #readKey(): string | null {
    const start = this.#at;
    const key = this.#readKeyText();
    if (key !== null && this.#code(this.#at) === COLON) {
      const next = this.#code(this.#at + 1);
      if (next === SPACE || this.#endsLine(next)) {
        this.#at++;
        return key;
      }
    }
    this.#at = start;
    return null;
  }

  #readKeyText(): string | null {
    const code = this.#code(this.#at);
    if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) {
      const quoted = this.#readQuoted(code);
      return quoted === '__proto__' || quoted.length > KEY_LENGTH_MAX ? leave() : quoted;
    }
    KEY.lastIndex = this.#at;
    const key = KEY.exec(this.#text)?.[0];
    if (key === undefined) return null;
    this.#at += key.length;
    if (key.length > KEY_LENGTH_MAX || WORDS.has(key) || key === '__proto__') leave();
    return key;
  }

  #readMap(indent: number, firstKey: string): unknown {
    const record: Record<string, unknown> = {};
    let key: string | null = firstKey;
    for (;;) {
      if (key === null || Object.hasOwn(record, key)) leave();
      record[key] = this.#readMapValue(indent);
      if (this.#indent < indent) return record;
      if (this.#indent > indent) leave();
      key = this.#readKey();
    }
  }

  #readMapValue(indent: number): unknown {
    while (this.#code(this.#at) === SPACE) this.#at++;
    const code = this.#code(this.#at);
    if (!this.#endsLine(code) && code !== HASH) return this.#readInline(indent);
    this.#skipLine();
    this.#findContent();
    if (this.#indent > indent) return this.#readBlock();
    if (this.#indent === indent && this.#isEntry()) {
      if (++this.#depth > DEPTH_MAX) leave();
      const value = this.#readList(indent);
      this.#depth--;
      return value;
    }
    return null;
  }

  /** A scalar or flow collection on the present line, whose parent stands at `indent`. */
  #readInline(indent: number): unknown {
    const code = this.#code(this.#at);
    let value: unknown;
    if (code === OPEN_MAP || code === OPEN_LIST) value = this.#readFlow(false);
    else if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) value = this.#readQuoted(code);
    else value = this.#readPlainScalar();
    this.#finishLine();
    // Deeper lines would go on with the value.
    return this.#indent > indent ? leave() : value;
  }

  #readList(indent: number): unknown[] {
    const items: unknown[] = [];
    do {
      this.#at++;
      items.push(this.#readEntry(indent));
    } while (this.#indent === indent && this.#isEntry());
    return items;
  }

  #readEntry(indent: number): unknown {
    while (this.#code(this.#at) === SPACE) this.#at++;
    const code = this.#code(this.#at);
    if (this.#endsLine(code) || code === HASH) {
      this.#skipLine();
      this.#findContent();
      return this.#indent > indent ? this.#readBlock() : null;
    }
    if (++this.#depth > DEPTH_MAX) leave();
    const column = this.#at - this.#line;
    let value: unknown;
    if (this.#isEntry()) {
      value = this.#readList(column);
    } else {
      const key = this.#readKey();
      value = key === null ? this.#readInline(indent) : this.#readMap(column, key);
    }
    if (this.#indent > indent) leave();
    this.#depth--;
    return value;
  }

  #readPlainScalar(): unknown {
    const start = this.#at;
    if (INDICATORS.has(this.#code(start))) this.#checkIndicator(start);
    let at = start;
    for (; ; at++) {
      const code = this.#code(at);
      if (code === NEWLINE || code === END) break;
      if (code < SPACE || code === 0x7f) {
        if (code !== RETURN || this.#code(at + 1) !== NEWLINE) leave();
        break;
      }
      if (code === COLON && this.#separates(at + 1)) leave();
      if (code === HASH && this.#text.charCodeAt(at - 1) === SPACE) break;
    }
    this.#at = this.#trimBack(at);
    return scalarOf(this.#text.slice(start, this.#at));
  }

  /** `-1`, `-x`: a dash is text where no blank follows; all other indicators are not plain. */
  #checkIndicator(at: number): void {
    if (this.#code(at) !== DASH || this.#separates(at + 1)) leave();
  }

  #separates(at: number): boolean {
    const code = this.#code(at);
    return code === SPACE || code === TAB || this.#endsLine(code);
  }

  #trimBack(at: number): number {
    let end = at;
    while (this.#text.charCodeAt(end - 1) === SPACE) end--;
    return end;
  }

  /** On one line. */
  #readQuoted(quote: number): string {
    const start = this.#at + 1;
    let at = start;
    let escaped = false;
    for (; ; at++) {
      const code = this.#code(at);
      if (code < SPACE || code === 0x7f) leave();
      if (code === quote) {
        if (quote === DOUBLE_QUOTE || this.#code(at + 1) !== SINGLE_QUOTE) break;
        escaped = true;
        at++;
      } else if (code === 0x5c && quote === DOUBLE_QUOTE) {
        escaped = true;
        at++;
        if (this.#code(at) < SPACE) leave();
      }
    }
    this.#at = at + 1;
    const raw = this.#text.slice(start, at);
    if (!escaped) return raw;
    if (quote === SINGLE_QUOTE) return raw.replaceAll("''", "'");
    return JSON_ESCAPES_ONLY.test(raw) ? String(JSON.parse(`"${raw}"`)) : leave();
  }

  /** `lines`: line breaks between tokens are fine, as nothing stands outside. */
  #readFlow(lines: boolean): unknown {
    if (++this.#depth > DEPTH_MAX) leave();
    const close = this.#code(this.#at) === OPEN_MAP ? CLOSE_MAP : CLOSE_LIST;
    const items: unknown[] = [];
    const record: Record<string, unknown> = {};
    this.#at++;
    this.#skipBlanks(lines);
    while (this.#code(this.#at) !== close) {
      if (close === CLOSE_LIST) items.push(this.#readFlowValue(lines));
      else this.#readFlowPair(record, lines);
      this.#skipBlanks(lines);
      const code = this.#code(this.#at);
      if (code === COMMA) {
        this.#at++;
        this.#skipBlanks(lines);
      } else if (code !== close) {
        leave();
      }
    }
    this.#at++;
    this.#depth--;
    return close === CLOSE_LIST ? items : record;
  }

  #skipBlanks(lines: boolean): void {
    for (;;) {
      const code = this.#code(this.#at);
      const lineBreak =
        code === NEWLINE || (code === RETURN && this.#code(this.#at + 1) === NEWLINE);
      if (code !== SPACE && !(lines && lineBreak)) return;
      this.#at++;
    }
  }

  #readFlowPair(record: Record<string, unknown>, lines: boolean): void {
    const quoted = this.#code(this.#at) === DOUBLE_QUOTE;
    const key = this.#readKeyText();
    if (key === null || Object.hasOwn(record, key) || this.#code(this.#at) !== COLON) leave();
    this.#at++;
    // Only after a JSON-like key may the value stand right at the colon.
    if (!quoted && this.#code(this.#at) !== SPACE) leave();
    this.#skipBlanks(lines);
    record[key] = this.#readFlowValue(lines);
  }

  #readFlowValue(lines: boolean): unknown {
    const code = this.#code(this.#at);
    if (code === OPEN_MAP || code === OPEN_LIST) return this.#readFlow(lines);
    if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) return this.#readQuoted(code);
    return this.#readFlowScalar();
  }

  #readFlowScalar(): unknown {
    const start = this.#at;
    if (INDICATORS.has(this.#code(start))) this.#checkIndicator(start);
    let at = start;
    for (; ; at++) {
      const code = this.#code(at);
      if (code === COMMA || code === CLOSE_LIST || code === CLOSE_MAP) break;
      if (code < SPACE || code === 0x7f || code === OPEN_LIST || code === OPEN_MAP) {
        // The end of a line is the end of the scalar only where a bracket or comma follows.
        if (code !== NEWLINE) leave();
        break;
      }
      if (code === COLON && (this.#separates(at + 1) || this.#closesFlow(at + 1))) leave();
      if (code === HASH && this.#text.charCodeAt(at - 1) === SPACE) leave();
    }
    this.#at = at;
    const end = this.#trimBack(at);
    return end === start ? leave() : scalarOf(this.#text.slice(start, end));
  }

  #closesFlow(at: number): boolean {
    const code = this.#code(at);
    return (
      code === COMMA ||
      code === CLOSE_LIST ||
      code === CLOSE_MAP ||
      code === OPEN_LIST ||
      code === OPEN_MAP
    );
  }
}
