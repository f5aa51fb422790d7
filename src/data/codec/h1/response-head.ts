/** An answer's head from text (RFC 9112 4) and how its body is framed (RFC 9112 6.3). */

import type { Fields, ResponseHead, Version } from '../head.ts';
import { Framing } from './framing.ts';
import { isFieldValueCode, parseFieldLines, type Reason } from './syntax.ts';

/** Body length that is not a number of bytes. */
export const BODY_CHUNKED = -1;
export const BODY_UNTIL_CLOSE = -2;

export class ResponseHeadParser {
  head: ResponseHead | null = null;
  /** Bytes, {@link BODY_CHUNKED} or {@link BODY_UNTIL_CLOSE}. */
  bodyLength = 0;
  /** The connection may be used again once the answer is complete. */
  keepAlive = false;
  reason: Reason = '';
  readonly #headerCountMax: number;
  readonly #framing = new Framing();

  constructor(headerCountMax: number) {
    this.#headerCountMax = headerCountMax;
  }

  /** `text`: lines with CRLF, without the empty line. `toHead`: it answers a HEAD request. */
  parse(text: string, toHead: boolean): boolean {
    this.head = null;
    const version = statusLineVersion(text);
    if (version === null) return this.#refuse('bad_status_line');
    const status = Number(text.slice(9, 12));
    if (!(status >= 100 && status <= 599)) return this.#refuse('bad_status');
    const lineEnd = text.indexOf('\r\n');
    for (let i = 12; i < lineEnd; i++) {
      if (!isFieldValueCode(text.charCodeAt(i))) return this.#refuse('bad_status_line');
    }
    const fields: Fields = [];
    const reason = parseFieldLines(text, lineEnd + 2, text.length, fields, this.#headerCountMax);
    if (reason !== '') return this.#refuse(reason);
    const http10 = version === 'HTTP/1.0';
    const framing = this.#framing;
    const framed = framing.read(fields, http10);
    if (framed !== '') return this.#refuse(framed);
    if (status === 101) return this.#refuse('unasked_upgrade');
    this.keepAlive = http10 ? framing.keepAlive && !framing.close : !framing.close;
    this.bodyLength = this.#bodyLength(status, toHead);
    this.head = { status, version, fields };
    return true;
  }

  #refuse(reason: Reason): false {
    this.reason = reason;
    return false;
  }

  #bodyLength(status: number, toHead: boolean): number {
    const framing = this.#framing;
    if (toHead || status < 200 || status === 204 || status === 304) return 0;
    if (framing.chunked) return BODY_CHUNKED;
    if (framing.contentLength !== -1) return framing.contentLength;
    this.keepAlive = false;
    return BODY_UNTIL_CLOSE;
  }
}

/** The version of `HTTP/1.x NNN[ reason]`, or null. */
function statusLineVersion(text: string): Version | null {
  const after = text.charCodeAt(12);
  if (after !== 0x20 && after !== 0x0d) return null;
  for (let i = 9; i < 12; i++) {
    const code = text.charCodeAt(i);
    if (code < 48 || code > 57) return null;
  }
  if (text.startsWith('HTTP/1.1 ')) return 'HTTP/1.1';
  return text.startsWith('HTTP/1.0 ') ? 'HTTP/1.0' : null;
}
