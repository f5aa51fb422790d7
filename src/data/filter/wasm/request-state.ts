/**
 * Values that filters set for the rest of a request: what one filter sets, every filter of the
 * request can read. They hang on the request's own object, so a request without any pays nothing.
 */

import type { StreamInfo } from '../../../observe/stream-info.ts';

/** Of one request; further ones are dropped. */
const VALUES_MAX = 256;

const states = new WeakMap<StreamInfo, Map<string, Uint8Array>>();

export function requestValue(request: StreamInfo, path: string): Uint8Array | undefined {
  return states.get(request)?.get(path);
}

/** False: the request has too many. */
export function setRequestValue(request: StreamInfo, path: string, value: Uint8Array): boolean {
  let state = states.get(request);
  if (state === undefined) {
    state = new Map();
    states.set(request, state);
  }
  if (state.size >= VALUES_MAX && !state.has(path)) return false;
  state.set(path, value);
  return true;
}
