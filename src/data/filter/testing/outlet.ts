/** An exchange for tests of the chain: writes down what comes out, renders local replies at once. */

import type { ErrorCode } from '../../../base/errors.ts';
import { ERRORS } from '../../../base/errors.ts';
import type { StreamInfo } from '../../../observe/stream-info.ts';
import type { Fields, RequestHead, ResponseHead } from '../../codec/head.ts';
import { type ChainOutlet, FilterChain } from '../chain.ts';
import type { HttpFilterFactory, LocalReply } from '../contract.ts';

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
export const bytes = (value: string): Uint8Array => Buffer.from(value);

export function requestHead(target = '/', fields: Fields = [], method = 'GET'): RequestHead {
  return { method, scheme: 'http', authority: 'shop.test', target, version: 'HTTP/1.1', fields };
}

export function responseHead(status = 200, fields: Fields = []): ResponseHead {
  return { status, version: 'HTTP/1.1', fields };
}

export function streamInfo(changes: Partial<StreamInfo> = {}): StreamInfo {
  return {
    startWallMs: Date.UTC(2026, 0, 1),
    startMs: 0,
    method: 'GET',
    originalTarget: '/',
    authority: 'shop.test',
    protocol: 'HTTP/1.1',
    requestId: 'id-1',
    requestFields: [],
    responseFields: [],
    status: 0,
    statusDetails: '',
    responseFlags: '',
    requestBodyBytes: 0,
    responseBodyBytes: 0,
    requestHeadBytes: 100,
    responseHeadBytes: 0,
    requestEndMs: -1,
    responseStartMs: -1,
    endMs: -1,
    connectionId: 1,
    filterState: null,
    downstreamRemoteAddress: '10.0.0.1:4000',
    downstreamLocalAddress: '10.0.0.2:80',
    upstreamAddress: '10.0.0.3:9000',
    listenerName: 'default/edge/http',
    routeName: 'default/shop/0',
    clusterName: 'backend/default/legacy',
    attempts: 1,
    ...changes,
  };
}

export class RecordingOutlet implements ChainOutlet {
  /** `head`, `data abc`, `data abc END`... upper case for the answer. */
  readonly events: string[] = [];
  readonly request: RequestHead;
  readonly info: StreamInfo;
  readonly chain: FilterChain;
  /** The last head that came out towards the client. */
  answer: ResponseHead | null = null;
  /** The stream was reset. */
  cut = false;
  /** Bodies as they came out. */
  sent = '';
  received = '';
  trailers: Fields = [];

  constructor(
    factories: readonly HttpFilterFactory[],
    request: RequestHead = requestHead(),
    info: StreamInfo = streamInfo(),
  ) {
    this.request = request;
    this.info = info;
    this.chain = new FilterChain(factories, this);
  }

  forwardRequestHead(end: boolean): void {
    this.events.push(`head${end ? ' end' : ''}`);
  }

  forwardRequestData(chunk: Uint8Array, end: boolean): void {
    this.sent += text(chunk);
    this.events.push(`data ${text(chunk)}${end ? ' end' : ''}`);
  }

  forwardRequestTrailers(fields: Fields): void {
    this.trailers = fields;
    this.events.push(`trailers ${fields.join()}`);
  }

  forwardResponseHead(head: ResponseHead, end: boolean): void {
    this.answer = head;
    this.events.push(`HEAD ${head.status}${end ? ' end' : ''}`);
  }

  forwardResponseData(chunk: Uint8Array, end: boolean): void {
    this.received += text(chunk);
    this.events.push(`DATA ${text(chunk)}${end ? ' end' : ''}`);
  }

  forwardResponseTrailers(fields: Fields): void {
    this.events.push(`TRAILERS ${fields.join()}`);
  }

  localReply(reply: LocalReply): void {
    this.events.push(`reply ${reply.status} ${reply.details}`);
    const body = typeof reply.body === 'string' ? bytes(reply.body) : reply.body;
    this.chain.responseHead(responseHead(reply.status, [...reply.fields]), body.length === 0);
    if (body.length > 0) this.chain.responseData(body, true);
  }

  fail(code: ErrorCode, detail: string): void {
    this.events.push(`fail ${code} ${detail}`);
    const { status } = ERRORS[code];
    if (this.answer === null && status > 0) this.chain.responseHead(responseHead(status), true);
    else {
      this.cut = true;
      this.events.push('reset');
    }
  }

  clearRouteCache(): void {
    this.events.push('route cleared');
  }

  pauseRequest(): void {
    this.events.push('pause');
  }

  resumeRequest(): void {
    this.events.push('resume');
  }

  pauseResponse(): void {
    this.events.push('PAUSE');
  }

  resumeResponse(): void {
    this.events.push('RESUME');
  }
}
