/** The way back to the client: last filter to first. */

import type { Fields, ResponseHead } from '../codec/head.ts';
import type { DataVerdict, HeadVerdict, HttpFilter, TrailersVerdict } from './contract.ts';
import { DATA_CONTINUE, HEAD_CONTINUE, TRAILERS_CONTINUE } from './contract.ts';
import type { Stage } from './lane.ts';
import { Lane } from './lane.ts';
import type { LaneHost } from './lane-host.ts';
import type { StageBody } from './stage-body.ts';

export class ResponseLane extends Lane {
  readonly #chain: LaneHost;

  constructor(chain: LaneHost, stages: readonly Stage[]) {
    super(stages, -1);
    this.#chain = chain;
  }

  protected open(index: number): Stage {
    return this.stages[index] as Stage;
  }

  protected callHead(filter: HttpFilter, end: boolean): HeadVerdict {
    if (filter.responseHead === undefined) return HEAD_CONTINUE;
    this.#chain.inHook = true;
    return filter.responseHead(this.#chain.response as ResponseHead, end);
  }

  protected callData(filter: HttpFilter, body: StageBody, end: boolean): DataVerdict {
    if (filter.responseData === undefined) return DATA_CONTINUE;
    this.#chain.inHook = true;
    return filter.responseData(body, end);
  }

  protected callTrailers(filter: HttpFilter, fields: Fields): TrailersVerdict {
    if (filter.responseTrailers === undefined) return TRAILERS_CONTINUE;
    this.#chain.inHook = true;
    return filter.responseTrailers(fields);
  }

  protected hasData(filter: HttpFilter): boolean {
    return filter.responseData !== undefined;
  }

  protected hasTrailers(filter: HttpFilter): boolean {
    return filter.responseTrailers !== undefined;
  }

  protected outHead(end: boolean): void {
    this.#chain.headOut();
    this.#chain.outlet.forwardResponseHead(this.#chain.response as ResponseHead, end);
  }

  protected outData(chunk: Uint8Array, end: boolean): void {
    this.#chain.outlet.forwardResponseData(chunk, end);
  }

  protected outTrailers(fields: Fields): void {
    this.#chain.outlet.forwardResponseTrailers(fields);
  }

  protected pause(): void {
    this.#chain.outlet.pauseResponse();
  }

  protected unpause(): void {
    this.#chain.outlet.resumeResponse();
  }

  protected overflow(index: number): void {
    this.#chain.answer(index, {
      code: 'response_body_too_large',
      detail: 'a filter holds the body and it is above the buffer limit',
    });
  }

  protected settle(): boolean {
    this.#chain.settle();
    return this.stopped;
  }
}
