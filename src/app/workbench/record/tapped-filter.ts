/** A filter and its host with a recording between them and the chain. */

import type { ErrorCode } from '../../../base/errors.ts';
import type { Fields, RequestHead, ResponseHead } from '../../../data/codec/head.ts';
import type {
  BodyBuffer,
  DataVerdict,
  FilterHost,
  HeadVerdict,
  HttpFilter,
  HttpFilterFactory,
  LocalReply,
  TrailersVerdict,
} from '../../../data/filter/contract.ts';
import {
  DATA_CONTINUE,
  DATA_STOP_NO_BUFFER,
  HEAD_CONTINUE,
  TRAILERS_CONTINUE,
} from '../../../data/filter/contract.ts';
import type { StreamInfo } from '../../../observe/stream-info.ts';
import type { Draft } from './draft.ts';

export interface Tap {
  /** The filter is entered on behalf of a draft; null: no more. */
  enter(draft: Draft | null): void;
  /** Nothing comes any more. */
  finish(): void;
}

const headPasses = (verdict: HeadVerdict): boolean => verdict === HEAD_CONTINUE;
const dataPasses = (verdict: DataVerdict): boolean => verdict === DATA_CONTINUE;
const dataTaken = (verdict: DataVerdict): boolean => verdict === DATA_STOP_NO_BUFFER;
const trailersPass = (verdict: TrailersVerdict): boolean => verdict === TRAILERS_CONTINUE;

export class TappedFilter implements HttpFilter {
  readonly #inner: HttpFilter;
  readonly #draft: Draft;
  readonly #tap: Tap;

  constructor(factory: HttpFilterFactory, host: FilterHost, draft: Draft, tap: Tap) {
    this.#inner = factory.open(new TappedHost(host, draft));
    this.#draft = draft;
    this.#tap = tap;
  }

  requestHead(head: RequestHead, end: boolean): HeadVerdict {
    const hook = (): HeadVerdict =>
      this.#within(() => this.#inner.requestHead?.(head, end) ?? HEAD_CONTINUE);
    return this.#draft.request.head(head, hook, headPasses);
  }

  requestData(body: BodyBuffer, end: boolean): DataVerdict {
    const hook = (): DataVerdict =>
      this.#within(() => this.#inner.requestData?.(body, end) ?? DATA_CONTINUE);
    return this.#draft.request.data(body, hook, dataPasses, dataTaken);
  }

  requestTrailers(fields: Fields): TrailersVerdict {
    const hook = (): TrailersVerdict =>
      this.#within(() => this.#inner.requestTrailers?.(fields) ?? TRAILERS_CONTINUE);
    return this.#draft.request.trailers(fields, hook, trailersPass);
  }

  responseHead(head: ResponseHead, end: boolean): HeadVerdict {
    const hook = (): HeadVerdict =>
      this.#within(() => this.#inner.responseHead?.(head, end) ?? HEAD_CONTINUE);
    return this.#draft.response.head(head, hook, headPasses);
  }

  responseData(body: BodyBuffer, end: boolean): DataVerdict {
    const hook = (): DataVerdict =>
      this.#within(() => this.#inner.responseData?.(body, end) ?? DATA_CONTINUE);
    return this.#draft.response.data(body, hook, dataPasses, dataTaken);
  }

  responseTrailers(fields: Fields): TrailersVerdict {
    const hook = (): TrailersVerdict =>
      this.#within(() => this.#inner.responseTrailers?.(fields) ?? TRAILERS_CONTINUE);
    return this.#draft.response.trailers(fields, hook, trailersPass);
  }

  log(): void {
    this.#within(() => this.#inner.log?.());
  }

  complete(): void {
    this.#within(() => this.#inner.complete());
    this.#tap.finish();
  }

  #within<V>(hook: () => V): V {
    this.#tap.enter(this.#draft);
    try {
      return hook();
    } finally {
      this.#tap.enter(null);
    }
  }
}

class TappedHost implements FilterHost {
  readonly #host: FilterHost;
  readonly #draft: Draft;

  constructor(host: FilterHost, draft: Draft) {
    this.#host = host;
    this.#draft = draft;
  }

  get request(): RequestHead {
    return this.#host.request;
  }

  get response(): ResponseHead | null {
    return this.#host.response;
  }

  get requestTrailers(): Fields | null {
    return this.#host.requestTrailers;
  }

  get responseTrailers(): Fields | null {
    return this.#host.responseTrailers;
  }

  get info(): StreamInfo {
    return this.#host.info;
  }

  makeRequestTrailers(): Fields {
    return this.#host.makeRequestTrailers();
  }

  makeResponseTrailers(): Fields {
    return this.#host.makeResponseTrailers();
  }

  continueRequest(): void {
    this.#draft.request.release();
    this.#host.continueRequest();
  }

  continueResponse(): void {
    this.#draft.response.release();
    this.#host.continueResponse();
  }

  reply(reply: LocalReply): void {
    this.#draft.localReply ??= { status: reply.status, details: reply.details };
    this.#draft.request.stop();
    this.#host.reply(reply);
  }

  fail(code: ErrorCode, detail: string): void {
    this.#draft.failure ??= `${code}: ${detail}`;
    this.#draft.request.stop();
    this.#host.fail(code, detail);
  }

  clearRouteCache(): void {
    this.#host.clearRouteCache();
  }
}
