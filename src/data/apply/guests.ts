/** Compiled guests on their way from the main thread to the workers; structured clone safe. */

export interface GuestModule {
  /** Null: there is none, for the reason given. */
  readonly module: WebAssembly.Module | null;
  /** Lower-case hex of the module's bytes; '' where there is none. */
  readonly sha256: string;
  /** Why the configured version cannot be used; '' where it can. */
  readonly reason: string;
  /** The module runs. With a reason: it is an earlier version, which stays in use. */
  readonly works: boolean;
  /** Of a version that has to be fetched first: it is on its way, or failed and is tried again. */
  readonly fetch?: 'loading' | 'failed';
}

/** By the id of the {@link WasmFilter} or {@link WasmService}, each kind in a map of its own. */
export interface GuestModules {
  readonly filters: ReadonlyMap<string, GuestModule>;
  readonly services: ReadonlyMap<string, GuestModule>;
}

export const NO_GUESTS: GuestModules = { filters: new Map(), services: new Map() };

/** Stands in for a guest that nobody loaded. */
export const ABSENT_GUEST: GuestModule = {
  module: null,
  sha256: '',
  reason: 'the module was not loaded',
  works: false,
};
