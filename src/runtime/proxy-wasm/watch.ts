/**
 * Sees what crosses the border between the host and one guest: whoever watches gets the tables at
 * link time and may put functions of its own around those in them. A guest that nobody watches is
 * linked as it is, so that watching costs nothing when it is off.
 */
export interface GuestWatch {
  /** What the guest may call. */
  imports(imports: WebAssembly.Imports): WebAssembly.Imports;
  /** What the host may call; memory included. */
  exports(exports: WebAssembly.Exports): WebAssembly.Exports;
}
