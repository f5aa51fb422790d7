/**
 * The HttpFilters of one exchange, in order. The exchange feeds what arrives from both sides into
 * the chain and gets it back, edited, through its {@link ChainOutlet}; in between a filter may hold
 * it, answer itself or fail. Requests pass from the first filter to the last, answers in reverse.
 *
 * Rules for the exchange:
 * - Feed each half in order: head, data..., and trailers or a final `end`. What comes out of the
 *   outlet follows the same order. Chunks are borrowed both ways.
 * - A filter is opened when the request's head reaches it, or at the end, to log a request that
 *   never did. An answer passes the filters opened so far, so one made by the exchange itself (no route, a timeout) is fed like an upstream's.
 * - {@link ChainOutlet.localReply} and {@link ChainOutlet.fail} come at most once in all (twice,
 *   where a filter answers an answer of a filter), never from inside a hook. From then on nothing of the request comes out: drop the upstream attempt,
 *   let the rest of the request body run dry (feeding it is harmless), render the answer and feed
 *   it through {@link FilterChain.responseHead} and {@link FilterChain.responseData}, now or later:
 *   the chain knows that it enters at the filter that answered (that one included). Where the
 *   head of an answer had entered the chain already, the new answer passes no filter, and what is
 *   still fed of the old one is dropped. Where a head had already come out of the chain, `fail` is what is called, and the exchange resets the stream.
 * - Pause and resume calls are pairs; the exchange may have reasons of its own to pause.
 * - {@link FilterChain.complete} ends it, at any time; nothing comes out afterwards.
 */

import type { Fields, ResponseHead } from '../codec/head.ts';
import type { HttpFilterFactory, LocalReply } from './contract.ts';
import type { Stage } from './lane.ts';
import type { Failure, LaneHost } from './lane-host.ts';
import type { ChainOutlet } from './outlet.ts';
import { RequestLane } from './request-lane.ts';
import { ResponseLane } from './response-lane.ts';
import { Slot } from './slot.ts';

export type { ChainOutlet } from './outlet.ts';

export class FilterChain implements LaneHost {
  readonly outlet: ChainOutlet;
  response: ResponseHead | null = null;
  requestFields: Fields | null = null;
  responseFields: Fields | null = null;
  inHook = false;
  readonly #factories: readonly HttpFilterFactory[];
  readonly #slots: Slot[] = [];
  readonly #toUpstream: RequestLane;
  #toClient: ResponseLane;
  /** Filters opened: the first so many. */
  #opened = 0;
  /** Where an answer enters, counted from the last filter opened unless a filter answered. */
  #entry = -1;
  #headOut = false;
  /** The end of the present answer has been fed. */
  #fed = false;
  #answered = false;
  #answer: LocalReply | Failure | null = null;
  #answerFrom = 0;
  /** A stage other than the one in its hook asked to go on. */
  #resumes = 0;
  #complete = false;

  constructor(factories: readonly HttpFilterFactory[], outlet: ChainOutlet) {
    this.outlet = outlet;
    this.#factories = factories;
    const toUpstream: Stage[] = [];
    const toClient: Stage[] = [];
    for (let i = 0; i < factories.length; i++) {
      const slot = new Slot(this, i);
      this.#slots.push(slot);
      toUpstream.push(slot.toUpstream);
      toClient.push(slot.toClient);
    }
    this.#toUpstream = new RequestLane(this, toUpstream);
    this.#toClient = new ResponseLane(this, toClient);
  }

  requestHead(end: boolean): void {
    this.#toUpstream.head(0, end);
    this.#drain();
  }

