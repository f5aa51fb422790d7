/** What both hosts are set up with: listeners, each with a chain of filters before the same backend. */

import { join, resolve } from 'node:path';

const GUESTS = resolve(import.meta.dirname, '../../guests');

export interface FilterSetup {
  /** The filter's root id, and its configuration where it has no other; what it notes begins with it. */
  readonly name: string;
  readonly configuration?: string;
  /** Absolute path of the module. */
  readonly module: string;
  readonly failOpen: boolean;
  /** How long a callback may run, where it is not the default. */
  readonly cpuLimit?: string;
}

export interface Setup {
  readonly name: string;
  readonly filters: readonly FilterSetup[];
}

/** A setup with the ports that stand for it. */
export interface Served extends Setup {
  readonly port: number;
}

/** What listeners lead to. Clusters are known to both hosts by these names. */
export interface Upstreams {
  readonly backend: number;
  readonly callout: number;
  /** Nobody listens there. */
  readonly nobody: number;
}

export const guestPath = (name: string): string => join(GUESTS, `${name}.wasm`);

export const filter = (name: string, guest = 'differential', failOpen = false): FilterSetup => ({
  name,
  module: guest.startsWith('/') ? guest : guestPath(guest),
  failOpen,
});
