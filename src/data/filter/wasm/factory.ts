/**
 * A configured WasmPlugin in one worker. Without a guest to run, be it that the module cannot be
 * used, that the guest refused its configuration or that it trapped and is not back yet, a request
 * is answered with 503, or passes where the plugin says FAIL_OPEN.
 */

import type { ErrorCode } from '../../../base/errors.ts';
import type { WasmFilter } from '../../../config/wasm.ts';
import type { PluginDeps, PluginSpec } from '../../../runtime/proxy-wasm/host.ts';
import { Plugin } from '../../../runtime/proxy-wasm/plugin.ts';
import { NO_BYTES } from '../../../runtime/proxy-wasm/status.ts';
import type { FilterHost, HeadVerdict, HttpFilter, HttpFilterFactory } from '../contract.ts';
import { HEAD_STOP_ALL } from '../contract.ts';
import { WasmHttpFilter } from './filter.ts';

export interface WasmFilterFactory extends HttpFilterFactory {
  /** Why no guest serves now; null while one does. */
  readonly problem: string | null;
}

/**
 * Starts and configures the filter's guest. `module`: the compiled module, or the reason why there
 * is none.
 */
export function createWasmFilterFactory(
  filter: WasmFilter,
  module: WebAssembly.Module | string,
  deps: PluginDeps,
): WasmFilterFactory {
  if (typeof module === 'string') return new MissingFilterFactory(filter, module);
  return new PluginFactory(filter, new Plugin(module, specOf(filter), deps));
}

function specOf(filter: WasmFilter): PluginSpec {
  return {
    id: filter.id,
    rootId: filter.pluginName,
    vmId: '',
    vmConfiguration: NO_BYTES,
    configuration: Buffer.from(filter.configuration),
    headersStopIteration: filter.headersStopIteration,
    env: filter.env,
    ...(filter.cpuMs === undefined ? {} : { cpuMs: filter.cpuMs }),
  };
}

class PluginFactory implements WasmFilterFactory {
  readonly name: string;
  readonly logsAll = true;
  readonly #failOpen: boolean;
  readonly #plugin: Plugin;
  /** It served once: what is wrong since is a failure of the guest. */
  readonly #served: boolean;

  constructor(filter: WasmFilter, plugin: Plugin) {
    this.name = filter.id;
    this.#failOpen = filter.failOpen;
    this.#plugin = plugin;
    this.#served = plugin.problem === null;
  }

  get problem(): string | null {
    return this.#plugin.problem;
  }

  open(host: FilterHost): HttpFilter {
    const vm = this.#plugin.vm;
    if (vm !== null) return new WasmHttpFilter(vm, this.#plugin, host);
    if (this.#failOpen) return PASS;
    const code = this.#served ? 'filter_failed' : 'filter_unavailable';
    return new FailedFilter(host, code, `${this.name} ${this.#plugin.problem}`);
  }

  retire(): void {
    this.#plugin.retire();
  }
}

class MissingFilterFactory implements WasmFilterFactory {
  readonly name: string;
  readonly problem: string;
  readonly #failOpen: boolean;

  constructor(filter: WasmFilter, problem: string) {
    this.name = filter.id;
    this.problem = problem;
    this.#failOpen = filter.failOpen;
  }

  open(host: FilterHost): HttpFilter {
    if (this.#failOpen) return PASS;
    return new FailedFilter(host, 'filter_unavailable', this.problem);
  }

  retire(): void {}
}

/** Stands for a filter that is skipped. */
const PASS: HttpFilter = { complete: () => {} };

/** Stands for a filter that cannot run: each request fails. */
class FailedFilter implements HttpFilter {
  readonly #host: FilterHost;
  readonly #code: ErrorCode;
  readonly #detail: string;

  constructor(host: FilterHost, code: ErrorCode, detail: string) {
    this.#host = host;
    this.#code = code;
    this.#detail = detail;
  }

  requestHead(): HeadVerdict {
    this.#host.fail(this.#code, this.#detail);
    return HEAD_STOP_ALL;
  }

  complete(): void {}
}
