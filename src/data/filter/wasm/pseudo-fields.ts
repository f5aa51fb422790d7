/**
 * Pseudo-fields: what a guest sees of a start line as fields (`:method`, `:status`...), in the
 * order of RFC 9113 as Envoy writes them. A guest can set them only to what can be sent on.
 */

import { LIMITS } from '../../../base/limits.ts';
import { isAuthority, isFieldName } from '../../codec/h1/syntax.ts';
import type { RequestHead, ResponseHead } from '../../codec/head.ts';

export const REQUEST_PSEUDO_FIELDS = 4;
export const RESPONSE_PSEUDO_FIELDS = 1;

/** Origin form (RFC 9112 3.2.1), without a fragment. */
const TARGET = /^\/[\x21\x22\x24-\x7e]*$/;
const STATUS = /^[2-5]\d\d$/;

/** Lent to the caller until the next call of either function below. */
const requestFields: string[] = [':authority', '', ':path', '', ':method', '', ':scheme', ''];
const responseFields: string[] = [':status', ''];

export function requestPseudoFields(head: RequestHead): readonly string[] {
  requestFields[1] = head.authority;
  requestFields[3] = head.target;
  requestFields[5] = head.method;
  requestFields[7] = head.scheme;
  return requestFields;
}

export function responsePseudoFields(head: ResponseHead): readonly string[] {
  responseFields[1] = String(head.status);
  return responseFields;
}

export function requestPseudoField(head: RequestHead, name: string): string | undefined {
  switch (name) {
    case ':authority':
    case 'host':
      return head.authority;
    case ':path':
      return head.target;
    case ':method':
      return head.method;
    case ':scheme':
      return head.scheme;
    default:
      return undefined;
  }
}

export function responsePseudoField(head: ResponseHead, name: string): string | undefined {
  return name === ':status' ? String(head.status) : undefined;
}

/** False: not a value the field can have; nothing changes. */
export function setRequestPseudoField(head: RequestHead, name: string, value: string): boolean {
  switch (name) {
    case ':authority':
    case 'host':
      if (!isAuthority(value)) return false;
      head.authority = value.toLowerCase();
      return true;
    case ':path':
      if (!TARGET.test(value) || value.length > LIMITS.targetBytesMax) return false;
      head.target = value;
      return true;
    case ':method':
      if (!isFieldName(value) || value === 'CONNECT') return false;
      head.method = value;
      return true;
    case ':scheme':
      if (value !== 'http' && value !== 'https') return false;
      head.scheme = value;
      return true;
    default:
      return false;
  }
}

export function setResponsePseudoField(head: ResponseHead, name: string, value: string): boolean {
  if (name !== ':status' || !STATUS.test(value)) return false;
  head.status = Number(value);
  return true;
}
