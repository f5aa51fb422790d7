/** One filter's place in a chain: what the filter is offered, and its stage in either direction. */

import type { ErrorCode } from '../../base/errors.ts';
import type { StreamInfo } from '../../observe/stream-info.ts';
import type { Fields, RequestHead, ResponseHead } from '../codec/head.ts';
import type { FilterHost, LocalReply } from './contract.ts';
import { Stage } from './lane.ts';
import type { LaneHost } from './lane-host.ts';

export class Slot implements FilterHost {
  readonly #chain: LaneHost;
  readonly index: number;
  readonly toUpstream = new Stage();
  readonly toClient = new Stage();

  constructor(chain: LaneHost, index: number) {
    this.#chain = chain;
    this.index = index;
  }

  get request(): RequestHead {
    return this.#chain.outlet.request;
  }

  get response(): ResponseHead | null {
    return this.#chain.response;
  }

  get requestTrailers(): Fields | null {
    return this.#chain.requestFields ?? this.toUpstream.made;
  }

  get responseTrailers(): Fields | null {
    return this.#chain.responseFields ?? this.toClient.made;
  }

  get info(): StreamInfo {
    return this.#chain.outlet.info;
  }

  makeRequestTrailers(): Fields {
    this.toUpstream.made ??= [];
    return this.toUpstream.made;
  }

  makeResponseTrailers(): Fields {
    this.toClient.made ??= [];
    return this.toClient.made;
  }

  continueRequest(): void {
    this.#chain.resume(this.index, false);
  }

  continueResponse(): void {
    this.#chain.resume(this.index, true);
  }

  reply(reply: LocalReply): void {
    this.#chain.answer(this.index, reply);
  }

  fail(code: ErrorCode, detail: string): void {
    this.#chain.answer(this.index, { code, detail });
  }

  clearRouteCache(): void {
    this.#chain.outlet.clearRouteCache();
  }
}
