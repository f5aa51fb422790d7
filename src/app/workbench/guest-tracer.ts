/**
 * Writes down each crossing of the border: callbacks with what they give back, host calls with what
 * their pointers point at. The guest's allocator is left out: the host calls it on behalf of calls
 * that are written down themselves.
 */

import type { Clock } from '../../base/clock.ts';
import { guestStack, trapMessage } from '../../runtime/proxy-wasm/guest-stack.ts';
import type { GuestWatch } from '../../runtime/proxy-wasm/watch.ts';
import { callbackArguments, callShape } from './call-shapes.ts';
import { readInputs, readOutputs, statusName, type WasmArgument } from './guest-values.ts';
import type { TraceSink, TraceValues } from './trace.ts';

const CALLBACK = /^(?:proxy_on_(?!memory_allocate)|_initialize$|_start$|main$|__main_void$)/;
const BOOLEANS: ReadonlySet<string> = new Set([
  'proxy_on_vm_start',
  'proxy_on_configure',
  'proxy_validate_configuration',
  'proxy_on_done',
]);
const ACTIONS: readonly string[] = ['CONTINUE', 'PAUSE'];
const NOTHING: TraceValues = {};

type Callable = (...args: WasmArgument[]) => WasmArgument | undefined;

export class GuestTracer implements GuestWatch {
  readonly #clock: Clock;
  readonly #sink: TraceSink;
  #memory: WebAssembly.Memory | null = null;
  #context = 0;
  /** Spent on writing down the calls of the callback that runs. */
  #tracingMs = 0;

  /** `clock` measures only. */
  constructor(clock: Clock, sink: TraceSink) {
    this.#clock = clock;
    this.#sink = sink;
  }

  imports(imports: WebAssembly.Imports): WebAssembly.Imports {
    const traced: WebAssembly.Imports = {};
    for (const [module, table] of Object.entries(imports)) {
      const functions: WebAssembly.ModuleImports = {};
      for (const [name, value] of Object.entries(table)) {
        functions[name] =
          typeof value === 'function' ? this.#call(name, value as unknown as Callable) : value;
      }
      traced[module] = functions;
    }
    return traced;
  }

  exports(exports: WebAssembly.Exports): WebAssembly.Exports {
    const traced: Record<string, WebAssembly.ExportValue> = {};
    for (const [name, value] of Object.entries(exports)) {
      if (value instanceof WebAssembly.Memory && name === 'memory') this.#memory = value;
      const isTraced = typeof value === 'function' && CALLBACK.test(name);
      traced[name] = isTraced ? this.#callback(name, value as unknown as Callable) : value;
    }
    return traced as WebAssembly.Exports;
  }

  #bytes(): Buffer {
    return Buffer.from(this.#memory?.buffer ?? new ArrayBuffer(0));
  }

  #call(name: string, call: Callable): Callable {
    const shape = callShape(name);
    return (...raw) => {
      const enteredMs = this.#clock.now();
      const context = this.#context;
      const args = shape === undefined ? numbered(raw) : readInputs(shape, raw, this.#bytes());
      const startMs = this.#clock.now();
      const given = call(...raw);
      const tookMs = this.#clock.now() - startMs;
      const code = Number(given ?? 0);
      const results =
        shape === undefined || code !== 0 ? NOTHING : readOutputs(shape, raw, this.#bytes());
      if (name === 'proxy_set_effective_context' && code === 0) this.#context = Number(raw[0]);
      const status = shape === undefined ? code : statusName(code);
      this.#sink({ event: 'call', name, context, args, status, results, us: tookMs * 1_000 });
      this.#tracingMs += this.#clock.now() - enteredMs - tookMs;
      return given;
    };
  }

  #callback(name: string, fn: Callable): Callable {
    const names = callbackArguments(name);
    return (...raw) => {
      const context = Number(raw[0] ?? 0);
      const before = this.#context;
      this.#context = context;
      this.#sink({ event: 'callback', name, context, args: named(names, raw, fn.length) });
      this.#tracingMs = 0;
      const startMs = this.#clock.now();
      const tookUs = (): number => (this.#clock.now() - startMs - this.#tracingMs) * 1_000;
      try {
        const given = fn(...raw);
        const us = tookUs();
        const result = given === undefined ? null : Number(given);
        this.#sink({ event: 'return', name, context, result, action: action(name, result), us });
        return given;
      } catch (error) {
        const us = tookUs();
        const stack = guestStack(error)
          .split(' < ')
          .filter((frame) => frame !== '');
        this.#sink({ event: 'trap', name, context, message: trapMessage(error), stack, us });
        throw error;
      } finally {
        this.#context = before;
      }
    };
  }
}

function action(name: string, result: number | null): string | null {
  if (result === null || !name.startsWith('proxy_on_')) return null;
  if (BOOLEANS.has(name)) return result === 0 ? 'false' : 'true';
  return ACTIONS[result] ?? String(result);
}

/** The host passes all a callback could take; those the guest does not declare are not shown. */
function named(names: readonly string[], raw: readonly WasmArgument[], count: number): TraceValues {
  const values: Record<string, number | boolean> = {};
  for (let i = 1; i < Math.min(names.length, raw.length, count); i++) {
    const name = names[i] as string;
    const value = Number(raw[i]);
    values[name] = name === 'end' ? value !== 0 : value;
  }
  return values;
}

function numbered(raw: readonly WasmArgument[]): TraceValues {
  return Object.fromEntries(raw.map((value, i) => [`arg${i}`, Number(value)]));
}
