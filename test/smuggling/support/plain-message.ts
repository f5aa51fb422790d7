/**
 * Reads what Tulle writes, by itself: it shares no code with the codec and knows only the one form
 * a message may leave in. Anything else throws, which is a failed test.
 */

export interface PlainMessage {
  /** Request line or status line. */
  readonly line: string;
  /** `name: value` lines in order. */
  readonly fields: readonly string[];
  /** Without its framing. */
  readonly body: string;
  readonly trailers: readonly string[];
  /** Offset behind the message. */
  readonly end: number;
}

const FIELD_LINE = /^[!#$%&'*+.^_`|~0-9a-z-]+: (?:[^ \t](?:.*[^ \t])?)?$/s;
const CONTROL = /[^\t -~\x80-\xff]/;

/** The first message of `text`; null while it is not complete. */
export function readMessage(text: string, bodyless = false): PlainMessage | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const [line, ...fields] = text.slice(0, headEnd).split('\r\n');
  for (const field of [line as string, ...fields]) {
    if (CONTROL.test(field)) throw new Error(`control character in ${JSON.stringify(field)}`);
  }
  for (const field of fields) checkField(field);
  const body = readBody(text, headEnd + 4, fields, bodyless);
  return body === null ? null : { line: line as string, fields, ...body };
}

/** Every message of `text`, and what is left behind the last. */
export function readMessages(text: string): { messages: PlainMessage[]; rest: string } {
  const messages: PlainMessage[] = [];
  let rest = text;
  for (;;) {
    const message = readMessage(rest);
    if (message === null) return { messages, rest };
    messages.push(message);
    rest = rest.slice(message.end);
  }
}

export function valuesOf(fields: readonly string[], name: string): string[] {
  const start = `${name}: `;
  return fields
    .filter((field) => field.startsWith(start))
    .map((field) => field.slice(start.length));
}

function checkField(field: string): void {
  if (!FIELD_LINE.test(field)) throw new Error(`not a plain field: ${JSON.stringify(field)}`);
}

type Body = Pick<PlainMessage, 'body' | 'trailers' | 'end'>;

function readBody(
  text: string,
  from: number,
  fields: readonly string[],
  bodyless: boolean,
): Body | null {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) throw new Error(`two framings: ${fields.join(' | ')}`);
  if (codings.length === 1 && codings[0] !== 'chunked') throw new Error(`coding ${codings[0]}`);
  if (lengths.length === 1 && !/^(?:0|[1-9]\d*)$/.test(lengths[0] as string)) {
    throw new Error(`length ${lengths[0]}`);
  }
  if (bodyless) return { body: '', trailers: [], end: from };
  if (codings.length === 1) return readChunks(text, from);
  const end = from + Number(lengths[0] ?? 0);
  return text.length < end ? null : { body: text.slice(from, end), trailers: [], end };
}

function readChunks(text: string, from: number): Body | null {
  let at = from;
  let body = '';
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const line = text.slice(at, lineEnd);
    if (!/^(?:0|[1-9a-f][0-9a-f]*)$/.test(line)) throw new Error(`chunk line ${line}`);
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2;
    if (size === 0) return readTrailers(text, at, body);
    if (text.length < at + size + 2) return null;
    body += text.slice(at, at + size);
    if (text.slice(at + size, at + size + 2) !== '\r\n') throw new Error('chunk without its end');
    at += size + 2;
  }
}

function readTrailers(text: string, from: number, body: string): Body | null {
  if (text.startsWith('\r\n', from)) return { body, trailers: [], end: from + 2 };
  const end = text.indexOf('\r\n\r\n', from);
  if (end === -1) return null;
  const trailers = text.slice(from, end).split('\r\n');
  for (const field of trailers) checkField(field);
  return { body, trailers, end: end + 4 };
}
