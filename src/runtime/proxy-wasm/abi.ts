/** The versions of the proxy-wasm ABI that are served. A version is its marker and its two lists. */

import { ABI_0_1_0 } from './abi-0-1-0.ts';
import { ABI_0_2_0 } from './abi-0-2-0.ts';
import { ABI_0_2_1 } from './abi-0-2-1.ts';
import type { Abi } from './abi-version.ts';

export const ABIS: readonly Abi[] = [ABI_0_1_0, ABI_0_2_0, ABI_0_2_1];

/** Markers of any version, known or not, begin so; `proxy_abi_version_0_2_1`. */
const MARKER = /^proxy_abi_version_/;

/** The first version a module says it speaks; undefined for none that is served. */
export function findAbi(exportNames: Iterable<string>): Abi | undefined {
  for (const name of exportNames) {
    const abi = ABIS.find((one) => one.marker === name);
    if (abi !== undefined) return abi;
  }
  return undefined;
}

/** `0.2.0`, for messages; undefined where a module names no version. */
export function namedVersion(exportNames: Iterable<string>): string | undefined {
  for (const name of exportNames) {
    if (MARKER.test(name)) return name.replace(MARKER, '').replaceAll('_', '.');
  }
  return undefined;
}
