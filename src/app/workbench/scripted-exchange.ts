/**
 * An exchange without sockets around a real filter chain: feeds what the script has, piece by piece
 * and as long as the chain takes it, and keeps what comes out. The backend answers once it has the
 * whole request. Local replies and failures are rendered as the proxy does it.
 */

import { ERRORS, type ErrorCode } from '../../base/errors.ts';
import type { Fields, RequestHead, ResponseHead } from '../../data/codec/head.ts';
import { bodyOf, headOf, replyOf } from '../../data/exchange/local-reply.ts';
import { type ChainOutlet, FilterChain } from '../../data/filter/chain.ts';
import type { HttpFilterFactory, LocalReply } from '../../data/filter/contract.ts';
import type { JumpingClock } from './clock.ts';
import { bytesText } from './guest-values.ts';
import type { ExchangeScript } from './script.ts';
import { joined } from './scripted-callouts.ts';
import { ScriptedInfo } from './scripted-info.ts';
import type { TraceSink } from './trace.ts';

/** A request that came out of the chain. */
export interface SentRequest {
  readonly method: string;
  readonly authority: string;
  readonly target: string;
  readonly fields: Fields;
  readonly body: Uint8Array;
  readonly trailers: Fields | null;
  readonly complete: boolean;
}

export interface SentResponse {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array;
  readonly trailers: Fields | null;
  readonly complete: boolean;
}

/** Time that may be jumped over while an exchange waits. */
const WAIT_MS_MAX = 60_000;
/** Timers that may fire; ticks go on for ever. */
const TIMERS_MAX = 1_000;

export class ScriptedExchange implements ChainOutlet {
  readonly request: RequestHead;
  readonly info: ScriptedInfo;
  readonly chain: FilterChain;
  localAnswer: LocalReply | null = null;
  failure: { readonly code: ErrorCode; readonly detail: string } | null = null;
  /** The client sees its connection cut. */
  cut = false;
  readonly #script: ExchangeScript;
  readonly #sink: TraceSink | null;
  readonly #requestSteps: (() => void)[];
  #responseSteps: (() => void)[] = [];
  #requestPauses = 0;
  #responsePauses = 0;
  #sentHead: Omit<SentRequest, 'body' | 'trailers' | 'complete'> | null = null;
  #sentEnd = false;
  readonly #sentBody: Uint8Array[] = [];
  #sentTrailers: Fields | null = null;
  #answerHead: ResponseHead | null = null;
  #answerEnd = false;
  readonly #answerBody: Uint8Array[] = [];
  #answerTrailers: Fields | null = null;

  constructor(
    script: ExchangeScript,
    factories: readonly HttpFilterFactory[],
    clock: JumpingClock,
    sink: TraceSink | null,
  ) {
    const { method, scheme, authority, target, fields } = script.request;
    this.#script = script;
    this.#sink = sink;
    this.request = {
      method,
      scheme,
      authority,
      target,
      version: 'HTTP/1.1',
      fields: fields.slice(),
    };
    this.info = new ScriptedInfo(script.request, this.request.fields, clock);
    this.chain = new FilterChain(factories, this);
    this.#requestSteps = this.#stepsOfRequest();
  }