  requestData(chunk: Uint8Array, end: boolean): void {
    if (this.#toUpstream.stopped) return;
    this.#toUpstream.data(0, chunk, end);
    this.#drain();
  }

  requestTrailers(fields: Fields): void {
    if (this.#toUpstream.stopped) return;
    this.requestFields = fields;
    this.#toUpstream.trailers(0, fields);
    this.#drain();
  }

  /** An answer from the upstream, or one the exchange made. A second one replaces the first and passes no filter. */
  responseHead(head: ResponseHead, end: boolean): void {
    if (this.#complete || this.#headOut) return;
    if (this.response !== null) this.#bypass();
    this.response = head;
    this.#fed = end;
    if (!this.#answered) this.#entry = this.#opened - 1;
    this.#toClient.head(this.#entry, end);
    this.#drain();
  }

  responseData(chunk: Uint8Array, end: boolean): void {
    if (this.#toClient.stopped || this.#fed) return;
    this.#fed = end;
    this.#toClient.data(this.#entry, chunk, end);
    this.#drain();
  }

  responseTrailers(fields: Fields): void {
    if (this.#toClient.stopped || this.#fed) return;
    this.#fed = true;
    this.responseFields = fields;
    this.#toClient.trailers(this.#entry, fields);
    this.#drain();
  }

  /** The exchange is over: every opened filter's `log` is called, then every one's `complete`, once. */
  complete(): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#toUpstream.discard();
    this.#toClient.discard();
    for (let i = this.#opened; i < this.#factories.length; i++) {
      if ((this.#factories[i] as HttpFilterFactory).logsAll === true) this.open(i);
    }
    this.inHook = true;
    for (let i = 0; i < this.#opened; i++) this.#slot(i).toUpstream.filter?.log?.();
    for (let i = 0; i < this.#opened; i++) this.#slot(i).toUpstream.filter?.complete();
  }

  open(index: number): Stage {
    const slot = this.#slot(index);
    if (index >= this.#opened) {
      this.#opened = index + 1;
      this.inHook = true;
      const filter = (this.#factories[index] as HttpFilterFactory).open(slot);
      slot.toUpstream.filter = filter;
      slot.toClient.filter = filter;
    }
    return slot.toUpstream;
  }

  headOut(): void {
    this.#headOut = true;
  }

  resume(index: number, response: boolean): void {
    if (this.#complete) return;
    if (this.inHook) {
      const slot = this.#slot(index);
      (response ? slot.toClient : slot.toUpstream).resume = true;
      this.#resumes++;
      return;
    }
    const lane = response ? this.#toClient : this.#toUpstream;
    if (!lane.stopped) lane.resume(index);
    this.#drain();
  }

  answer(index: number, answer: LocalReply | Failure): void {
    if (this.#answer !== null || this.#complete) return;
    // An answer made here counts, unless it is seen by a filter that has another one, as in Envoy.
    if (this.#answered && (this.response === null || this.#headOut)) return;
    this.#answer = answer;
    this.#answerFrom = index;
    if (!this.inHook) this.settle();
  }

  settle(): void {
    this.inHook = false;
    const answer = this.#answer;
    if (answer === null) return;
    this.#answer = null;
    this.#answered = true;
    this.#toUpstream.discard();
    if (this.#headOut) this.#toClient.discard();
    else if (this.response !== null) this.#bypass();
    else this.#entry = this.#answerFrom;
    if ('code' in answer) this.outlet.fail(answer.code, answer.detail);
    else if (this.#headOut) {
      this.outlet.fail('filter_failed', `${answer.details}: answered after the head had gone`);
    } else this.outlet.localReply(answer);
  }

  /** What comes from now on passes no filter. */
  #bypass(): void {
    this.#toClient.discard();
    this.#fed = true;
    this.#answered = true;
    this.#entry = -1;
    this.#toClient = new ResponseLane(this, this.#toClient.stages);
  }

  #drain(): void {
    while (this.#resumes > 0 && !this.inHook) {
      this.#resumes = 0;
      for (let i = 0; i < this.#opened; i++) {
        const slot = this.#slot(i);
        this.#drainStage(this.#toUpstream, slot.toUpstream, i);
        this.#drainStage(this.#toClient, slot.toClient, i);
      }
    }
  }

  #drainStage(lane: RequestLane | ResponseLane, stage: Stage, index: number): void {
    if (!stage.resume) return;
    stage.resume = false;
    if (!lane.stopped) lane.resume(index);
  }

  #slot(index: number): Slot {
    return this.#slots[index] as Slot;
  }
}
