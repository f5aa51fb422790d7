/** Which row of the limits table a failure means, so that each trip is counted under its name. */

import type { ErrorCode } from '../../base/errors.ts';
import type { LimitCounters, LimitName } from '../../observe/data-metrics.ts';

const LIMIT_OF: Readonly<Partial<Record<ErrorCode, LimitName>>> = {
  request_line_too_long: 'targetBytesMax',
  request_head_timeout: 'requestHeadMs',
  request_body_timeout: 'streamIdleMs',
  request_body_too_large: 'filterBufferBytesMax',
  response_body_too_large: 'filterBufferBytesMax',
  upstream_connect_timeout: 'upstreamConnectMs',
  upstream_pending_timeout: 'upstreamConnectMs',
  upstream_idle: 'streamIdleMs',
  service_timeout: 'guestWallMs',
  service_limit: 'guestQueueMax',
  service_output: 'guestOutputBytesMax',
};

/** Counts the limit behind a failure; most failures have none. */
export function countTrip(limits: LimitCounters, code: ErrorCode, detail: string): void {
  const limit = LIMIT_OF[code] ?? limitOfDetail(code, detail);
  if (limit !== undefined) limits[limit].add(1);
}

/** Codes that stand for several limits. */
function limitOfDetail(code: ErrorCode, detail: string): LimitName | undefined {
  if (code === 'request_head_too_large') {
    return detail === 'too_many_fields' ? 'headerCountMax' : 'headBytesMax';
  }
  if (code === 'upstream_overflow') {
    return detail === 'pending' ? 'upstreamPendingMax' : 'upstreamRequestsMax';
  }
  return undefined;
}
