/**
 * One HTTP/1.1 connection to an endpoint. It carries one attempt at a time and is that attempt's
 * {@link ClientStream} itself, so a request on a kept connection allocates nothing here.
 *
 * States: connecting -> busy <-> idle -> gone. An answer that is complete leaves the connection
 * idle only if the request was sent whole, both sides want to keep it and not one byte more has
 * come: what a backend sends unasked must never be taken for the next answer.
 */

import type { Clock } from '../../base/clock.ts';
import { Deadline, type DeadlineWheel } from '../../base/deadline.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { ClusterMetrics } from '../../observe/data-metrics.ts';
import { BodyDecoder, type BodyEvents } from '../codec/h1/body-decoder.ts';
import { ANSWER_START, HeadReader } from '../codec/h1/head-reader.ts';
import { BODY_CHUNKED, BODY_UNTIL_CLOSE, ResponseHeadParser } from '../codec/h1/response-head.ts';
import {
  chunkedEnd,
  chunkStart,
  LENGTH_CHUNKED,
  LENGTH_NONE,
  requestHeadText,
} from '../codec/h1/serialize.ts';
import type { Fields, RequestHead } from '../codec/head.ts';
import { type ClientStream, type ClientStreamEvents, NO_BYTES } from '../codec/stream.ts';
import { Connection, type ConnectionHandler } from '../connection/connection.ts';
import type { AttemptOptions } from './connector.ts';

/** Who keeps the connection between attempts. */
export interface ConnectionOwner {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly metrics: ClusterMetrics;
  readonly connectMs: number;
  readonly idleMs: number;
  /** The attempt is over; the connection can take another. */
  connectionIdle(connection: UpstreamConnection): void;
  /** The attempt is over; the connection takes no other. Comes once. */
  connectionGone(connection: UpstreamConnection): void;
  /** A kept connection turned out to be closed when it was used. */
  connectionStale(): void;
}

interface UpstreamEndpoint {
  readonly key: string;
  readonly address: string;
  readonly port: number;
}

export class UpstreamConnection implements ClientStream, ConnectionHandler, BodyEvents {
  /** It carries an attempt; its owner's to set. */
  busy = false;
  /** `ip:port`. */
  readonly endpointKey: string;
  readonly #owner: ConnectionOwner;
  readonly #connection: Connection;
  readonly #deadline: Deadline;
  readonly #reader = new HeadReader(LIMITS.headBytesMax, LIMITS.headBytesMax, ANSWER_START);
  readonly #parser = new ResponseHeadParser(LIMITS.headerCountMax);
  readonly #decoder: BodyDecoder;
  #events: ClientStreamEvents | null = null;
  #connecting = true;
  #gone = false;
  #served = 0;
  /** Head not yet written: it leaves with the first body bytes. */
  #heldHead = '';
  #method = '';
  /** Request body bytes still owed; -1: chunked. */
  #bodyLeft = 0;
  #requestDone = false;
  #responseDone = false;
  #headSeen = false;
  #bytesSeen = false;
  #informational = 0;
  #streamIdleMs = 0;
  #paused = false;
  /** The exchange was told that body bytes follow at once, and none has yet. */
  #owesData = false;

  constructor(owner: ConnectionOwner, endpoint: UpstreamEndpoint) {
    this.#owner = owner;
    this.endpointKey = endpoint.key;
    this.#decoder = new BodyDecoder(this);
    this.#connection = Connection.connect(endpoint.address, endpoint.port, this);
    this.#deadline = new Deadline(owner.wheel, () => this.#expired());
    this.#deadline.set(owner.clock.now() + owner.connectMs);
    owner.metrics.connections.add(1);
    owner.metrics.connectionsActive.add(1);
  }

