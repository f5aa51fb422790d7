/**
 * An instance whose doings can be compared with those of another: what its exports give as text,
 * and all of its state that can be seen from outside.
 */

import { createHash } from 'node:crypto';
import { onSliceUsed } from '../../../src/runtime/instance/cpu-limit.ts';
import { CPU_TABLE } from '../../../src/runtime/module/instrument/added.ts';

/** Counts between two looks, and how many looks there are: about 50,000 instructions. */
export const BUDGET = 25_000;

/** What a guest did, or that its counter or the stack ended it: then nothing can be compared. */
export type Outcome = string | null;

export class Guest {
  readonly instance: WebAssembly.Instance;
  /** The counter has ended it. */
  ended = false;
  #looks = 0;

  constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
    this.instance = new WebAssembly.Instance(module, imports);
    onSliceUsed(this.instance, () => {
      this.ended = ++this.#looks > 1;
      return this.ended ? 0 : BUDGET;
    });
  }

  get names(): string[] {
    return Object.keys(this.instance.exports).filter((name) => name !== CPU_TABLE);
  }

  call(name: string, values: readonly unknown[]): Outcome {
    const fn = this.instance.exports[name];
    if (typeof fn !== 'function') return 'no function';
    this.#looks = 0;
    const outcome = attempt(() => textOf(fn(...values)));
    return this.ended ? null : outcome;
  }

  /** Globals, lengths of tables and content of memories. */
  state(): string {
    const parts: string[] = [];
    for (const name of this.names) {
      const value = this.instance.exports[name];
      if (value instanceof WebAssembly.Memory) parts.push(`${name} ${digest(value)}`);
      else if (value instanceof WebAssembly.Global) {
        parts.push(`${name} ${attempt(() => textOf(value.value))}`);
      } else if (value instanceof WebAssembly.Table) parts.push(`${name} ${entries(value)}`);
    }
    return parts.join('; ');
  }
}

/** What came out, or how it ended; null where the stack was used up, which is not the same for both. */
export function attempt(action: () => string): Outcome {
  try {
    return action();
  } catch (error) {
    if (error instanceof RangeError) return null;
    return error instanceof Error ? `${error.name} ${error.message}` : `threw ${textOf(error)}`;
  }
}

function digest(memory: WebAssembly.Memory): string {
  const bytes = new Uint8Array(memory.buffer);
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`;
}

function entries(table: WebAssembly.Table): string {
  const kinds: string[] = [];
  for (let i = 0; i < Math.min(table.length, 64); i++) {
    kinds.push(attempt(() => textOf(table.get(i))) ?? '');
  }
  return `${table.length} ${kinds.join()}`;
}

export function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object' && value !== null) return 'object';
  return Object.is(value, -0) ? '-0' : String(value);
}
