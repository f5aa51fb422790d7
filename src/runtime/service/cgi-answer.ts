/**
 * What a CGI program wrote to standard output (RFC 3875 section 6): fields, an empty line, a body.
 * Lines end in LF or CRLF. At least one field is required, so that a program that only prints text
 * is told so instead of losing its first paragraph.
 *
 * - `Status: 404 Not Found` sets the status (200 to 599); the reason is not passed on.
 * - `Location` without `Status` makes a 302, for a path as for a URL: like nginx, Tulle does not run
 *   the request again for a "local redirect".
 * - A body without `Content-Type` is passed on without one, as nginx and Apache do: guessing a type
 *   is the client's to refuse.
 * - Framing and connection-level fields are dropped: the body's length is known here.
 *
 * A line that is no valid field makes the whole answer invalid; nothing of it is sent, so a program
 * that puts a CR or LF of its user's into a field cannot write fields or answers of the user's.
 */

import type { Buffer } from 'node:buffer';
import { LIMITS } from '../../base/limits.ts';

export interface CgiAnswer {
  readonly status: number;
  /** name, value...; names lower case. */
  readonly fields: string[];
  /** Where the body begins. */
  readonly bodyAt: number;
  /** The program's own Content-Length: what HEAD would announce. -1: none. */
  readonly announcedBytes: number;
}

/** Why the output is no answer. */
export interface CgiProblem {
  readonly problem: string;
}

const LF = 0x0a;
const CR = 0x0d;

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible characters, blanks, tabs and bytes above ASCII. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const STATUS = /^([2-5]\d\d)(?: .*)?$/;
const LENGTH = /^\d{1,15}$/;

const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export function isCgiProblem(parsed: CgiAnswer | CgiProblem): parsed is CgiProblem {
  return 'problem' in parsed;
}

const problem = (text: string): CgiProblem => ({ problem: text });

/** Never throws. */
export function parseCgiAnswer(output: Buffer): CgiAnswer | CgiProblem {
  const head = new Head();
  let at = 0;
  for (;;) {
    const newline = output.indexOf(LF, at);
    if (newline < 0 || newline >= LIMITS.guestHeadBytesMax) return unended(output, newline);
    const end = newline > at && output[newline - 1] === CR ? newline - 1 : newline;
    if (end === at) {
      at = newline + 1;
      break;
    }
    const wrong = head.line(output.toString('latin1', at, end));
    if (wrong !== null) return problem(wrong);
    at = newline + 1;
  }
  if (!head.any) return problem('the output begins with an empty line instead of a field');
  return {
    status: head.status || (head.hasLocation ? 302 : 200),
    fields: head.fields,
    bodyAt: at,
    announcedBytes: head.announcedBytes,
  };
}

function unended(output: Buffer, newline: number): CgiProblem {
  if (output.length === 0) return problem('nothing was written');
  if (newline >= 0 || output.length > LIMITS.guestHeadBytesMax) {
    return problem(`the fields do not end within ${LIMITS.guestHeadBytesMax} bytes`);
  }
  return problem('no empty line after the fields');
}

class Head {
  readonly fields: string[] = [];
  status = 0;
  hasLocation = false;
  announcedBytes = -1;
  any = false;
  #hasType = false;

  /** Why the line is wrong, or null. */
  line(line: string): string | null {
    const colon = line.indexOf(':');
    if (colon < 0) return `a line without a colon: ${quoted(line)}`;
    const name = line.slice(0, colon);
    if (!NAME.test(name)) return `not a field name: ${quoted(name)}`;
    const raw = line.slice(colon + 1);
    if (!VALUE.test(raw)) return `field ${name} has a control character`;
    this.any = true;
    return this.#field(name.toLowerCase(), trimBlanks(raw));
  }

  #field(name: string, value: string): string | null {
    switch (name) {
      case 'status':
        return this.#status(value);
      case 'location':
        if (this.hasLocation) return 'Location comes twice';
        this.hasLocation = true;
        break;
      case 'content-type':
        if (this.#hasType) return 'Content-Type comes twice';
        this.#hasType = true;
        break;
      case 'content-length':
        if (LENGTH.test(value)) this.announcedBytes = Number(value);
        return null;
      default:
        if (DROPPED.has(name)) return null;
    }
    if (this.fields.length >= 2 * LIMITS.headerCountMax) {
      return `more than ${LIMITS.headerCountMax} fields`;
    }
    this.fields.push(name, value);
    return null;
  }

  #status(value: string): string | null {
    if (this.status !== 0) return 'Status comes twice';
    const match = STATUS.exec(value);
    if (match === null) return `not a status: ${quoted(value)}`;
    this.status = Number(match[1]);
    return null;
  }
}

/** Outer blanks and tabs; `trim` would take bytes above ASCII too. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}
