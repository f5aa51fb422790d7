/** Between the exchange's heads and what a CGI program is told and tells. */

import type { CgiAnswer } from '../../../runtime/service/cgi-answer.ts';
import type { CgiRequest } from '../../../runtime/service/cgi-request.ts';
import { joinedFieldValue, type RequestHead, type ResponseHead } from '../../codec/head.ts';

/** `bodyBytes` -1: the request has no body. */
export function cgiRequestOf(head: RequestHead, bodyBytes: number): CgiRequest {
  const { method, scheme, authority, target, version, fields } = head;
  return {
    method,
    scheme,
    authority,
    target,
    version,
    fields,
    remoteAddress: remoteAddressOf(head),
    bodyBytes,
  };
}

/** The peer: the proxy itself put its address at the end of X-Forwarded-For. */
function remoteAddressOf(head: RequestHead): string {
  const forwarded = joinedFieldValue(head.fields, 'x-forwarded-for');
  if (forwarded === undefined) return '';
  return forwarded.slice(forwarded.lastIndexOf(',') + 1).trim();
}

/** Whether an answer to `method` with `status` can have a body (RFC 9110 section 6.4.1). */
export function hasBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304;
}

/** The head to send on; the length is the body's own, whatever the program announced. */
export function responseHeadOf(answer: CgiAnswer, method: string, bodyBytes: number): ResponseHead {
  const { status, fields } = answer;
  const length = announcedLength(answer, method, bodyBytes);
  if (length >= 0) fields.push('content-length', String(length));
  return { status, version: 'HTTP/1.1', fields };
}

/** -1: none is announced. */
function announcedLength(answer: CgiAnswer, method: string, bodyBytes: number): number {
  if (answer.status === 204 || answer.status === 304) return -1;
  // A program that answers HEAD without a body knows better what GET would give.
  return method === 'HEAD' && bodyBytes === 0 ? answer.announcedBytes : bodyBytes;
}
