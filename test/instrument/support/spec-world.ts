/**
 * Carries out the steps of a file of the core test suite, with the modules as they are or with
 * counters, and notes what each gave. Instances import from each other, as the suite wants it.
 */

import { onSliceUsed } from '../../../src/runtime/instance/cpu-limit.ts';
import { CPU_TABLE } from '../../../src/runtime/module/instrument/added.ts';
import { SLICE } from '../../../src/runtime/module/instrument/costs.ts';
import { attempt, textOf } from './guest.ts';

export type Rewrite = (bytes: Uint8Array) => Uint8Array;

/** More than any file of the suite counts. */
const LOOKS_MAX = 2_000;

export class SpecWorld {
  readonly lines: string[] = [];
  readonly #rewrite: Rewrite;
  readonly #named = new Map<string, WebAssembly.Instance>();
  readonly #imports: WebAssembly.Imports = { spectest: spectest() };
  #last: WebAssembly.Instance | null = null;

  constructor(rewrite: Rewrite) {
    this.#rewrite = rewrite;
  }

  step(step: Readonly<Record<string, unknown>>): void {
    const of = typeof step['of'] === 'string' ? step['of'] : '';
    if (typeof step['module'] === 'string') this.#make(Buffer.from(step['module'], 'hex'), of);
    else if (typeof step['register'] === 'string') this.#register(step['register'], of);
    else if (typeof step['get'] === 'string') this.#get(step['get'], of);
    else if (typeof step['call'] === 'string') {
      this.#call(step['call'], of, step['with'] as readonly string[]);
    }
  }

  #make(bytes: Uint8Array, name: string): void {
    const outcome = attempt(() => {
      const module = new WebAssembly.Module(this.#rewrite(bytes));
      const instance = new WebAssembly.Instance(module, this.#imports);
      let looks = 0;
      onSliceUsed(instance, () => (++looks > LOOKS_MAX ? 0 : SLICE));
      this.#last = instance;
      if (name !== '') this.#named.set(name, instance);
      return 'made';
    });
    this.lines.push(`module ${withoutOffset(outcome)}`);
  }

  #register(as: string, of: string): void {
    const instance = this.#instance(of);
    if (instance === null) return;
    const { [CPU_TABLE]: _counter, ...exports } = instance.exports;
    this.#imports[as] = exports as WebAssembly.ModuleImports;
  }

  #get(name: string, of: string): void {
    const value = this.#instance(of)?.exports[name];
    const global = value instanceof WebAssembly.Global ? value : null;
    this.lines.push(`${name} ${attempt(() => textOf(global?.value))}`);
  }

  #call(name: string, of: string, words: readonly string[]): void {
    const fn = this.#instance(of)?.exports[name];
    if (typeof fn !== 'function') return;
    const outcome = attempt(() => textOf(fn(...words.map(argumentOf))));
    this.lines.push(`${name}(${words.join()}) ${outcome ?? 'stack used up'}`);
  }

  #instance(of: string): WebAssembly.Instance | null {
    return of === '' ? this.#last : (this.#named.get(of) ?? null);
  }
}

/** V8 says where in the file a segment or an import is. */
function withoutOffset(outcome: string | null): string {
  return (outcome ?? 'stack used up').replace(/@\+\d+/, '');
}

/** `i32 5`, floats as their bits. */
function argumentOf(word: string): unknown {
  const [type, number = ''] = word.split(' ');
  const view = new DataView(new ArrayBuffer(8));
  switch (type) {
    case 'i32':
      return Number(number);
    case 'i64':
      return BigInt(number);
    case 'f32':
      view.setUint32(0, Number(number));
      return view.getFloat32(0);
    case 'f64':
      view.setBigUint64(0, BigInt(number));
      return view.getFloat64(0);
    case 'extern':
      return number;
    default:
      return null;
  }
}

/** What the suite expects of its host. */
function spectest(): WebAssembly.ModuleImports {
  const nothing = (): void => undefined;
  return {
    print: nothing,
    print_i32: nothing,
    print_i64: nothing,
    print_f32: nothing,
    print_f64: nothing,
    print_i32_f32: nothing,
    print_f64_f64: nothing,
    global_i32: 666,
    global_i64: 666n,
    global_f32: 666.6,
    global_f64: 666.6,
    table: new WebAssembly.Table({ element: 'anyfunc', initial: 10, maximum: 20 }),
    memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
  };
}
