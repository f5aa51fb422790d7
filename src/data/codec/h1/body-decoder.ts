/**
 * Takes one body's framing off a byte stream (RFC 9112 6 and 7.1): a length, chunks with trailers,
 * or the end of the connection. Feeds borrowed views of the chunk it is given; keeps only what an
 * unfinished chunk line or trailer section needs.
 *
 * Chunk lines are read strictly: hexadecimal digits, then nothing or an extension, then CRLF.
 * Extensions are dropped. Blanks after the size, a bare LF, or a size too large end the message.
 * What comes out does not depend on how the bytes were cut into chunks.
 */

import { latin1 } from '../../../base/latin1.ts';
import { LIMITS } from '../../../base/limits.ts';
import type { Fields } from '../head.ts';
import {
  isFieldValueCode,
  isHexCode,
  isTokenCode,
  parseFieldLines,
  type Reason,
} from './syntax.ts';

export interface BodyEvents {
  bodyData(chunk: Buffer, end: boolean): void;
  /** The end of a chunked body; empty `fields` where there were no trailers. */
  bodyTrailers(fields: Fields): void;
}

const DONE = 0;
const LENGTH = 1;
const CLOSE = 2;
const SIZE = 3;
const EXTENSION = 4;
const SIZE_LF = 5;
const DATA = 6;
const DATA_CR = 7;
const DATA_LF = 8;
const TRAILERS = 9;
const EXTENSION_NAME = 10;

/** The longest chunk line with no extension and the CRLF behind its data. */
const PLAIN_CHUNK_BYTES = 16;

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const SP = 0x20;
const HTAB = 0x09;

export class BodyDecoder {
  reason: Reason = '';
  readonly #events: BodyEvents;
  #state = DONE;
  #left = 0;
  #digits = 0;
  #lineBytes = 0;
  #overheadBytes = 0;
  #trailers = '';

  constructor(events: BodyEvents) {
    this.#events = events;
  }

  get done(): boolean {
    return this.#state === DONE;
  }

  /** The body ends with the connection. */
  get untilClose(): boolean {
    return this.#state === CLOSE;
  }

  /** `length` above 0. */
  startLength(length: number): void {
    this.#state = LENGTH;
    this.#left = length;
  }

  startChunked(): void {
    this.#state = SIZE;
    this.#left = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
    this.#overheadBytes = 0;
    this.#trailers = '';
  }

  startUntilClose(): void {
    this.#state = CLOSE;
  }

  /** Forgets the body; what is left of it is not read. */
  stop(): void {
    this.#state = DONE;
  }

