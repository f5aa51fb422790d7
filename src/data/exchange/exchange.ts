/**
 * The conductor of one request: from its head to the last byte of its answer.
 *
 *   client -> begin -> [filter chain] -> route's head filters -> backend -> attempt -> upstream
 *   client <- send  <- [filter chain] <- head filters          <-           attempt <- upstream
 *
 * It is told what happens on both sides (ServerStreamEvents, ClientStreamEvents), is where the
 * chain lets things out (ChainOutlet), and is what log and metrics read when it is over
 * (StreamInfo): one object a request. With no Wasm filter attached nothing here allocates beyond
 * it, and everything is synchronous.
 *
 * Invariants: at most one attempt at a time, and `#stream` is null as soon as its last event came;
 * once the answer's head has gone, a failure can only cut the connection; `finish` runs once.
 */

import { ERRORS, type ErrorCode } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { recordRequest } from '../../observe/data-metrics.ts';
import { parseContentLength } from '../codec/h1/syntax.ts';
import { type Fields, fieldValue, type RequestHead, type ResponseHead } from '../codec/head.ts';
import type { ClientStream, ClientStreamEvents, ServerStreamEvents } from '../codec/stream.ts';
import { FilterChain } from '../filter/chain.ts';
import type { HeadFilter, LocalReply, MatchedRequest } from '../filter/contract.ts';
import type { ChainOutlet } from '../filter/outlet.ts';
import { pickBackend } from '../route/weighted.ts';
import { type AttemptOptions, isRefusal } from '../upstream/connector.ts';
import { Attempts, isIdempotent } from './attempts.ts';
import type { ExchangeDeps } from './deps.ts';
import type { Downstream, RequestFacts } from './downstream.ts';
import { setForwardingFields } from './forwarding.ts';
import { filterRequest, filterResponse } from './head-filters.ts';
import { ExchangeInfo } from './info.ts';
import { countTrip } from './limit-trips.ts';
import { bodyOf, headOf, replyOf } from './local-reply.ts';
import { Mirrors } from './mirrors.ts';
import type {
  BindTables,
  RuntimeBackend,
  RuntimeCluster,
  RuntimeListener,
  RuntimeRule,
} from './tables.ts';

const PAUSED_BY_OTHER_SIDE = 1;
const PAUSED_BY_CHAIN = 2;
const PAUSED_FOR_RETRY = 4;

