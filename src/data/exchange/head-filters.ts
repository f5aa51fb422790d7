/** Runs the head filters of a rule or backendRef: requests first to last, answers in reverse. */

import type { ResponseHead } from '../codec/head.ts';
import type { HeadFilter, LocalReply, MatchedRequest } from '../filter/contract.ts';

/** The first reply ends it; null: all passed. */
export function filterRequest(
  filters: readonly HeadFilter[],
  request: MatchedRequest,
): LocalReply | null {
  for (let i = 0; i < filters.length; i++) {
    const reply = filters[i]?.request?.(request);
    if (reply !== null && reply !== undefined) return reply;
  }
  return null;
}

export function filterResponse(
  filters: readonly HeadFilter[],
  head: ResponseHead,
  request: MatchedRequest,
): void {
  for (let i = filters.length - 1; i >= 0; i--) filters[i]?.response?.(head, request);
}
