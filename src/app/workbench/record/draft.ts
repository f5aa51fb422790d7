/** A recording while its request runs. */

import type { RequestHead, ResponseHead } from '../../../data/codec/head.ts';
import type { BodyBuffer } from '../../../data/filter/contract.ts';
import type { BytesText } from '../script-schema.ts';
import {
  type Pairs,
  type RecordedBody,
  type RecordedCallback,
  type RecordedCallout,
  type RecordedRequest,
  type RecordedResponse,
  recordedBytes,
  recordedFields,
  recordedRequest,
  recordedResponse,
} from './recording.ts';

/** Of each body, on each side of the filter. */
const BODY_BYTES_MAX = 64 * 1024;
/** Of one request. */
const ENTRIES_MAX = 1_000;

/** A message on one side of the filter. */
class Side<H> {
  head: H | null = null;
  trailers: Pairs | null = null;
  truncated = false;
  readonly #chunks: BytesText[] = [];
  #bytes = 0;

  data(bytes: Uint8Array): void {
    const room = BODY_BYTES_MAX - this.#bytes;
    if (bytes.length > room) this.truncated = true;
    if (bytes.length === 0 || room <= 0) return;
    const taken = bytes.subarray(0, room);
    this.#bytes += taken.length;
    this.#chunks.push(recordedBytes(taken));
  }

  finish(): (H & RecordedBody) | null {
    if (this.head === null) return null;
    return { ...this.head, chunks: this.#chunks, trailers: this.trailers };
  }
}

/** One direction: what comes in, what goes out, and what the filter keeps between. */
export class Direction<H extends object, M extends RequestHead | ResponseHead> {
  readonly in = new Side<H>();
  readonly out = new Side<H>();
  readonly #copy: (head: M) => H;
  #heldHead: M | null = null;
  #heldBody: BodyBuffer | null = null;
  #heldTrailers: string[] | null = null;
  #keptBytes = 0;
  #inHook = false;
  /** The filter lets go from inside its hook, before it says that it holds. */
  #letGo = false;
  #stopped = false;

  constructor(copy: (head: M) => H) {
    this.#copy = copy;
  }

  /** `hook` tells whether things pass. */
  head<V>(head: M, hook: () => V, passes: (verdict: V) => boolean): V {
    this.in.head = this.#copy(head);
    return this.#during(hook, passes, () => {
      this.#heldHead = head;
    });
  }

  /** `takes`: the filter keeps the bytes itself. */
  data<V>(
    body: BodyBuffer,
    hook: () => V,
    passes: (verdict: V) => boolean,
    takes: (verdict: V) => boolean,
  ): V {
    this.in.data(body.bytes().subarray(this.#keptBytes));
    const verdict = this.#during(
      hook,
      (given) => passes(given),
      () => {
        this.#heldBody = body;
      },
    );
    this.#keptBytes = this.#heldBody === null || takes(verdict) ? 0 : body.length;
    if (takes(verdict)) this.#heldBody = null;
    return verdict;
  }

  trailers<V>(fields: string[], hook: () => V, passes: (verdict: V) => boolean): V {
    this.in.trailers = recordedFields(fields);
    return this.#during(hook, passes, () => {
      this.#heldTrailers = fields;
    });
  }

  /** Nothing goes on any more, whatever the filter says. */
  stop(): void {
    this.#stopped = true;
  }

  /** What is held goes on. */
  release(): void {
    if (this.#inHook) this.#letGo = true;
    else this.#flush();
  }

  #during<V>(hook: () => V, passes: (verdict: V) => boolean, hold: () => void): V {
    this.#inHook = true;
    this.#letGo = false;
    const verdict = hook();
    this.#inHook = false;
    hold();
    if (passes(verdict) || this.#letGo) this.#flush();
    return verdict;
  }

  #flush(): void {
    if (this.#stopped) return;
    if (this.#heldHead !== null) this.out.head = this.#copy(this.#heldHead);
    if (this.#heldBody !== null) this.out.data(this.#heldBody.bytes());
    if (this.#heldTrailers !== null) this.out.trailers = recordedFields(this.#heldTrailers);
    this.#heldHead = null;
    this.#heldBody = null;
    this.#heldTrailers = null;
    this.#keptBytes = 0;
  }
}

export class Draft {
  readonly request = new Direction<RecordedRequest, RequestHead>(recordedRequest);
  readonly response = new Direction<RecordedResponse, ResponseHead>(recordedResponse);
  readonly callouts: RecordedCallout[] = [];
  readonly callbacks: RecordedCallback[] = [];
  readonly properties: Record<string, string> = Object.create(null);
  localReply: { readonly status: number; readonly details: string } | null = null;
  failure: string | null = null;
  readonly timeMs: number;
  #properties = 0;

  constructor(timeMs: number) {
    this.timeMs = timeMs;
  }

  callback(callback: RecordedCallback): void {
    if (this.callbacks.length < ENTRIES_MAX) this.callbacks.push(callback);
  }

  callout(callout: RecordedCallout): void {
    if (this.callouts.length < ENTRIES_MAX) this.callouts.push(callout);
  }

  /** Those of the messages are in the messages, where edits count. */
  property(path: string, value: string): void {
    if (/^(?:request|response)\.(?!time$)/.test(path) || this.#properties >= ENTRIES_MAX) return;
    if (!(path in this.properties)) this.#properties++;
    this.properties[path] = value;
  }

  get truncated(): boolean {
    const { request, response } = this;
    const sides = [request.in, request.out, response.in, response.out];
    return this.callbacks.length === ENTRIES_MAX || sides.some((side) => side.truncated);
  }
}
