/** The way to the upstream: first filter to last. */

import type { Fields } from '../codec/head.ts';
import type { DataVerdict, HeadVerdict, HttpFilter, TrailersVerdict } from './contract.ts';
import { DATA_CONTINUE, HEAD_CONTINUE, TRAILERS_CONTINUE } from './contract.ts';
import type { Stage } from './lane.ts';
import { Lane } from './lane.ts';
import type { LaneHost } from './lane-host.ts';
import type { StageBody } from './stage-body.ts';

export class RequestLane extends Lane {
  readonly #chain: LaneHost;

  constructor(chain: LaneHost, stages: readonly Stage[]) {
    super(stages, 1);
    this.#chain = chain;
  }

  protected open(index: number): Stage {
    return this.#chain.open(index);
  }

  protected callHead(filter: HttpFilter, end: boolean): HeadVerdict {
    if (filter.requestHead === undefined) return HEAD_CONTINUE;
    this.#chain.inHook = true;
    return filter.requestHead(this.#chain.outlet.request, end);
  }

  protected callData(filter: HttpFilter, body: StageBody, end: boolean): DataVerdict {
    if (filter.requestData === undefined) return DATA_CONTINUE;
    this.#chain.inHook = true;
    return filter.requestData(body, end);
  }

  protected callTrailers(filter: HttpFilter, fields: Fields): TrailersVerdict {
    if (filter.requestTrailers === undefined) return TRAILERS_CONTINUE;
    this.#chain.inHook = true;
    return filter.requestTrailers(fields);
  }

  protected hasData(filter: HttpFilter): boolean {
    return filter.requestData !== undefined;
  }

  protected hasTrailers(filter: HttpFilter): boolean {
    return filter.requestTrailers !== undefined;
  }

  protected outHead(end: boolean): void {
    this.#chain.outlet.forwardRequestHead(end);
  }

  protected outData(chunk: Uint8Array, end: boolean): void {
    this.#chain.outlet.forwardRequestData(chunk, end);
  }

  protected outTrailers(fields: Fields): void {
    this.#chain.outlet.forwardRequestTrailers(fields);
  }

  protected pause(): void {
    this.#chain.outlet.pauseRequest();
  }

  protected unpause(): void {
    this.#chain.outlet.resumeRequest();
  }

  protected overflow(index: number): void {
    this.#chain.answer(index, {
      code: 'request_body_too_large',
      detail: 'a filter holds the body and it is above the buffer limit',
    });
  }

  protected settle(): boolean {
    this.#chain.settle();
    return this.stopped;
  }
}
