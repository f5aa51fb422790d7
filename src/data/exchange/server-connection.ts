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
 * after a refusal. No request is begun while answers wait for a client that does not read.
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

/** Connections of this worker so far. */
let connections = 0;

export class ServerConnection implements Downstream, ConnectionHandler, BodyEvents {
  readonly remoteAddress: string;
  readonly remoteName: string;
  readonly localName: string;
  readonly connectionId: number = ++connections;
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
  /** Answers wait because the client does not read. */
  #blocked = false;
  /** The exchange takes no body at the moment. */
  #requestPaused = false;
  /** The exchange was told that body bytes follow at once, and none has yet. */
  #owesData = false;

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
    // An answer under way may have promised that the connection stays: it is closed as an idle one.
    if (this.#closing || this.#blocked || this.#exchange !== null || this.#reader.partial) return;
    this.#setDeadline(LIMITS.drainIdleMs);
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
    if (this.#backlog === null) this.#process(chunk, length, false);
    else this.#keep(chunk, 0, length, false);
  }

  connectionEnd(): void {
    this.#halfClosed = true;
    if (this.#backlog === null) this.#inputEnded();
  }

  connectionClosed(error: string): void {
    this.#closing = true;
    this.#deadline.release();
    this.#exchange?.requestFailed('client_gone', error.toLowerCase() || 'closed');
    this.#exchange = null;
    this.#context.connectionClosed(this);
  }

  connectionWritable(): void {
    this.#blocked = false;
    if (this.#closing) this.#setDeadline(LIMITS.lingerMs);
    else if (this.#exchange === null) this.#nextRequest();
    else {
      this.#watch(this.#exchange);
      this.#exchange.responseWritable();
    }
  }

  bodyData(chunk: Buffer, end: boolean): void {
    this.#owesData = false;
    const exchange = this.#exchange;
    if (exchange === null) this.#drop(chunk.length);
    else exchange.requestData(chunk, end);
  }

  bodyTrailers(fields: Fields): void {
    this.#owesData = false;
    const exchange = this.#exchange;
    if (exchange === null) return;
    if (fields.length > 0) exchange.requestTrailers(fields);
    else exchange.requestData(NO_BYTES, true);
  }

  /** `own`: the bytes are ours to keep. */
  #process(chunk: Buffer, to: number, own: boolean): void {
    let at = 0;
    this.#processing = true;
    while (at < to && !this.#closing) {
      if (!this.#decoder.done) {
        const next = this.#decoder.read(chunk, at, to);
        if (next === -1) {
          this.#bodyBroken();
          break;
        }
        at = next;
        if (this.#exchange !== null) this.#watch(this.#exchange);
        else if (this.#decoder.done) this.#dropBytes = 0;
      } else if (this.#exchange !== null || this.#blocked) {
        this.#keep(chunk, at, to, own);
        break;
      } else at = this.#readHead(chunk, at, to);
    }
    this.#processing = false;
    if (!this.#owesData) return;
    this.#owesData = false;
    this.#exchange?.requestData(NO_BYTES, false);
  }

  /** Goes on with what was pipelined, or reads. */
  #nextRequest(): void {
    if (this.#processing) return;
    const backlog = this.#backlog;
    this.#backlog = null;
    this.#connection.resume();
    this.#setDeadline(this.#context.draining ? LIMITS.drainIdleMs : this.#tables.client.idleMs);
    if (backlog === null) return;
    this.#process(backlog, backlog.length, true);
    if (this.#halfClosed && this.#backlog === null) this.#inputEnded();
  }

  /** Keeps pipelined bytes; above the bound the client has to wait. */
  #keep(chunk: Buffer, from: number, to: number, own: boolean): void {
    const bytes = chunk.subarray(from, to);
    if (this.#backlog !== null) this.#backlog = Buffer.concat([this.#backlog, bytes]);
    else this.#backlog = own ? bytes : Buffer.from(bytes);
    if (this.#backlog.length >= LIMITS.pipelineBytesMax) this.#connection.pause();
  }

  /** The client has ended its side and all it sent is read. */
  #inputEnded(): void {
    const exchange = this.#exchange;
    if (this.#closing) return;
    if (exchange === null) {
      if (this.#reader.partial) this.#refuse('request_malformed', 'closed_in_head');
      else this.#linger();
    } else if (exchange.requestDone) this.#keepAlive = false;
    else exchange.requestFailed('client_gone', 'closed_in_body');
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
    this.#owesData = facts.more;
    this.#framing.request(head);
    const exchange = new Exchange(head, facts, this, this.#tables, this.#context.deps);
    this.#exchange = exchange;
    this.#watch(exchange);
    exchange.begin();
  }

  /** The client's time runs while it owes body bytes or room for the answer, not while a backend works. */
  #watch(exchange: Exchange): void {
    if (this.#blocked || !(exchange.requestDone || this.#requestPaused)) {
      this.#setDeadline(this.#tables.client.streamIdleMs);
    } else this.#deadline.clear();
  }

  /** The outcome of a write. */
  #wrote(writable: boolean): boolean {
    if (writable) return true;
    this.#blocked = true;
    this.#setDeadline(this.#tables.client.streamIdleMs);
    return false;
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
    else if (this.#blocked) exchange.requestFailed('client_gone', 'client_reads_too_slowly');
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
    if (this.#context.draining) this.#keepAlive = false;
    const length = this.#framing.response(head, end);
    if (this.#framing.untilClose) this.#keepAlive = false;
    const text = responseHeadText(head, length, this.#framing.connection(this.#keepAlive));
    if (more && !end) this.#heldHead = text;
    else this.#wrote(this.#connection.write(text));
    return text.length;
  }

  flushHead(): void {
    const text = this.#heldHead;
    this.#heldHead = '';
    if (text !== '') this.#connection.write(text);
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
    const body = this.#framing.bodyless ? NO_BYTES : chunk;
    return this.#wrote(this.#connection.writeAround(before, body, after));
  }

  writeTrailers(fields: Fields): void {
    const before = this.#heldHead;
    this.#heldHead = '';
    if (!this.#framing.take(0, true)) this.#broken();
    else if (this.#framing.chunked)
      this.#wrote(this.#connection.write(before + chunkedEnd(fields)));
    else if (before !== '') this.#wrote(this.#connection.write(before));
  }

  reset(): void {
    this.#keepAlive = false;
    this.#closing = true;
    if (!this.#connection.closed) this.#connection.reset();
  }

  pauseRequest(): void {
    this.#requestPaused = true;
    this.#connection.pause();
    if (!this.#blocked) this.#deadline.clear();
  }

  resumeRequest(): void {
    this.#requestPaused = false;
    const kept = this.#backlog === null ? 0 : this.#backlog.length;
    if (kept < LIMITS.pipelineBytesMax) this.#connection.resume();
    if (this.#exchange !== null) this.#watch(this.#exchange);
  }

  exchangeEnded(): void {
    const requestDone = this.#exchange?.requestDone === true;
    this.#exchange = null;
    this.#requestPaused = false;
    if (this.#closing) return;
    if (!this.#keepAlive) {
      this.#linger();
      return;
    }
    if (!requestDone) this.#dropBytes = LIMITS.lingerBytesMax;
    if (this.#blocked) this.#connection.pause();
    else if (!this.#processing) this.#nextRequest();
    else {
      this.#connection.resume();
      this.#setDeadline(this.#tables.client.idleMs);
    }
  }

  /** The answer broke its own framing: the client must be able to tell. */
  #broken(): void {
    this.#exchange?.fail('filter_body_length', 'answer_length_mismatch');
  }

  /** Says goodbye and reads on for a moment, so that what was sent is not lost to a reset. */
  #linger(): void {
    this.#closing = true;
    this.#decoder.stop();
    this.#backlog = null;
    this.#dropBytes = LIMITS.lingerBytesMax;
    this.#connection.resume();
    const { queuedBytes } = this.#connection;
    this.#setDeadline(queuedBytes > 0 ? this.#tables.client.streamIdleMs : LIMITS.lingerMs);
    this.#connection.end();
  }

  /** Above the bound nothing more is read. It is not cut yet: a reset could overtake the answer. */
  #drop(bytes: number): void {
    this.#dropBytes -= bytes;
    if (this.#dropBytes > 0) return;
    if (!this.#closing) this.#linger();
    this.#connection.pause();
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