  /** Reads `chunk[from, to)`. Returns the offset behind the body or `to`; -1: {@link reason}. */
  read(chunk: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to && this.#state !== DONE) {
      if (this.#state === LENGTH || this.#state === DATA) at = this.#data(chunk, at, to);
      else if (this.#state === CLOSE) {
        this.#events.bodyData(chunk.subarray(at, to), false);
        return to;
      } else if (this.#state === TRAILERS) at = this.#trailerBytes(chunk, at, to);
      else at = this.#line(chunk, at, to);
      if (at === -1) return -1;
    }
    return at;
  }

  #data(chunk: Buffer, from: number, to: number): number {
    const take = Math.min(this.#left, to - from);
    this.#left -= take;
    const view = from === 0 && take === chunk.length ? chunk : chunk.subarray(from, from + take);
    if (this.#left > 0) this.#events.bodyData(view, false);
    else if (this.#state === LENGTH) {
      this.#state = DONE;
      this.#events.bodyData(view, true);
    } else {
      this.#state = DATA_CR;
      this.#events.bodyData(view, false);
    }
    return from + take;
  }

  /** Chunk framing, a byte at a time. */
  #line(chunk: Buffer, from: number, to: number): number {
    for (let i = from; i < to; i++) {
      const code = chunk[i] as number;
      if (++this.#overheadBytes > LIMITS.chunkOverheadBytesMax)
        return this.#refuse('chunk_overhead');
      switch (this.#state) {
        case SIZE:
          if (!this.#sizeByte(code)) return -1;
          break;
        case EXTENSION_NAME:
        case EXTENSION:
          if (!this.#extensionByte(code)) return -1;
          break;
        case SIZE_LF:
          if (code !== LF) return this.#refuse('bare_cr');
          this.#state = this.#left === 0 ? TRAILERS : DATA;
          return i + 1;
        case DATA_CR:
          if (code !== CR) return this.#refuse('chunk_longer_than_size');
          this.#state = DATA_LF;
          break;
        default:
          if (code !== LF) return this.#refuse('bare_cr');
          this.#startSize();
      }
    }
    return to;
  }

  #startSize(): void {
    this.#state = SIZE;
    this.#left = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
  }

  #sizeByte(code: number): boolean {
    if (isHexCode(code)) {
      // 12 digits: 2^48 - 1 bytes, exact in a double.
      if (++this.#digits > 12) return this.#fail('chunk_size_too_large');
      this.#left = this.#left * 16 + (code <= 57 ? code - 48 : (code | 32) - 87);
      return true;
    }
    if (this.#digits === 0) return this.#fail('bad_chunk_size');
    // A chunk is worth its line and as much again as its data: only extensions can add up.
    this.#overheadBytes = Math.max(0, this.#overheadBytes - PLAIN_CHUNK_BYTES - this.#left);
    if (code === CR) this.#state = SIZE_LF;
    else if (code === SEMICOLON) this.#state = EXTENSION_NAME;
    else return this.#fail(code === LF ? 'bare_lf' : 'bad_chunk_size');
    return true;
  }

  /** RFC 9112 7.1.1: a name first; its value may be quoted, so what follows is not looked into. */
  #extensionByte(code: number): boolean {
    if (++this.#lineBytes > LIMITS.chunkLineBytesMax) return this.#fail('chunk_line_too_long');
    if (this.#state === EXTENSION_NAME) {
      if (code === SP || code === HTAB) return true;
      this.#state = EXTENSION;
      return isTokenCode(code) || this.#fail('bad_chunk_extension');
    }
    if (code === CR) this.#state = SIZE_LF;
    else if (!isFieldValueCode(code)) return this.#fail('bad_chunk_extension');
    return true;
  }

  /** Kept as text until its empty line; bounded. */
  #trailerBytes(chunk: Buffer, from: number, to: number): number {
    const before = this.#trailers.length;
    const room = LIMITS.trailerBytesMax - before;
    this.#trailers += latin1(chunk, from, Math.min(to, from + room + 4));
    const text = this.#trailers;
    let end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end === -1) {
      if (!this.#partialTrailers(text, before)) return -1;
      return text.length >= LIMITS.trailerBytesMax ? this.#refuse('trailers_too_large') : to;
    }
    if (end + 4 > LIMITS.trailerBytesMax) return this.#refuse('trailers_too_large');
    const fields: Fields = [];
    if (end > 0) {
      const reason = parseFieldLines(text, 0, end + 2, fields, LIMITS.headerCountMax);
      if (reason !== '') return this.#refuse(reason);
      dropForbidden(fields);
      end += 2;
    }
    this.#state = DONE;
    this.#trailers = '';
    this.#events.bodyTrailers(fields);
    return from + (end + 2 - before);
  }

  /** A line ending that can never be right is refused now, not at a timer; `before` is checked. */
  #partialTrailers(text: string, before: number): boolean {
    for (let i = Math.max(0, before - 1); i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === LF && text.charCodeAt(i - 1) !== CR) return this.#fail('bare_lf');
      if (code === CR && i + 1 < text.length && text.charCodeAt(i + 1) !== LF)
        return this.#fail('bare_cr');
    }
    return true;
  }

  #refuse(reason: Reason): -1 {
    this.reason = reason;
    this.#state = DONE;
    return -1;
  }

  #fail(reason: Reason): false {
    this.#refuse(reason);
    return false;
  }
}

/**
 * RFC 9110 6.5.1: fields of framing, routing, authentication and content may not come late, nor may
 * those that say where a request came from: a backend might take them for fields of the head.
 */
const FORBIDDEN = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
]);

function dropForbidden(fields: Fields): void {
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    if (FORBIDDEN.has(fields[i] as string)) continue;
    fields[kept] = fields[i] as string;
    fields[kept + 1] = fields[i + 1] as string;
    kept += 2;
  }
  fields.length = kept;
}