  /** Runs to the end, or until nothing can happen any more; false: it waits for ever. */
  run(clock: JumpingClock): boolean {
    let timers = 0;
    while (!this.finished) {
      if (this.#step()) continue;
      if (timers++ === TIMERS_MAX || !clock.fireNext(WAIT_MS_MAX)) return false;
    }
    return true;
  }

  get finished(): boolean {
    return this.#answerEnd || this.cut;
  }

  get sent(): SentRequest | null {
    const head = this.#sentHead;
    if (head === null) return null;
    const trailers = this.#sentTrailers;
    return { ...head, body: joined(this.#sentBody), trailers, complete: this.#sentEnd };
  }

  get answer(): SentResponse | null {
    const head = this.#answerHead;
    if (head === null) return null;
    return {
      status: head.status,
      fields: head.fields,
      body: joined(this.#answerBody),
      trailers: this.#answerTrailers,
      complete: this.#answerEnd,
    };
  }

  #step(): boolean {
    const [steps, pauses] =
      this.#requestSteps.length > 0 && this.localAnswer === null
        ? [this.#requestSteps, this.#requestPauses]
        : [this.#responseSteps, this.#responsePauses];
    if (pauses > 0) return false;
    const step = steps.shift();
    step?.();
    return step !== undefined;
  }

  #stepsOfRequest(): (() => void)[] {
    const { chunks, trailers } = this.#script.request;
    const steps = [
      () => {
        this.#note('request head in', () => headLine(this.request));
        this.chain.requestHead(chunks.length === 0 && trailers === null);
      },
    ];
    chunks.forEach((chunk, i) => {
      const end = i === chunks.length - 1 && trailers === null;
      steps.push(() => {
        this.info.requestBodyBytes += chunk.length;
        this.#note('request data in', () => dataText(chunk, end));
        this.chain.requestData(Buffer.from(chunk), end);
      });
    });
    if (trailers !== null) {
      steps.push(() => {
        this.#note('request trailers in', () => fieldsText(trailers));
        this.chain.requestTrailers(trailers.slice());
      });
    }
    return steps;
  }

  #stepsOfResponse(): (() => void)[] {
    const { status, fields, chunks, trailers } = this.#script.response;
    const head: ResponseHead = { status, version: 'HTTP/1.1', fields: fields.slice() };
    const steps = [
      () => {
        this.info.backendAnswered(head);
        this.#note('response head in', () => `${status} ${fieldsText(fields)}`);
        this.chain.responseHead(head, chunks.length === 0 && trailers === null);
      },
    ];
    chunks.forEach((chunk, i) => {
      const end = i === chunks.length - 1 && trailers === null;
      steps.push(() => {
        this.info.responseBodyBytes += chunk.length;
        this.#note('response data in', () => dataText(chunk, end));
        this.chain.responseData(Buffer.from(chunk), end);
      });
    });
    if (trailers !== null) {
      steps.push(() => {
        this.#note('response trailers in', () => fieldsText(trailers));
        this.chain.responseTrailers(trailers.slice());
      });
    }
    return steps;
  }

  #requestOut(): void {
    this.#sentEnd = true;
    this.#responseSteps = this.#stepsOfResponse();
  }

  // What comes out of the chain.

  forwardRequestHead(end: boolean): void {
    const { method, authority, target, fields } = this.request;
    this.#sentHead = { method, authority, target, fields: fields.slice() };
    this.#note('request head out', () => headLine(this.request));
    if (end) this.#requestOut();
  }

  forwardRequestData(chunk: Uint8Array, end: boolean): void {
    this.#sentBody.push(Uint8Array.from(chunk));
    this.#note('request data out', () => dataText(chunk, end));
    if (end) this.#requestOut();
  }

  forwardRequestTrailers(fields: Fields): void {
    this.#sentTrailers = fields.slice();
    this.#note('request trailers out', () => fieldsText(fields));
    this.#requestOut();
  }

  forwardResponseHead(head: ResponseHead, end: boolean): void {
    this.#answerHead = { ...head, fields: head.fields.slice() };
    this.info.status = head.status;
    this.#note('response head out', () => `${head.status} ${fieldsText(head.fields)}`);
    this.#answerEnd = end;
  }

  forwardResponseData(chunk: Uint8Array, end: boolean): void {
    this.#answerBody.push(Uint8Array.from(chunk));
    this.#note('response data out', () => dataText(chunk, end));
    this.#answerEnd = end;
  }

  forwardResponseTrailers(fields: Fields): void {
    this.#answerTrailers = fields.slice();
    this.#note('response trailers out', () => fieldsText(fields));
    this.#answerEnd = true;
  }

  localReply(reply: LocalReply): void {
    const { status, details, body } = reply;
    this.localAnswer = reply;
    this.info.statusDetails = details;
    this.#note('local reply', () => `${status} ${details} ${fieldsText(reply.fields)}`);
    const bytes = bodyOf({ ...reply, body });
    this.#responseSteps = [];
    this.#responsePauses = 0;
    const hasBody = bytes.length > 0 && this.request.method !== 'HEAD';
    this.chain.responseHead(headOf(reply, bytes.length), !hasBody);
    if (hasBody) this.chain.responseData(bytes, true);
  }

  fail(code: ErrorCode, detail: string): void {
    this.failure ??= { code, detail };
    this.#note('failed', () => `${code} ${detail}`);
    this.info.responseFlags = ERRORS[code].flag;
    if (this.#answerHead !== null || ERRORS[code].status === 0) this.cut = true;
    else this.localReply({ ...replyOf(code), details: `${code}{${detail}}` });
  }

  clearRouteCache(): void {
    this.#note('route', () => 'to be matched again');
  }

  pauseRequest(): void {
    this.#requestPauses++;
  }

  resumeRequest(): void {
    this.#requestPauses--;
  }

  pauseResponse(): void {
    this.#responsePauses++;
  }

  resumeResponse(): void {
    this.#responsePauses--;
  }

  #note(what: string, detail: () => string): void {
    this.#sink?.({ event: 'stream', what, detail: detail() });
  }
}

function headLine({ method, authority, target, fields }: RequestHead): string {
  return `${method} ${authority}${target} ${fieldsText(fields)}`.trimEnd();
}

export function fieldsText(fields: readonly string[]): string {
  const parts: string[] = [];
  for (let i = 0; i < fields.length; i += 2) parts.push(`${fields[i]}: ${fields[i + 1]}`);
  return parts.join(', ');
}

function dataText(chunk: Uint8Array, end: boolean): string {
  return `${chunk.length} bytes${end ? ' (end)' : ''} ${bytesText(chunk)}`.trimEnd();
}
