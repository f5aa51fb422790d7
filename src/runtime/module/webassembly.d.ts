/**
 * The part of the WebAssembly JavaScript API that Tulle uses. TypeScript declares it with the
 * browser's types only, which a Node program does not load.
 */

declare namespace WebAssembly {
  type ImportExportKind = 'function' | 'table' | 'memory' | 'global' | 'tag';

  interface ModuleExportDescriptor {
    readonly name: string;
    readonly kind: ImportExportKind;
  }

  interface ModuleImportDescriptor {
    readonly module: string;
    readonly name: string;
    readonly kind: ImportExportKind;
  }

  type ImportValue = Function | Suspending | Global | Memory | Table | number | bigint;
  type ModuleImports = Record<string, ImportValue>;
  type Imports = Record<string, ModuleImports>;
  type ExportValue = Function | Global | Memory | Table;
  type Exports = Record<string, ExportValue>;

  class Module {
    private readonly module: never;
    constructor(bytes: Uint8Array);
    static exports(module: Module): ModuleExportDescriptor[];
    static imports(module: Module): ModuleImportDescriptor[];
    static customSections(module: Module, name: string): ArrayBuffer[];
  }

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }

  interface MemoryDescriptor {
    readonly initial: number;
    readonly maximum?: number;
    readonly shared?: boolean;
  }

  class Memory {
    constructor(descriptor: MemoryDescriptor);
    /** A new object after each growth; the old one is detached. */
    readonly buffer: ArrayBuffer;
    /** Returns the pages there were. */
    grow(pages: number): number;
  }

  class Global {
    constructor(
      descriptor: { readonly value: string; readonly mutable?: boolean },
      value?: unknown,
    );
    value: unknown;
  }

  interface TableDescriptor {
    readonly element: 'anyfunc' | 'externref';
    readonly initial: number;
    readonly maximum?: number;
  }

  class Table {
    constructor(descriptor: TableDescriptor);
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value: unknown): void;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  function compile(bytes: Uint8Array): Promise<Module>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function validate(bytes: Uint8Array): boolean;
  interface Suspending {
    readonly suspending: never;
  }
  /** JavaScript Promise Integration: an import that suspends the guest until its promise settles. */
  const Suspending: new (fn: (...args: never[]) => unknown) => Suspending;
  /** An export that gives a promise instead of its result. */
  function promising(fn: ExportValue): (...args: unknown[]) => Promise<unknown>;
}
