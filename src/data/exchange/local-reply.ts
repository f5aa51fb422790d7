/** Answers that are made here. Only {@link replyOf} turns a failure's code into what the client gets. */

import { ERRORS, type ErrorCode } from '../../base/errors.ts';
import { sanitizeFields } from '../codec/h1/serialize.ts';
import { type ResponseHead, setField } from '../codec/head.ts';
import type { LocalReply } from '../filter/contract.ts';

/** A short plain text with the code, so that a user can look it up; nothing of the inside. */
export function replyOf(code: ErrorCode): LocalReply {
  const { status, message } = ERRORS[code];
  return {
    status,
    fields: ['content-type', 'text/plain; charset=utf-8', 'x-tulle-error', code],
    body: `${message} (${code})\n`,
    details: code,
  };
}

export function bodyOf({ body }: LocalReply): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** Its head; whatever a filter wrote into the fields, it can be sent. */
export function headOf(reply: LocalReply, bodyBytes: number): ResponseHead {
  const fields = reply.fields.slice();
  sanitizeFields(fields);
  if (bodyBytes > 0) setField(fields, 'content-length', String(bodyBytes));
  return { status: reply.status, version: 'HTTP/1.1', fields };
}
