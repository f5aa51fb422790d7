/** What makes a version of the ABI. */

import type { ExportTable } from './exports.ts';
import type { Vm } from './vm.ts';

/** A function the host offers: its signature in the module, and the function for one guest. */
export interface HostCall {
  readonly signature: string;
  /** Pointers and numbers arrive as signed 32-bit integers, 64-bit ones as BigInt. */
  readonly bind: (vm: Vm) => (...args: never[]) => number;
}

export interface Abi {
  readonly version: string;
  /** A function the module exports to say so; never called. */
  readonly marker: string;
  /** Functions of the module `env`. */
  readonly imports: Readonly<Record<string, HostCall>>;
  readonly exports: ExportTable;
}
