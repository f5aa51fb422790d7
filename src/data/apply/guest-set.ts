import type { WasmFilter, WasmService } from '../../config/wasm.ts';
import type { HttpFilterFactory } from '../filter/contract.ts';
import type { UpstreamConnector } from '../upstream/connector.ts';
import type { GuestModules } from './guests.ts';

export type GuestSetDeps = object;
export interface ServiceFigures {
  readonly running: number;
  readonly queued: number;
  readonly failures: number;
}
export class GuestSet {
  constructor(_deps: GuestSetDeps) {}
  services(_s: readonly WasmService[], _m: GuestModules): ReadonlyMap<string, UpstreamConnector> {
    return new Map();
  }
  filters(_f: readonly WasmFilter[], _m: GuestModules): ReadonlyMap<string, HttpFilterFactory> {
    return new Map();
  }
  retireUnused(): void {}
  figures(): Record<string, ServiceFigures> {
    return {};
  }
  close(): void {}
}
