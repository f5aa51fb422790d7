/** ABI 0.2.1: 0.2.0 and the log level. */

import { ABI_0_2_0 } from './abi-0-2-0.ts';
import { i32, u } from './abi-calls.ts';
import type { Abi } from './abi-version.ts';
import { getLogLevel } from './calls/log.ts';

export const ABI_0_2_1: Abi = {
  version: '0.2.1',
  marker: 'proxy_abi_version_0_2_1',
  imports: {
    ...ABI_0_2_0.imports,
    proxy_get_log_level: i32(1, (vm) => (out: number) => getLogLevel(vm, u(out))),
  },
  exports: ABI_0_2_0.exports,
};
