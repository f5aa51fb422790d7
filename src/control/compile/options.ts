/** What a caller of compile hands in: everything that would make it impure. */

import type { RouteFilter } from '../../config/route.ts';
import type { Resource } from '../resource.ts';

export interface CompileOptions {
  /** Goes into the snapshot as it is. */
  readonly version: number;
  /** Absolute directory that relative paths in a resource start from. */
  baseDirOf(resource: Resource): string;
  /** Absent: files are not looked for, and a missing one is found when it is loaded. */
  fileExists?(path: string): boolean;
  /** Why the pattern cannot be used, or null. Absent: any pattern passes. */
  checkRegex?(pattern: string): string | null;
  /** What the data plane has against a filter, or null. Absent: any filter passes. */
  checkFilter?(filter: RouteFilter): string | null;
  /** Values for `valueFrom: HOST`. Absent: none is set. */
  env?(name: string): string | undefined;
  /** WasmPlugins there apply to the Gateways of every namespace. Default: Istio's, istio-system. */
  readonly rootNamespace?: string;
}

export const ROOT_NAMESPACE = 'istio-system';