export class Exchange
  extends ExchangeInfo
  implements ServerStreamEvents, ClientStreamEvents, ChainOutlet, MatchedRequest
{
  matchedPrefix = '';
  origin: string | undefined = undefined;
  readonly #downstream: Downstream;
  readonly #tables: BindTables;
  readonly #deps: ExchangeDeps;
  #facts: RequestFacts;
  #chain: FilterChain | null = null;
  #listener: RuntimeListener | null = null;
  #rule: RuntimeRule | null = null;
  #backend: RuntimeBackend | null = null;
  /** Set once an attempt is made. */
  #cluster: RuntimeCluster | null = null;
  #mirrors: Mirrors | null = null;
  #attempts: Attempts | null = null;
  #stream: ClientStream | null = null;
  #routeStale = false;
  /** Its body has passed the chain. */
  #forwardedAll = false;
  #requestDone: boolean;
  #headSent = false;
  #answered = false;
  #finished = false;
  #more = false;
  #continued = false;
  #requestPauses = 0;
  #responsePauses = 0;

  constructor(
    head: RequestHead,
    facts: RequestFacts,
    downstream: Downstream,
    tables: BindTables,
    deps: ExchangeDeps,
  ) {
    super(head, downstream, deps.clock);
    this.#facts = facts;
    this.#downstream = downstream;
    this.#tables = tables;
    this.#deps = deps;
    this.#requestDone = facts.end;
    this.requestHeadBytes = facts.headBytes;
    if (facts.end) this.requestEndMs = 0;
  }

  get head(): RequestHead {
    return this.request;
  }

  get info(): this {
    return this;
  }

  get listenerPort(): number {
    return this.#tables.port;
  }

  /** The client owes no more body bytes. */
  get requestDone(): boolean {
    return this.#requestDone;
  }

  begin(): void {
    const head = this.request;
    const { newId } = this.#deps;
    this.requestId = setForwardingFields(head.fields, this.#downstream, head.scheme, newId);
    this.#match();
    this.#listener?.metrics.requestsActive.add(1);
    const filters = this.#rule === null ? this.#listener?.filters : this.#rule.filters;
    if (filters === undefined || filters.length === 0) {
      this.forwardRequestHead(this.#facts.end);
      return;
    }
    if (this.#facts.expectContinue) this.#continueNow();
    this.#chain = new FilterChain(filters, this);
    this.#chain.requestHead(this.#facts.end);
  }

  /** Answers a request that never became one: its head broke a rule. */
  refuse(code: ErrorCode, detail: string): void {
    this.#requestDone = true;
    this.fail(code, detail);
  }

  // What the client sends.

  requestData(chunk: Uint8Array, end: boolean): void {
    this.requestBodyBytes += chunk.length;
    if (end) this.#requestEnded();
    if (this.#answered && this.#stream === null) return;
    if (this.#chain === null) this.forwardRequestData(chunk, end);
    else if (chunk.length > 0 || end) this.#chain.requestData(chunk, end);
  }

  requestTrailers(fields: Fields): void {
    this.#requestEnded();
    if (this.#answered && this.#stream === null) return;
    if (this.#chain === null) this.forwardRequestTrailers(fields);
    else this.#chain.requestTrailers(fields);
  }

  requestFailed(code: ErrorCode, detail: string): void {
    this.#requestDone = true;
    this.fail(code, detail);
  }

  responseWritable(): void {
    this.#resumeResponse(PAUSED_BY_OTHER_SIDE);
  }

  // What comes out of the chain towards the backend.

  forwardRequestHead(end: boolean): void {
    this.#forwardedAll = end;
    if (this.#routeStale) this.#match();
    const rule = this.#rule;
    if (rule === null) return this.fail('no_route', 'no_route');
    if (rule.invalid !== null) return this.fail('route_invalid', 'route_invalid');
    this.origin = fieldValue(this.request.fields, 'origin');
    const reply = filterRequest(rule.headFilters, this);
    if (reply !== null) return this.localReply(reply);
    const index = pickBackend(rule.backends, this.#deps.random);
    const backend = index === -1 ? null : (rule.backends[index] as RuntimeBackend);
    if (backend === null) return this.fail('no_backend', 'no_backend');
    if (backend.cluster === null) return this.fail('backend_invalid', 'backend_invalid');
    this.#backend = backend;
    this.clusterName = backend.cluster.name;
    const backendReply = filterRequest(backend.headFilters, this);
    if (backendReply !== null) return this.localReply(backendReply);
    if (backend.cluster.inProcess && this.#facts.expectContinue) this.#continueNow();
    this.#startUpstream(rule, backend, end);
  }

  forwardRequestData(chunk: Uint8Array, end: boolean): void {
    if (end) this.#forwardedAll = true;
    if (this.#mirrors !== null) this.#mirrors.data(chunk, end);
    if (this.#attempts !== null) this.#attempts.data(chunk, end);
    if (this.#stream?.writeData(chunk, end) === false) this.#pauseRequest(PAUSED_BY_OTHER_SIDE);
  }

  forwardRequestTrailers(fields: Fields): void {
    this.#forwardedAll = true;
    this.#mirrors?.trailers(fields);
    this.#attempts?.trailers(fields);
    this.#stream?.writeTrailers(fields);
  }

  // What the backend sends.

  informational(head: ResponseHead): void {
    if (head.status === 100) {
      if (!this.#facts.expectContinue || this.#continued) return;
      this.#continued = true;
    }
    if (!this.#headSent) this.#downstream.writeInformational(head);
  }

  responseHead(head: ResponseHead, end: boolean, more = false): void {
    if (end) this.#attemptOver();
    this.responseStartMs = this.#deps.clock.now() - this.startMs;
    const attempts = this.#attempts;
    if (attempts !== null && attempts.retriesStatus(head.status)) {
      this.#dropStream();
      this.#retryLater(attempts);
      return;
    }
    this.statusDetails = 'via_upstream';
    this.#answer(head, end, more);
  }

  responseData(chunk: Uint8Array, end: boolean): void {
    if (end) this.#attemptOver();
    this.#answerData(chunk, end);
  }

  responseTrailers(fields: Fields): void {
    this.#attemptOver();
    if (this.#chain === null) this.forwardResponseTrailers(fields);
    else this.#chain.responseTrailers(fields);
  }

  responseFailed(code: ErrorCode, detail: string, reused: boolean): void {
    this.#attemptOver();
    if (this.#answered || this.#finished) return this.fail(code, detail);
    const attempts = this.#attempts;
    if (attempts === null) {
      // Without a body there is nothing to replay: the head alone is sent again.
      const resend = reused && this.#facts.end && isIdempotent(this.method);
      if (!resend || this.attempts > LIMITS.retriesMax) return this.fail(code, detail);
      return this.#retry();
    }
    if (!attempts.retriesFailure(code, reused)) return this.fail(code, detail);
    if (reused) this.#retry();
    else this.#retryLater(attempts);
  }

  upstreamWritable(): void {
    this.#resumeRequest(PAUSED_BY_OTHER_SIDE);
  }

  // What comes out of the chain towards the client.

  forwardResponseHead(head: ResponseHead, end: boolean): void {
    if (this.#finished) return;
    this.#headSent = true;
    this.status = head.status;
    this.responseFields = head.fields;
    const more = this.#more;
    this.#more = false;
    if (fieldValue(head.fields, 'date') === undefined)
      head.fields.push('date', this.#deps.date.now());
    this.responseHeadBytes = this.#downstream.writeHead(head, end, more);
    if (end) this.#finish();
  }

  forwardResponseData(chunk: Uint8Array, end: boolean): void {
    if (this.#finished) return;
    this.responseBodyBytes += chunk.length;
    const writable = this.#downstream.writeData(chunk, end);
    if (end) this.#finish();
    else if (!writable) this.#pauseResponse(PAUSED_BY_OTHER_SIDE);
  }

  forwardResponseTrailers(fields: Fields): void {
    if (this.#finished) return;
    this.#downstream.writeTrailers(fields);
    this.#finish();
  }

  localReply(reply: LocalReply): void {
    this.#dropStream();
    if (this.#finished) return;
    this.statusDetails = reply.details;
    const body = bodyOf(reply);
    const head = headOf(reply, body.length);
    if (body.length === 0 || this.method === 'HEAD') return this.#answer(head, true, false);
    this.#answer(head, false, true);
    this.#answerData(body, true);
  }

  fail(code: ErrorCode, detail: string): void {
    if (this.#finished) return;
    const { fault, flag } = ERRORS[code];
    countTrip(this.#deps.limits, code, detail);
    if (fault === 'guest') this.#cluster?.metrics.guestFailures.add(1);
    this.responseFlags = this.responseFlags === '' ? flag : `${this.responseFlags},${flag}`;
    this.#dropStream();
    this.statusDetails = `${code}{${detail}}`;
    if (this.#headSent || ERRORS[code].status === 0) {
      this.#downstream.reset(code);
      this.#finish();
      return;
    }
    this.localReply({ ...replyOf(code), details: this.statusDetails });
  }

  clearRouteCache(): void {
    this.#routeStale = true;
  }

  pauseRequest(): void {
    this.#pauseRequest(PAUSED_BY_CHAIN);
  }

  resumeRequest(): void {
    this.#resumeRequest(PAUSED_BY_CHAIN);
  }

  pauseResponse(): void {
    this.#pauseResponse(PAUSED_BY_CHAIN);
  }

  resumeResponse(): void {
    this.#resumeResponse(PAUSED_BY_CHAIN);
  }

  #requestEnded(): void {
    this.#requestDone = true;
    this.requestEndMs = this.#deps.clock.now() - this.startMs;
  }

  #match(): void {
    this.#routeStale = false;
    const match = this.#tables.routes.match(this.request);
    this.#rule = match === null ? null : match.rule;
    this.matchedPrefix = match === null ? '' : match.matchedPrefix;
    this.routeName = match === null ? '' : match.rule.name;
    if (this.#listener !== null) return;
    const name = this.#rule?.listener.name ?? this.#tables.routes.listenerFor(this.authority)?.name;
    this.#listener = this.#rule?.listener ?? this.#tables.listeners.get(name ?? '') ?? null;
    this.listenerName = this.#listener?.name ?? '';
  }

  #startUpstream(rule: RuntimeRule, backend: RuntimeBackend, end: boolean): void {
    this.#cluster = backend.cluster;
    this.#cluster?.metrics.requestsActive.add(1);
    if (rule.mirrors.length > 0 || backend.mirrors.length > 0) {
      const mirrors = [...rule.mirrors, ...backend.mirrors];
      const options = this.#attemptOptions(end, NOWHERE);
      const { random, mirrors: budget } = this.#deps;
      this.#mirrors = new Mirrors(mirrors, this.request, options, random, budget);
    }
    if (!rule.plain || !end) this.#prepareAttempts(rule, end);
    this.#attempt(end);
  }

  #prepareAttempts(rule: RuntimeRule, end: boolean): void {
    this.#attempts = Attempts.of(rule.config, this.method, end, this.#deps);
    const expired = (): void => this.fail('request_timeout', 'request_timeout');
    this.#attempts?.limitRequest(this.startMs, expired);
  }

  /** `end`: the request has no body. */
  #attempt(end: boolean): void {
    const cluster = this.#cluster;
    if (cluster === null) return;
    const attempts = this.#attempts;
    const options = this.#attemptOptions(end, attempts?.avoid ?? NOWHERE);
    this.attempts++;
    const opened = cluster.connector.open(this.request, options, this, this);
    if (isRefusal(opened)) return this.fail(opened.code, opened.detail);
    this.#stream = opened;
    if (attempts === null) return;
    attempts.limitAttempt(() => this.#attemptExpired());
    if (this.attempts > 1 && !end && !attempts.replayTo(opened)) {
      this.#pauseRequest(PAUSED_BY_OTHER_SIDE);
    }
  }

  #attemptExpired(): void {
    this.#dropStream();
    this.#cluster?.metrics.timeouts.add(1);
    this.responseFailed('upstream_timeout', 'backend_request_timeout', false);
  }

  #retry(): void {
    if (this.#finished || this.#answered) return;
    this.#pauseRequest(PAUSED_FOR_RETRY);
    // The attempt before can no longer say that it would take more.
    this.#requestPauses &= ~PAUSED_BY_OTHER_SIDE;
    this.#attempt(this.#facts.end);
    this.#resumeRequest(PAUSED_FOR_RETRY);
  }

  #retryLater(attempts: Attempts): void {
    attempts.avoid.push(this.upstreamAddress);
    this.#pauseRequest(PAUSED_FOR_RETRY);
    attempts.schedule(() => this.#retry());
  }

  #attemptOptions(end: boolean, avoid: readonly string[]): AttemptOptions {
    return {
      end,
      bodyLength: this.#bodyLength(),
      more: this.#facts.more && this.attempts === 0 && this.#chain === null,
      expectContinue: this.#facts.expectContinue && !this.#continued,
      idleMs: this.#rule?.timed === true ? 0 : (this.#cluster?.streamIdleMs ?? 0),
      avoid,
    };
  }

  /** A filter that edits the body takes content-length off: then it goes in chunks. */
  #bodyLength(): number {
    if (this.#chain === null) return this.#facts.bodyLength;
    const value = fieldValue(this.request.fields, 'content-length');
    return value === undefined ? -1 : parseContentLength(value);
  }

  #continueNow(): void {
    if (this.#continued) return;
    this.#continued = true;
    this.#downstream.writeInformational({ status: 100, version: 'HTTP/1.1', fields: [] });
  }

  /** An answer's head, from a backend or made here, on its way out. */
  #answer(head: ResponseHead, end: boolean, more: boolean): void {
    this.#answered = true;
    filterResponse(this.#backend?.headFilters ?? NO_FILTERS, head, this);
    filterResponse(this.#rule?.headFilters ?? NO_FILTERS, head, this);
    this.#more = more;
    if (this.#chain === null) this.forwardResponseHead(head, end);
    else this.#chain.responseHead(head, end);
    this.#more = false;
  }

  #answerData(chunk: Uint8Array, end: boolean): void {
    if (this.#chain === null) return this.forwardResponseData(chunk, end);
    if (chunk.length > 0 || end) this.#chain.responseData(chunk, end);
    // A filter may have kept the bytes that the head was to leave with.
    if (!this.#finished) this.#downstream.flushHead();
  }

  #attemptOver(): void {
    this.#stream = null;
    this.#attempts?.attemptEnded();
  }

  #dropStream(): void {
    const stream = this.#stream;
    this.#attemptOver();
    stream?.cancel();
  }

  #pauseRequest(reason: number): void {
    // With nothing to come, not to read would only hide that the client is gone.
    if (this.#requestDone) return;
    if (this.#requestPauses === 0) this.#downstream.pauseRequest();
    this.#requestPauses |= reason;
  }

  #resumeRequest(reason: number): void {
    if ((this.#requestPauses & reason) === 0) return;
    this.#requestPauses &= ~reason;
    if (this.#requestPauses === 0 && !this.#finished) this.#downstream.resumeRequest();
  }

  #pauseResponse(reason: number): void {
    if (this.#responsePauses === 0) this.#stream?.pauseResponse();
    this.#responsePauses |= reason;
  }

  #resumeResponse(reason: number): void {
    if ((this.#responsePauses & reason) === 0) return;
    this.#responsePauses &= ~reason;
    if (this.#responsePauses === 0) this.#stream?.resumeResponse();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#dropStream();
    this.#attempts?.release();
    if (!this.#forwardedAll) this.#mirrors?.abort();
    this.endMs = this.#deps.clock.now() - this.startMs;
    const cluster = this.#cluster?.metrics ?? null;
    cluster?.requestsActive.add(-1);
    const listener = this.#listener?.metrics ?? null;
    listener?.requestsActive.add(-1);
    recordRequest(listener, this.#rule?.metrics ?? null, cluster, this);
    this.#deps.logRequest(this);
    this.#chain?.complete();
    this.#downstream.exchangeEnded();
  }
}

const NOWHERE: readonly string[] = [];
const NO_FILTERS: readonly HeadFilter[] = [];
