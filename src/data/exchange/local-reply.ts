/** Turns a failure's code into the answer the client gets: the only place that does. */

import { ERRORS, type ErrorCode } from '../../base/errors.ts';
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
