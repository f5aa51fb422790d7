/**
 * One request to a Wasm service, as the exchange's stream: its body is collected, then it waits for
 * its turn, then its answer is handed on as fast as the exchange takes it. Whether it may do so is
 * the connector's to say ({@link StreamOwner}); this file keeps the state of one.
 *
 *   collecting --> waiting --> answering --> done       (or done from anywhere: failed, cancelled)
 */

import { Buffer } from 'node:buffer';
import type { ErrorCode } from '../../../base/errors.ts';
import { LIMITS } from '../../../base/limits.ts';
import type { Fields, RequestHead, ResponseHead } from '../../codec/head.ts';
import type { ClientStream, ClientStreamEvents } from '../../codec/stream.ts';
import type { AttemptOptions } from '../connector.ts';
import { CollectedBody } from './body.ts';

/** What a stream asks of its connector. */
export interface StreamOwner {
  /** Takes bytes into what the service holds; false: it holds as much as it may. */
  hold(bytes: number): boolean;
  letGo(bytes: number): void;
  /** The stream has something to do in a turn. */
  ready(stream: WasmStream): void;
  /** It is over, however it ended; called once. */
  ended(stream: WasmStream): void;
}

const COLLECTING = 0;
const WAITING = 1;
const ANSWERING = 2;
const DONE = 3;

const SLICE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

export class WasmStream implements ClientStream {
  readonly head: RequestHead;
  readonly hasBody: boolean;
  /** When it began to wait for its turn, on the monotonic clock. */
  waitingSinceMs = 0;
  readonly #events: ClientStreamEvents;
  readonly #owner: StreamOwner;
  #state = COLLECTING;
  readonly #body = new CollectedBody();
  #failure: ErrorCode | null = null;
  #failureDetail = '';
  #paused = false;
  #delivering = false;
  #resumed = false;
  /** What is left of the answer's body; borrowed until the first pause, then a copy. */
  #rest: Buffer = NOTHING;
  #restAt = 0;
  /** Counted with the owner. */
  #heldBytes = 0;

  constructor(
    owner: StreamOwner,
    head: RequestHead,
    options: AttemptOptions,
    events: ClientStreamEvents,
  ) {
    this.#owner = owner;
    this.head = head;
    this.hasBody = !options.end;
    this.#events = events;
  }

  writeData(chunk: Uint8Array, end: boolean): boolean {
    if (this.#state !== COLLECTING) return true;
    if (this.#body.length + chunk.length > LIMITS.guestBodyBytesMax) {
      const detail = `a Wasm service takes at most ${LIMITS.guestBodyBytesMax} bytes`;
      this.#failLater('request_body_too_large', detail);
    } else if (!this.#hold(chunk.length)) {
      this.#failLater('service_limit', 'the service holds too many unread bytes');
    } else {
      this.#body.append(chunk);
      if (end) this.finish();
    }
    return true;
  }

  /** Trailers have no place in CGI; they end the body. */
  writeTrailers(_fields: Fields): void {
    if (this.#state === COLLECTING) this.finish();
  }

  /** The request is complete. */
  finish(): void {
    this.#state = WAITING;
    this.#owner.ready(this);
  }

  #hold(bytes: number): boolean {
    if (!this.#owner.hold(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  /** Tells of a failure in a turn, never from inside a call of the exchange. */
  #failLater(code: ErrorCode, detail: string): void {
    this.#failure = code;
    this.#failureDetail = detail;
    this.#body.take();
    this.finish();
  }

  /** Cancelled or failed while it waited for its turn. */
  get over(): boolean {
    return this.#state === DONE;
  }

  /** Why it must not run, told to the exchange; false when it may run. */
  takeFailure(): boolean {
    if (this.#failure === null) return false;
    this.fail(this.#failure, this.#failureDetail);
    return true;
  }

  /** True when the turn is for the rest of an answer, not for a run. */
  get answering(): boolean {
    return this.#state === ANSWERING;
  }

  /** The whole body, to be called once; null without one. */
  takeBody(): Buffer | null {
    return this.hasBody ? this.#body.take() : null;
  }

  fail(code: ErrorCode, detail: string): void {
    if (this.#state === DONE) return;
    this.#end();
    this.#events.responseFailed(code, detail, false);
  }

  /** The answer. `body` is borrowed: what cannot be handed on at once is copied. */
  answer(head: ResponseHead, body: Buffer): void {
    this.#letGo();
    this.#state = ANSWERING;
    this.#rest = body;
    this.#restAt = 0;
    this.#delivering = true;
    if (body.length === 0) {
      this.#end();
      this.#events.responseHead(head, true);
      return;
    }
    this.#events.responseHead(head, false);
    this.#delivering = false;
    this.deliver();
    if (this.#state === ANSWERING) this.#keepRest();
  }

  /** Hands on what is left until it is paused or through. */
  deliver(): void {
    this.#resumed = false;
    if (this.#delivering) return;
    this.#delivering = true;
    while (this.#state === ANSWERING && !this.#paused) {
      const start = this.#restAt;
      const stop = Math.min(start + SLICE_BYTES, this.#rest.length);
      const slice = this.#rest.subarray(start, stop);
      this.#restAt = stop;
      const last = stop === this.#rest.length;
      if (last) this.#end();
      this.#events.responseData(slice, last);
    }
    this.#delivering = false;
  }

  #keepRest(): void {
    const left = this.#rest.subarray(this.#restAt);
    if (!this.#hold(left.length)) {
      this.fail('service_limit', 'the service holds too many unread bytes');
      return;
    }
    this.#rest = Buffer.from(left);
    this.#restAt = 0;
  }

  pauseResponse(): void {
    this.#paused = true;
  }

  resumeResponse(): void {
    this.#paused = false;
    if (this.#state !== ANSWERING || this.#delivering || this.#resumed) return;
    this.#resumed = true;
    this.#owner.ready(this);
  }

  cancel(): void {
    if (this.#state !== DONE) this.#end();
  }

  #letGo(): void {
    if (this.#heldBytes > 0) this.#owner.letGo(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #end(): void {
    this.#state = DONE;
    this.#letGo();
    this.#body.take();
    this.#owner.ended(this);
  }
}
