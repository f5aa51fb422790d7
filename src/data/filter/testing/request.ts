/** Requests and answers for tests of filters. */

import type { RequestHead, ResponseHead } from '../../codec/head.ts';
import type { MatchedRequest } from '../contract.ts';

export function matched(
  head: Partial<RequestHead> = {},
  parts: Partial<MatchedRequest> = {},
): MatchedRequest {
  const fields = head.fields ?? [];
  const origin = fields.indexOf('origin');
  return {
    head: {
      method: 'GET',
      scheme: 'http',
      authority: 'example.com',
      target: '/',
      version: 'HTTP/1.1',
      ...head,
      fields,
    },
    matchedPrefix: '/',
    origin: origin < 0 ? undefined : fields[origin + 1],
    listenerPort: 80,
    ...parts,
  };
}

export function answer(...fields: string[]): ResponseHead {
  return { status: 200, version: 'HTTP/1.1', fields };
}
