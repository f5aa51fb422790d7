/**
 * The parts of the codec put together as the connections do it, with no socket: what comes out of
 * bytes that arrive in given pieces. Each piece is read in the middle of a larger buffer, whose
 * other bytes would change the outcome if they were looked at, and is overwritten afterwards.
 */

import { ERRORS } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { BodyDecoder } from '../../../src/data/codec/h1/body-decoder.ts';
import { ANSWER_START, HeadReader } from '../../../src/data/codec/h1/head-reader.ts';
import { RequestHeadParser } from '../../../src/data/codec/h1/request-head.ts';
import {
  BODY_CHUNKED,
  BODY_UNTIL_CLOSE,
  ResponseHeadParser,
} from '../../../src/data/codec/h1/response-head.ts';

/** Everything that must not depend on how the bytes were cut. */
export interface Outcome {
  /** Heads, body bytes and trailers in order; body bytes joined. */
  readonly events: string[];
  /** 0: not refused. */
  status: number;
  /** Bytes read up to the end of the last whole message. */
  consumed: number;
}

/** Would end a head, a chunk line, a chunk or a trailer section that lacks its end. */
const TRAP = Buffer.from('\r\n\r\n0\r\n\r\nA: b\r\n\r\n', 'latin1');

abstract class Driver {
  readonly outcome: Outcome = { events: [], status: 0, consumed: 0 };
  protected readonly decoder: BodyDecoder;
  #inBody = false;

  constructor() {
    this.decoder = new BodyDecoder({
      bodyData: (chunk, end) => {
        const text = chunk.toString('latin1');
        if (this.#inBody) this.outcome.events.push(`${this.outcome.events.pop()}${text}`);
        else this.outcome.events.push(`body ${text}`);
        this.#inBody = !end;
      },
      bodyTrailers: (fields) => {
        this.event(`trailers ${JSON.stringify(fields)}`);
      },
    });
  }

  get stopped(): boolean {
    return this.outcome.status !== 0;
  }

  protected event(text: string): void {
    this.#inBody = false;
    this.outcome.events.push(text);
  }

  /** Reads a head from `chunk[from, to)`: the offset behind it, or -1. */
  protected abstract readHead(chunk: Buffer, from: number, to: number): number;

  /** `offset`: bytes in the pieces before. */
  push(piece: Buffer, offset: number): void {
    const chunk = Buffer.concat([TRAP, piece, TRAP]);
    const to = TRAP.length + piece.length;
    let at = TRAP.length;
    while (at < to && !this.stopped) {
      if (this.decoder.done) {
        const next = this.readHead(chunk, at, to);
        if (next === -1) break;
        at = next;
      } else {
        const next = this.decoder.read(chunk, at, to);
        if (next === -1) {
          this.outcome.status = ERRORS.request_framing.status;
          break;
        }
        at = next;
      }
      if (at > to) throw new Error(`read ${at - to} bytes past the piece`);
      if (this.decoder.done) this.outcome.consumed = offset + at - TRAP.length;
    }
    chunk.fill('\r\n0: x');
  }
}

class RequestDriver extends Driver {
  readonly #reader = new HeadReader(LIMITS.headBytesMax, LIMITS.targetBytesMax + 32);
  readonly #parser = new RequestHeadParser(LIMITS);

  protected readHead(chunk: Buffer, from: number, to: number): number {
    const next = this.#reader.read(chunk, from, to);
    const { reason } = this.#reader;
    if (next === -1) {
      if (reason !== '') this.outcome.status = ERRORS[codeOf(reason)].status;
      return -1;
    }
    const parser = this.#parser;
    if (!parser.parse(this.#reader.text)) {
      this.outcome.status = ERRORS[parser.code].status;
      return -1;
    }
    const { bodyLength, keepAlive, expectContinue } = parser;
    this.event(JSON.stringify([parser.head, bodyLength, keepAlive, expectContinue]));
    if (bodyLength > 0) this.decoder.startLength(bodyLength);
    else if (bodyLength === -1) this.decoder.startChunked();
    return next;
  }
}

class AnswerDriver extends Driver {
  readonly #reader = new HeadReader(LIMITS.headBytesMax, LIMITS.headBytesMax, ANSWER_START);
  readonly #parser = new ResponseHeadParser(LIMITS.headerCountMax);

  protected readHead(chunk: Buffer, from: number, to: number): number {
    const next = this.#reader.read(chunk, from, to);
    const parser = this.#parser;
    if (next === -1) {
      if (this.#reader.reason !== '') this.outcome.status = ERRORS.upstream_malformed.status;
      return -1;
    }
    if (!parser.parse(this.#reader.text, false)) {
      this.outcome.status = ERRORS.upstream_malformed.status;
      return -1;
    }
    this.event(JSON.stringify([parser.head, parser.bodyLength, parser.keepAlive]));
    if (parser.bodyLength === BODY_CHUNKED) this.decoder.startChunked();
    else if (parser.bodyLength === BODY_UNTIL_CLOSE) this.decoder.startUntilClose();
    else if (parser.bodyLength > 0) this.decoder.startLength(parser.bodyLength);
    return next;
  }
}

export type Kind = 'request' | 'answer';

/** `cuts`: ascending offsets where one piece ends and the next begins. */
export function drive(kind: Kind, bytes: Buffer, cuts: readonly number[]): Outcome {
  const driver = kind === 'request' ? new RequestDriver() : new AnswerDriver();
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    if (to > from && !driver.stopped) driver.push(bytes.subarray(from, to), from);
    from = to;
  }
  return driver.outcome;
}

/** As the client's connection answers it. */
function codeOf(reason: string): keyof typeof ERRORS {
  if (reason === 'head_too_large') return 'request_head_too_large';
  return reason === 'start_line_too_long' ? 'request_line_too_long' : 'request_malformed';
}
