/**
 * A client's HTTP/1.1 connection: reads requests, one exchange at a time, and writes their answers
 * in order (RFC 9112 9.3). Pipelined requests wait as bytes, bounded, and are read when the answer
 * before them is out.
 *
 * Reading: head -> body -> (answer done?) -> head ... Writing is framed here and checked against
 * what the head promised; a filter or backend that breaks the promise costs the connection.
 *
 * An answer that ends before the request's body does leaves the connection reading and dropping
 * what is left, within bounds, so that the client sees the answer and not a reset. The same is done
 * after a refusal.
 */

import { Deadline } from '../../base/deadline.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { endpointKey } from '../cluster/endpoint.ts';
import { BodyDecoder, type BodyEvents } from '../codec/h1/body-decoder.ts';
import { HeadReader } from '../codec/h1/head-reader.ts';
import { RequestHeadParser } from '../codec/h1/request-head.ts';
import { chunkedEnd, chunkStart, LENGTH_NONE, responseHeadText } from '../codec/h1/serialize.ts';
import type { Fields, RequestHead, ResponseHead } from '../codec/head.ts';
import { NO_BYTES } from '../codec/stream.ts';
import type { Connection, ConnectionHandler } from '../connection/connection.ts';
import type { Downstream } from './downstream.ts';
import { Exchange } from './exchange.ts';
import { ResponseFraming } from './response-framing.ts';
import type { ServerContext } from './server-context.ts';
import type { BindTables } from './tables.ts';

const NO_HEAD: RequestHead = {
  method: '-',
  scheme: 'http',
  authority: '',
  target: '-',
  version: 'HTTP/1.1',
  fields: [],
};

export class ServerConnection implements Downstream, ConnectionHandler, BodyEvents {
  readonly remoteAddress: string;
  readonly remoteName: string;
  readonly localName: string;
  trusted = false;
  readonly #context: ServerContext;
  readonly #connection: Connection;
  readonly #deadline: Deadline;
  readonly #reader: HeadReader;
  readonly #parser: RequestHeadParser;
  readonly #decoder: BodyDecoder;
  readonly #framing = new ResponseFraming();
  #tables: BindTables;
  #exchange: Exchange | null = null;
  /** Bytes of pipelined requests, our own copy. */
  #backlog: Buffer | null = null;
  #heldHead = '';
  #keepAlive = true;
  #expectsContinue = false;
  #requests = 0;
  /** Reading only to drop: what is left of the bound. 0: not so. */
  #dropBytes = 0;
  #closing = false;
  #halfClosed = false;
  #processing = false;

  constructor(connection: Connection, context: ServerContext) {
    this.#connection = connection;
    this.#context = context;
    this.#tables = context.tables();
    const { client } = this.#tables;
    this.remoteAddress = unmapped(connection.remoteAddress);
    this.remoteName = endpointKey(this.remoteAddress, connection.remotePort);
    this.localName = endpointKey(unmapped(connection.localAddress), connection.localPort);
    this.#reader = new HeadReader(client.headBytesMax, client.targetBytesMax + 32);
    this.#parser = new RequestHeadParser(client);
    this.#decoder = new BodyDecoder(this);
    this.#deadline = new Deadline(context.wheel, () => this.#expired());
    this.#setDeadline(client.idleMs);
  }

  /**
   * No request after the one in flight. An idle connection is not cut at once: a request may be on
   * its way, and is better answered with `connection: close` than lost.
   */
  drain(): void {
    if (this.#exchange === null && !this.#reader.partial && this.#backlog === null) {
      this.#setDeadline(LIMITS.drainIdleMs);
    } else this.#keepAlive = false;
  }

  /** Cuts it, whatever it is doing. */
  destroy(): void {
    this.#connection.destroy();
  }

  // Reading.

  connectionOpen(): void {}