  /** Takes the next attempt; only while idle or fresh. No event fires before it returns. */
  start(head: RequestHead, options: AttemptOptions, events: ClientStreamEvents): void {
    this.#events = events;
    this.#method = head.method;
    this.#requestDone = options.end;
    this.#responseDone = false;
    this.#headSeen = false;
    this.#bytesSeen = false;
    this.#informational = 0;
    this.#streamIdleMs = options.idleMs;
    if (!this.#connecting) this.#progress();
    const length = options.end ? emptyLength(head.method) : options.bodyLength;
    const text = requestHeadText(head, length, options.expectContinue);
    this.#bodyLeft = options.end ? 0 : options.bodyLength;
    if (options.more) this.#heldHead = text;
    else this.#connection.write(text);
  }

  close(): void {
    this.#leave();
    this.#connection.destroy();
  }

  writeData(chunk: Uint8Array, end: boolean): boolean {
    if (this.#gone) return true;
    this.#progress();
    let before = this.#heldHead;
    this.#heldHead = '';
    let after = '';
    if (this.#bodyLeft === LENGTH_CHUNKED) {
      if (chunk.length > 0) {
        before += chunkStart(chunk.length);
        after = '\r\n';
      }
      if (end) after += '0\r\n\r\n';
    } else {
      this.#bodyLeft -= chunk.length;
      if (this.#bodyLeft < 0 || (end && this.#bodyLeft > 0)) {
        this.#lengthBroken();
        return true;
      }
    }
    this.#requestDone = end;
    return this.#connection.writeAround(before, chunk, after);
  }

  writeTrailers(fields: Fields): void {
    if (this.#gone) return;
    const before = this.#heldHead;
    this.#heldHead = '';
    this.#requestDone = true;
    if (this.#bodyLeft === LENGTH_CHUNKED) this.#connection.write(before + chunkedEnd(fields));
    else if (this.#bodyLeft > 0) this.#lengthBroken();
    else if (before !== '') this.#connection.write(before);
  }

  /** The client is slow: that is not the backend's fault, so its idle time does not run. */
  pauseResponse(): void {
    this.#paused = true;
    this.#connection.pause();
    if (!this.#connecting) this.#deadline.clear();
  }

  resumeResponse(): void {
    this.#paused = false;
    this.#connection.resume();
    this.#progress();
  }

  cancel(): void {
    this.#events = null;
    this.close();
  }

  connectionOpen(): void {
    this.#connecting = false;
    this.#progress();
    if (this.#events === null) this.#owner.connectionIdle(this);
  }

  connectionWritable(): void {
    this.#events?.upstreamWritable();
  }

  connectionData(chunk: Buffer, length: number): void {
    if (this.#events === null || this.#responseDone) {
      this.close();
      return;
    }
    this.#bytesSeen = true;
    this.#progress();
    let at = 0;
    while (at < length && !this.#responseDone) {
      const next = this.#decoder.done
        ? this.#readHead(chunk, at, length)
        : this.#decoder.read(chunk, at, length);
      if (next === -1) {
        const reason = this.#reader.reason || this.#decoder.reason || this.#parser.reason;
        if (reason !== '') this.#malformed(reason);
        return;
      }
      if (this.#events === null) return;
      at = next;
    }
    if (this.#responseDone) this.#finish(at === length);
    else if (this.#owesData) this.bodyData(NOTHING, false);
  }

  connectionEnd(): void {
    if (this.#events !== null && this.#decoder.untilClose) {
      this.#decoder.stop();
      this.#responseDone = true;
      this.#events?.responseData(NO_BYTES, true);
      this.#finish(false);
      return;
    }
    this.#failed('upstream_reset', this.#headSeen ? 'closed_in_body' : 'closed_before_answer');
  }

  connectionClosed(error: string): void {
    if (this.#connecting) {
      if (!this.#gone) this.#owner.metrics.connectFailures.add(1);
      this.#failed('upstream_connect', error.toLowerCase() || 'closed');
    } else this.#failed('upstream_reset', error.toLowerCase() || 'closed');
    this.#leave();
  }

  bodyData(chunk: Buffer, end: boolean): void {
    this.#owesData = false;
    if (end) this.#responseDone = true;
    this.#events?.responseData(chunk, end);
  }

  bodyTrailers(fields: Fields): void {
    this.#owesData = false;
    this.#responseDone = true;
    if (fields.length > 0) this.#events?.responseTrailers(fields);
    else this.#events?.responseData(NO_BYTES, true);
  }

  /** The offset behind the head, or -1: more is needed or the answer is malformed. */
  #readHead(chunk: Buffer, from: number, to: number): number {
    const next = this.#reader.read(chunk, from, to);
    if (next === -1) return -1;
    const parser = this.#parser;
    if (!parser.parse(this.#reader.text, this.#method === 'HEAD') || parser.head === null)
      return -1;
    const events = this.#events as ClientStreamEvents;
    if (parser.head.status < 200) {
      if (++this.#informational > LIMITS.informationalMax) {
        parser.reason = 'too_many_informational';
        return -1;
      }
      events.informational(parser.head);
      return next;
    }
    this.#headSeen = true;
    if (parser.bodyLength === 0) {
      this.#responseDone = true;
      events.responseHead(parser.head, true);
      return next;
    }
    if (parser.bodyLength === BODY_CHUNKED) this.#decoder.startChunked();
    else if (parser.bodyLength === BODY_UNTIL_CLOSE) this.#decoder.startUntilClose();
    else this.#decoder.startLength(parser.bodyLength);
    this.#owesData = next < to;
    events.responseHead(parser.head, false, this.#owesData);
    return next;
  }

  /** The answer is complete; `clean`: nothing came behind it. */
  #finish(clean: boolean): void {
    if (this.#events === null) return;
    this.#events = null;
    if (clean && this.#requestDone && this.#parser.keepAlive && !this.#connection.closed) {
      this.#served++;
      this.#paused = false;
      this.#connection.resume();
      this.#deadline.set(this.#owner.clock.now() + this.#owner.idleMs);
      this.#owner.connectionIdle(this);
    } else this.close();
  }

  #malformed(reason: string): void {
    this.#owner.metrics.protocolErrors.add(1);
    this.#failed('upstream_malformed', reason);
  }

  /** A filter broke its promise of a length; told later, because this is inside a write. */
  #lengthBroken(): void {
    this.#connection.destroy();
    queueMicrotask(() => this.#failed('filter_body_length', 'length_mismatch'));
  }

  #failed(code: ErrorCode, detail: string): void {
    const events = this.#events;
    this.#events = null;
    const lost = events !== null && code === 'upstream_reset';
    const reused = lost && this.#served > 0 && !this.#bytesSeen;
    if (lost) this.#owner.metrics.resets.add(1);
    this.close();
    if (reused) this.#owner.connectionStale();
    events?.responseFailed(code, detail, reused);
  }

  #expired(): void {
    if (this.#connecting) {
      this.#owner.metrics.connectTimeouts.add(1);
      this.#failed('upstream_connect_timeout', 'connect_timeout');
    } else if (this.#events === null) this.close();
    else {
      this.#owner.metrics.timeouts.add(1);
      this.#failed('upstream_idle', 'stream_idle');
    }
  }

  #progress(): void {
    if (this.#connecting || this.#paused) return;
    if (this.#streamIdleMs === 0) this.#deadline.clear();
    else this.#deadline.set(this.#owner.clock.now() + this.#streamIdleMs);
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#heldHead = '';
    this.#deadline.release();
    this.#owner.metrics.connectionsActive.add(-1);
    this.#owner.connectionGone(this);
  }
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Content-Length for a request without a body: 0 where a body is expected (RFC 9110 8.6). */
function emptyLength(method: string): number {
  return method === 'POST' || method === 'PUT' || method === 'PATCH' ? 0 : LENGTH_NONE;
}
