/**
 * An attempt that waits for a connection. To the exchange it is the stream; once it has a
 * connection it hands on what was written meanwhile and then stands aside.
 */

import { Deadline, type DeadlineWheel } from '../../base/deadline.ts';
import type { ErrorCode } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Fields, RequestHead } from '../codec/head.ts';
import type { ClientStream, ClientStreamEvents } from '../codec/stream.ts';
import type { AttemptOptions, AttemptTarget } from './connector.ts';
import type { UpstreamConnection } from './h1-connection.ts';

export interface QueuedStreamOptions {
  readonly head: RequestHead;
  readonly options: AttemptOptions;
  readonly events: ClientStreamEvents;
  readonly target: AttemptTarget;
  readonly wheel: DeadlineWheel;
  readonly untilMs: number;
  /** Called once when it leaves the line: taken from its head, or given up anywhere in it. */
  readonly left: (stream: QueuedStream, atHead: boolean) => void;
}

export class QueuedStream implements ClientStream {
  readonly options: AttemptOptions;
  readonly #queued: QueuedStreamOptions;
  readonly #deadline: Deadline;
  /** It is no longer in line. */
  #ended = false;
  #stream: UpstreamConnection | null = null;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #end = false;
  #trailers: Fields | null = null;
  #paused = false;

  constructor(queued: QueuedStreamOptions) {
    this.#queued = queued;
    this.options = queued.options;
    this.#deadline = new Deadline(queued.wheel, () => {
      this.#leave(false);
      queued.events.responseFailed('upstream_pending_timeout', 'pending_timeout', false);
    });
    this.#deadline.set(queued.untilMs);
  }

  assign(connection: UpstreamConnection): void {
    const { head, options, events, target } = this.#queued;
    this.#leave(true);
    this.#stream = connection;
    target.upstreamAddress = connection.endpointKey;
    connection.start(head, options, events);
    if (this.#paused) connection.pauseResponse();
    const chunks = this.#chunks;
    this.#chunks = [];
    for (let i = 0; i < chunks.length; i++) {
      const last = i === chunks.length - 1;
      connection.writeData(chunks[i] as Uint8Array, last && this.#end);
    }
    if (this.#trailers !== null) connection.writeTrailers(this.#trailers);
    if (this.#bytes >= LIMITS.highWatermarkBytes) events.upstreamWritable();
  }

  /** Ends the wait with a failure, from outside any call of the exchange. The caller has given back the request's place. */
  fail(code: ErrorCode, detail: string): void {
    this.#leave(true);
    this.#queued.events.responseFailed(code, detail, false);
  }

  writeData(chunk: Uint8Array, end: boolean): boolean {
    if (this.#stream !== null) return this.#stream.writeData(chunk, end);
    if (this.#ended) return true;
    // Not `slice`: of a Buffer that is a view of the borrowed bytes.
    this.#chunks.push(Buffer.from(chunk));
    this.#bytes += chunk.length;
    this.#end = end;
    return this.#bytes < LIMITS.highWatermarkBytes;
  }

  writeTrailers(fields: Fields): void {
    if (this.#stream !== null) this.#stream.writeTrailers(fields);
    else this.#trailers = fields;
  }

  pauseResponse(): void {
    this.#paused = true;
    this.#stream?.pauseResponse();
  }

  resumeResponse(): void {
    this.#paused = false;
    this.#stream?.resumeResponse();
  }

  cancel(): void {
    if (this.#stream !== null) this.#stream.cancel();
    else this.#leave(false);
  }

  #leave(atHead: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#deadline.release();
    this.#queued.left(this, atHead);
  }
}
