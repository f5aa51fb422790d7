/**
 * ABI 0.1.0, the first that was given a number. Header callbacks do not hear of the end of the
 * stream (the host passes it all the same: a Wasm function drops what it does not take), a field
 * that is missing is an empty one, and each direction has a function of its own to resume it.
 */

import { COMMON_CALLBACKS, COMMON_CALLS, i32, u } from './abi-calls.ts';
import type { Abi, HostCall } from './abi-version.ts';
import { getConfiguration } from './calls/buffers.ts';
import { giveText } from './calls/give.ts';
import { clearRouteCache, continueStream } from './calls/stream-control.ts';
import { NOT_FOUND, STREAM_REQUEST, STREAM_RESPONSE } from './status.ts';

const GET_VALUE = 'proxy_get_header_map_value';

/** A key that is missing gives an empty value. */
const getValue: HostCall = i32(5, (vm) => {
  const call = (COMMON_CALLS[GET_VALUE] as HostCall).bind(vm) as (...args: number[]) => number;
  return (map: number, name: number, nameSize: number, at: number, size: number) => {
    const status = call(map, name, nameSize, at, size);
    return status === NOT_FOUND ? giveText(vm, '', u(at), u(size)) : status;
  };
});

export const ABI_0_1_0: Abi = {
  version: '0.1.0',
  marker: 'proxy_abi_version_0_1_0',
  imports: {
    ...COMMON_CALLS,
    [GET_VALUE]: getValue,
    proxy_continue_request: i32(0, (vm) => () => continueStream(vm, STREAM_REQUEST)),
    proxy_continue_response: i32(0, (vm) => () => continueStream(vm, STREAM_RESPONSE)),
    proxy_get_configuration: i32(
      2,
      (vm) => (at: number, size: number) => getConfiguration(vm, u(at), u(size)),
    ),
    proxy_clear_route_cache: i32(0, (vm) => () => clearRouteCache(vm)),
  },
  exports: {
    ...COMMON_CALLBACKS,
    proxy_on_request_headers: '(i32,i32)->i32',
    proxy_on_response_headers: '(i32,i32)->i32',
  },
};
