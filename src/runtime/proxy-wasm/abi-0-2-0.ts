/** ABI 0.2.0: header callbacks know the end of the stream, streams are named when resumed. */

import { COMMON_CALLBACKS, COMMON_CALLS, i32, u } from './abi-calls.ts';
import type { Abi } from './abi-version.ts';
import { closeStream, continueStream } from './calls/stream-control.ts';

export const ABI_0_2_0: Abi = {
  version: '0.2.0',
  marker: 'proxy_abi_version_0_2_0',
  imports: {
    ...COMMON_CALLS,
    proxy_continue_stream: i32(1, (vm) => (type: number) => continueStream(vm, u(type))),
    proxy_close_stream: i32(1, (vm) => (type: number) => closeStream(vm, u(type))),
  },
  exports: {
    ...COMMON_CALLBACKS,
    proxy_on_request_headers: '(i32,i32,i32)->i32',
    proxy_on_response_headers: '(i32,i32,i32)->i32',
    proxy_on_foreign_function: '(i32,i32,i32)->()',
  },
};