  connectionData(chunk: Buffer, length: number): void {
    if (this.#closing) {
      this.#drop(length);
      return;
    }
    if (this.#backlog === null) this.#process(chunk, 0, length);
    else {
      this.#keep(chunk, 0, length);
      if (this.#exchange === null || !this.#decoder.done) this.#processBacklog();
    }
  }

  connectionEnd(): void {
    this.#halfClosed = true;
    if (this.#closing || (this.#exchange === null && !this.#reader.partial)) {
      this.#connection.destroy();
      return;
    }
    if (this.#exchange === null) this.#refuse('request_malformed', 'closed_in_head');
    else if (!this.#exchange.requestDone)
      this.#exchange.requestFailed('client_gone', 'closed_in_body');
    else this.#keepAlive = false;
  }

  connectionClosed(error: string): void {
    this.#closing = true;
    this.#deadline.release();
    this.#exchange?.requestFailed('client_gone', error.toLowerCase() || 'closed');
    this.#exchange = null;
    this.#context.connectionClosed(this);
  }

  connectionWritable(): void {
    if (this.#exchange === null) return;
    this.#watchBody(this.#exchange);
    this.#exchange.responseWritable();
  }

  bodyData(chunk: Buffer, end: boolean): void {
    const exchange = this.#exchange;
    if (exchange === null) this.#drop(chunk.length);
    else exchange.requestData(chunk, end);
  }

  bodyTrailers(fields: Fields): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    if (fields.length > 0) exchange.requestTrailers(fields);
    else exchange.requestData(NO_BYTES, true);
  }

  #process(chunk: Buffer, from: number, to: number): void {
    let at = from;
    this.#processing = true;
    while (at < to && !this.#closing) {
      if (!this.#decoder.done) {
        const next = this.#decoder.read(chunk, at, to);
        if (next === -1) {
          this.#bodyBroken();
          break;
        }
        at = next;
        if (this.#exchange !== null) this.#watchBody(this.#exchange);
        else if (this.#decoder.done) this.#dropBytes = 0;
      } else if (this.#exchange !== null) {
        this.#keep(chunk, at, to);
        break;
      } else at = this.#readHead(chunk, at, to);
    }
    this.#processing = false;
  }

  #processBacklog(): void {
    const backlog = this.#backlog;
    if (backlog === null) return;
    this.#backlog = null;
    this.#connection.resume();
    this.#process(backlog, 0, backlog.length);
  }

  /** Keeps pipelined bytes; above the bound the client has to wait. */
  #keep(chunk: Buffer, from: number, to: number): void {
    const bytes = chunk.subarray(from, to);
    this.#backlog =
      this.#backlog === null ? Buffer.from(bytes) : Buffer.concat([this.#backlog, bytes]);
    if (this.#backlog.length >= LIMITS.pipelineBytesMax) this.#connection.pause();
  }

  /** The offset behind the head, or `to`. */
  #readHead(chunk: Buffer, from: number, to: number): number {
    // RFC 9112 2.2: an empty line before a request is ignored.
    if (
      chunk[from] === 0x0d &&
      chunk[from + 1] === 0x0a &&
      !this.#reader.partial &&
      from + 2 <= to
    ) {
      return from + 2;
    }
    const started = this.#reader.partial;
    const next = this.#reader.read(chunk, from, to);
    if (next !== -1) {
      this.#begin(next < to, this.#reader.text.length + 2);
      return next;
    }
    const { reason } = this.#reader;
    if (reason !== '') this.#refuse(codeOfReason(reason), reason);
    else if (!started) this.#setDeadline(this.#tables.client.requestHeadMs);
    return to;
  }

  #begin(more: boolean, headBytes: number): void {
    const parser = this.#parser;
    this.#tables = this.#context.tables();
    this.#requests++;
    if (!parser.parse(this.#reader.text) || parser.head === null) {
      this.#refuse(parser.code, parser.reason);
      return;
    }
    const { head, bodyLength } = parser;
    this.trusted = this.#tables.isTrusted(this.remoteAddress);
    this.#keepAlive =
      parser.keepAlive &&
      !this.#halfClosed &&
      !this.#context.draining &&
      this.#requests < LIMITS.requestsPerConnectionMax;
    this.#expectsContinue = parser.expectContinue;
    if (bodyLength > 0) this.#decoder.startLength(bodyLength);
    else if (bodyLength === -1) this.#decoder.startChunked();
    const end = bodyLength === 0;
    const facts = {
      end,
      bodyLength,
      expectContinue: parser.expectContinue,
      more: more && !end,
      headBytes,
    };
    this.#framing.request(head);
    const exchange = new Exchange(head, facts, this, this.#tables, this.#context.deps);
    this.#exchange = exchange;
    this.#watchBody(exchange);
    exchange.begin();
  }

  /** While the client owes bytes its time runs; while a backend works it does not. */
  #watchBody(exchange: Exchange): void {
    if (exchange.requestDone) this.#deadline.clear();
    else this.#setDeadline(this.#tables.client.streamIdleMs);
  }

  #bodyBroken(): void {
    const { reason } = this.#decoder;
    this.#keepAlive = false;
    if (this.#exchange === null) this.#linger();
    else {
      this.#context.metrics.protocolErrors.add(1);
      this.#exchange.requestFailed('request_framing', reason);
    }
  }

  /** Answers bytes that are no request; the connection ends with it. */
  #refuse(code: ErrorCode, detail: string): void {
    this.#context.metrics.protocolErrors.add(1);
    this.#keepAlive = false;
    this.#framing.request(NO_HEAD);
    const head = { ...NO_HEAD, fields: [] };
    const facts = { end: true, bodyLength: 0, expectContinue: false, more: false, headBytes: 0 };
    this.#exchange = new Exchange(head, facts, this, this.#tables, this.#context.deps);
    this.#exchange.refuse(code, detail);
  }

  #expired(): void {
    const exchange = this.#exchange;
    if (this.#closing || (exchange === null && !this.#reader.partial)) {
      this.#connection.destroy();
      return;
    }
    this.#context.metrics.timeouts.add(1);
    this.#keepAlive = false;
    if (exchange === null) this.#refuse('request_head_timeout', 'head_timeout');
    else if (exchange.requestDone) exchange.requestFailed('client_gone', 'client_reads_too_slowly');
    else exchange.requestFailed('request_body_timeout', 'body_timeout');
  }

  // Writing.

  writeInformational(head: ResponseHead): void {
    if (this.#framing.http10) return;
    if (head.status === 100) this.#expectsContinue = false;
    this.#connection.write(responseHeadText(head, LENGTH_NONE, ''));
  }

  writeHead(head: ResponseHead, end: boolean, more: boolean): number {
    // A client that still waits for a 100 may or may not send its body now.
    if (this.#expectsContinue && this.#exchange?.requestDone !== true) this.#keepAlive = false;
    if (this.#context.draining || this.#halfClosed) this.#keepAlive = false;
    const length = this.#framing.response(head, end);
    if (this.#framing.untilClose) this.#keepAlive = false;
    const text = responseHeadText(head, length, this.#framing.connection(this.#keepAlive));
    if (more && !end) this.#heldHead = text;
    else this.#connection.write(text);
    return text.length;
  }

  writeData(chunk: Uint8Array, end: boolean): boolean {
    let before = this.#heldHead;
    this.#heldHead = '';
    if (!this.#framing.take(chunk.length, end)) {
      this.#broken();
      return true;
    }
    let after = '';
    if (this.#framing.chunked) {
      if (chunk.length > 0) {
        before += chunkStart(chunk.length);
        after = '\r\n';
      }
      if (end) after += '0\r\n\r\n';
    }
    const writable = this.#connection.writeAround(
      before,
      this.#framing.bodyless ? NO_BYTES : chunk,
      after,
    );
    if (!writable) this.#setDeadline(this.#tables.client.streamIdleMs);
    return writable;
  }

  writeTrailers(fields: Fields): void {
    const before = this.#heldHead;
    this.#heldHead = '';
    if (!this.#framing.take(0, true)) this.#broken();
    else if (this.#framing.chunked) this.#connection.write(before + chunkedEnd(fields));
    else if (before !== '') this.#connection.write(before);
  }

  reset(): void {
    this.#keepAlive = false;
    this.#closing = true;
    if (!this.#connection.closed) this.#connection.reset();
  }

  pauseRequest(): void {
    this.#connection.pause();
    this.#deadline.clear();
  }

  resumeRequest(): void {
    this.#connection.resume();
    if (this.#exchange !== null) this.#watchBody(this.#exchange);
  }

  exchangeEnded(): void {
    const requestDone = this.#exchange?.requestDone === true;
    this.#exchange = null;
    this.#connection.resume();
    if (this.#closing) return;
    if (!this.#keepAlive || (this.#halfClosed && this.#backlog === null)) {
      this.#linger();
      return;
    }
    this.#setDeadline(this.#tables.client.idleMs);
    if (!requestDone) this.#dropBytes = LIMITS.lingerBytesMax;
    if (this.#backlog !== null && !this.#processing) this.#processBacklog();
  }

  /** The answer broke its own framing: the client must be able to tell. */
  #broken(): void {
    this.#keepAlive = false;
    this.#closing = true;
    this.#connection.reset();
  }

  /** Says goodbye and reads on for a moment, so that what was sent is not lost to a reset. */
  #linger(): void {
    this.#closing = true;
    this.#decoder.stop();
    this.#backlog = null;
    this.#dropBytes = LIMITS.lingerBytesMax;
    this.#connection.end();
    if (this.#halfClosed) this.#deadline.clear();
    this.#setDeadline(LIMITS.lingerMs);
  }

  #drop(bytes: number): void {
    this.#dropBytes -= bytes;
    if (this.#dropBytes <= 0) this.#connection.destroy();
  }

  #setDeadline(afterMs: number): void {
    this.#deadline.set(this.#context.deps.clock.now() + afterMs);
  }
}

/** An IPv4 address as a dual-stack socket tells it. */
function unmapped(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

function codeOfReason(reason: string): ErrorCode {
  if (reason === 'head_too_large') return 'request_head_too_large';
  return reason === 'start_line_too_long' ? 'request_line_too_long' : 'request_malformed';
}
