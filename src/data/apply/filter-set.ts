/**
 * The Wasm filters of a worker, by id. One whose configuration and module stay the same keeps its
 * guest through a reload; a new version is tried first, and only if it starts does it take over.
 */

import { isDeepStrictEqual } from 'node:util';
import type { WasmFilter } from '../../config/wasm.ts';
import type { HttpFilterFactory } from '../filter/contract.ts';
import type { GuestModule } from './guests.ts';

export type FilterSetDeps = object;

export class FilterSet {
  constructor(_deps: FilterSetDeps) {}
  update(
    _f: readonly WasmFilter[],
    _m: ReadonlyMap<string, GuestModule>,
  ): ReadonlyMap<string, HttpFilterFactory> {
    return new Map();
  }
  retireUnused(): void {}
  close(): void {}
}
