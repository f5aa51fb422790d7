/**
 * What a module wants and offers, as its own bytes say: JavaScript tells names and kinds of imports
 * and exports, but no signatures. Plain data, structured clone safe.
 */

export type ExternKind = 'function' | 'table' | 'memory' | 'global' | 'tag';

/** `signature` is `(i32,i32)->i32` for a function, '' for anything else. */
export interface ImportShape {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternKind;
  readonly signature: string;
}

export interface ExportShape {
  readonly name: string;
  readonly kind: ExternKind;
  readonly signature: string;
}

/** Pages of 64 KiB; `maxPages` -1 when the module sets none. */
export interface MemoryShape {
  readonly minPages: number;
  readonly maxPages: number;
  readonly shared: boolean;
  readonly imported: boolean;
}

/** Content of a custom section, as offsets into the file. */
export interface CustomSection {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface ModuleShape {
  readonly imports: readonly ImportShape[];
  readonly exports: readonly ExportShape[];
  readonly memories: readonly MemoryShape[];
  readonly customs: readonly CustomSection[];
}

/** Why bytes are not a module of ours. */
export interface ModuleProblem {
  /** Where in the file. */
  readonly offset: number;
  readonly message: string;
}

export function isProblem<T extends object>(parsed: T | ModuleProblem): parsed is ModuleProblem {
  return 'message' in parsed && 'offset' in parsed;
}

/** Signatures of a module's exported functions, by name. */
export function exportedFunctions(shape: ModuleShape): Map<string, string> {
  const functions = new Map<string, string>();
  for (const one of shape.exports) {
    if (one.kind === 'function') functions.set(one.name, one.signature);
  }
  return functions;
}
