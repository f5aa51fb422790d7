/** Whoever writes down what passes Wasm filters; absent where nobody asked for it, at no cost. */

import type { WasmFilter } from '../../config/wasm.ts';
import type { Callouts } from '../../runtime/proxy-wasm/callouts.ts';
import type { PluginDeps } from '../../runtime/proxy-wasm/host.ts';
import type { HttpFilterFactory } from './contract.ts';

export interface FilterRecorder {
  /** For the guests of the worker. */
  readonly watch: NonNullable<PluginDeps['watch']>;
  /** The same filter, watched. */
  around(factory: HttpFilterFactory, config: WasmFilter): HttpFilterFactory;
  /** The same calls, watched. */
  callouts(callouts: Callouts): Callouts;
}
