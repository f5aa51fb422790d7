/**
 * Copies of one request to other clusters (RequestMirror). A copy is sent beside the request and
 * its answer is thrown away; it never delays, changes or fails the request. One that cannot keep
 * up, or finds too many others in flight, is dropped and counted.
 */

import { LIMITS } from '../../base/limits.ts';
import type { Fields, RequestHead } from '../codec/head.ts';
import type { ClientStream, ClientStreamEvents } from '../codec/stream.ts';
import { type AttemptOptions, type AttemptTarget, isRefusal } from '../upstream/connector.ts';
import type { RuntimeCluster, RuntimeMirror } from './tables.ts';

/** Mirrors in flight in this worker. */
export class MirrorBudget {
  #used = 0;

  take(): boolean {
    if (this.#used >= LIMITS.mirrorsMax) return false;
    this.#used++;
    return true;
  }

  give(): void {
    this.#used--;
  }
}

/** The copies of one request. */
export class Mirrors {
  readonly #copies: Copy[] = [];

  /** Opens a copy for each mirror whose share the draw of `random` (0 to 1) falls into. */
  constructor(
    mirrors: readonly RuntimeMirror[],
    head: RequestHead,
    options: AttemptOptions,
    random: () => number,
    budget: MirrorBudget,
  ) {
    for (const mirror of mirrors) {
      if (mirror.share < 1 && random() >= mirror.share) continue;
      const { cluster } = mirror;
      if (!budget.take()) {
        cluster.metrics.mirrorsDropped.add(1);
        continue;
      }
      const copied = { ...head, fields: head.fields.slice() };
      const idleMs = cluster.streamIdleMs;
      const plain = { ...options, expectContinue: false, more: false, avoid: [], idleMs };
      this.#copies.push(new Copy(cluster, copied, plain, budget));
    }
  }

  data(chunk: Uint8Array, end: boolean): void {
    for (const copy of this.#copies) copy.data(chunk, end);
  }

  trailers(fields: Fields): void {
    for (const copy of this.#copies) copy.trailers(fields);
  }

  /** The request failed before its body was whole: so do its copies. */
  abort(): void {
    for (const copy of this.#copies) copy.abort();
  }
}

class Copy implements ClientStreamEvents, AttemptTarget {
  upstreamAddress = '';
  readonly #cluster: RuntimeCluster;
  readonly #budget: MirrorBudget;
  #stream: ClientStream | null = null;
  #sent: boolean;

  constructor(
    cluster: RuntimeCluster,
    head: RequestHead,
    options: AttemptOptions,
    budget: MirrorBudget,
  ) {
    this.#cluster = cluster;
    this.#budget = budget;
    this.#sent = options.end;
    const opened = cluster.connector.open(head, options, this, this);
    if (isRefusal(opened)) {
      budget.give();
      cluster.metrics.mirrorsDropped.add(1);
    } else {
      this.#stream = opened;
      cluster.metrics.mirrors.add(1);
    }
  }

  data(chunk: Uint8Array, end: boolean): void {
    this.#sent = end;
    if (this.#stream?.writeData(chunk, end) === false && !end) this.#drop();
  }

  trailers(fields: Fields): void {
    this.#sent = true;
    this.#stream?.writeTrailers(fields);
  }

  abort(): void {
    if (!this.#sent) this.#drop();
  }

  informational(): void {}

  responseHead(_head: unknown, end: boolean): void {
    if (end) this.#end();
  }

  responseData(_chunk: Uint8Array, end: boolean): void {
    if (end) this.#end();
  }

  responseTrailers(): void {
    this.#end();
  }

  responseFailed(): void {
    this.#end();
  }

  upstreamWritable(): void {}

  #drop(): void {
    const stream = this.#stream;
    if (stream === null) return;
    this.#end();
    this.#cluster.metrics.mirrorsDropped.add(1);
    stream.cancel();
  }

  #end(): void {
    if (this.#stream === null) return;
    this.#stream = null;
    this.#budget.give();
  }
}
