/** Compiled guests on their way from the main thread to the workers; structured clone safe. */

/** A module, or why there is none. */
export interface GuestModule {
  readonly module: WebAssembly.Module | null;
  /** Lower-case hex of the bytes in use; '' where there are none. */
  readonly sha256: string;
  /** Why the module cannot be used; '' where it can. */
  readonly reason: string;
}

/** By the id of the {@link WasmFilter} or {@link WasmService}, each kind in a map of its own. */
export interface GuestModules {
  readonly filters: ReadonlyMap<string, GuestModule>;
  readonly services: ReadonlyMap<string, GuestModule>;
}

export const NO_GUESTS: GuestModules = { filters: new Map(), services: new Map() };
