/**
 * What a module is and wants, read from its bytes alone: nothing of it runs. Fit for modules that
 * the proxy would refuse, too; then it says why.
 */

import { readFile, stat } from 'node:fs/promises';
import { LIMITS } from '../../base/limits.ts';
import { parseModule } from '../../runtime/module/binary.ts';
import { FormatError, Reader } from '../../runtime/module/reader.ts';
import { exportedFunctions, isProblem, type ModuleShape } from '../../runtime/module/shape.ts';
import { ABIS, findAbi, namedVersion } from '../../runtime/proxy-wasm/abi.ts';
import { ALLOCATORS } from '../../runtime/proxy-wasm/exports.ts';
import { verifyFilter } from '../../runtime/proxy-wasm/verify.ts';
import { WASI_SIGNATURES } from '../../runtime/wasi/signatures.ts';

const PAGE_BYTES = 64 * 1024;

export interface InspectedImport {
  readonly module: string;
  readonly name: string;
  /** As the module has it; its kind where it is no function. */
  readonly signature: string;
  /** As the host offers it; null: it does not. */
  readonly offered: string | null;
}

export interface Inspection {
  readonly path: string;
  readonly sizeBytes: number;
  /** `0.2.1`; null where it names none. */
  readonly abi: string | null;
  /** Callbacks of that version it has. */
  readonly callbacks: readonly string[];
  /** Its other functions. */
  readonly exports: readonly string[];
  readonly imports: readonly InspectedImport[];
  readonly allocator: string | null;
  /** Null where it has no memory. */
  readonly memory: { readonly initialBytes: number; readonly maxBytes: number | null } | null;
  /** Functions have names in stacks. */
  readonly names: boolean;
  /** `dwarf`, `source map`, or null. */
  readonly debugInfo: 'dwarf' | 'external dwarf' | 'source map' | null;
  /** Of the section `producers`: `language: Rust`. */
  readonly producers: readonly string[];
  /** A guess by what compilers leave behind; null where nothing tells. */
  readonly language: string | null;
  /** What would have the proxy refuse it; none: it loads. */
  readonly problems: readonly string[];
}

/** The inspection, or why the file is not one that can be looked at. */
export async function inspectFilter(path: string): Promise<Inspection | string> {
  const bytes = await read(path);
  if (typeof bytes === 'string') return bytes;
  const shape = parseModule(bytes);
  if (isProblem(shape)) return `${path}: ${shape.message} (at byte ${shape.offset})`;
  return inspectShape(path, bytes, shape);
}

async function read(path: string): Promise<Buffer | string> {
  try {
    const info = await stat(path);
    if (!info.isFile()) return `${path} is not a file`;
    if (info.size > LIMITS.moduleBytesMax) {
      return `${path} has ${info.size} bytes, at most ${LIMITS.moduleBytesMax} are accepted`;
    }
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? `${path} does not exist` : `${path} cannot be read: ${message}`;
  }
}

function inspectShape(path: string, bytes: Buffer, shape: ModuleShape): Inspection {
  const functions = exportedFunctions(shape);
  const names = [...functions.keys()];
  const abi = findAbi(names);
  const isCallback = (name: string): boolean => /^proxy_on_(?!memory_allocate)/.test(name);
  const [memory] = shape.memories;
  const customs = shape.customs.map(({ name }) => name);
  const producers = readProducers(bytes, shape);
  return {
    path,
    sizeBytes: bytes.length,
    abi: abi?.version ?? namedVersion(names) ?? null,
    callbacks: names.filter(isCallback),
    exports: names.filter((name) => !isCallback(name)),
    imports: shape.imports.map((one) => ({
      module: one.module,
      name: one.name,
      signature: one.signature === '' ? one.kind : one.signature,
      offered: offered(one.module, one.name, (abi ?? ABIS.at(-1))?.imports ?? {}),
    })),
    allocator: ALLOCATORS.find((name) => functions.has(name)) ?? null,
    memory:
      memory === undefined
        ? null
        : {
            initialBytes: memory.minPages * PAGE_BYTES,
            maxBytes: memory.maxPages === -1 ? null : memory.maxPages * PAGE_BYTES,
          },
    names: customs.includes('name'),
    debugInfo: debugInfoOf(customs),
    producers,
    language: languageOf(producers, names, shape),
    problems: verifyFilter(shape),
  };
}

function offered(
  module: string,
  name: string,
  calls: Readonly<Record<string, { readonly signature: string }>>,
): string | null {
  if (module === 'env') return Object.hasOwn(calls, name) ? (calls[name]?.signature ?? null) : null;
  const tables: Readonly<Record<string, Readonly<Record<string, string>>>> = WASI_SIGNATURES;
  const table = Object.hasOwn(tables, module) ? tables[module] : undefined;
  return table !== undefined && Object.hasOwn(table, name) ? (table[name] ?? null) : null;
}

function debugInfoOf(customs: readonly string[]): Inspection['debugInfo'] {
  if (customs.includes('.debug_info')) return 'dwarf';
  if (customs.includes('external_debug_info')) return 'external dwarf';
  return customs.includes('sourceMappingURL') ? 'source map' : null;
}

/** The tools' own list (WebAssembly tool conventions, "Producers Section"); empty where it is malformed. */
function readProducers(bytes: Buffer, shape: ModuleShape): string[] {
  const section = shape.customs.find(({ name }) => name === 'producers');
  if (section === undefined) return [];
  const reader = new Reader(bytes, section.start, section.end);
  const lines: string[] = [];
  try {
    for (let fields = reader.count(2); fields > 0; fields--) {
      const field = reader.name();
      for (let values = reader.count(2); values > 0; values--) {
        lines.push(`${field}: ${reader.name()} ${reader.name()}`.trim());
      }
    }
    return lines;
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}

function languageOf(
  producers: readonly string[],
  exports: readonly string[],
  shape: ModuleShape,
): string | null {
  const all = producers.join('\n');
  const has = (name: string): boolean => exports.includes(name);
  const imports = (name: string): boolean => shape.imports.some((one) => one.name === name);
  const customs = new Set(shape.customs.map(({ name }) => name));
  if (/language: Rust|processed-by: rustc/.test(all)) return 'Rust';
  if (/processed-by: TinyGo/i.test(all) || has('asyncify_start_unwind')) return 'Go (TinyGo)';
  if (/language: Go|processed-by: Go/.test(all) || customs.has('go:buildid')) return 'Go';
  if (has('__new') || has('__retain') || imports('abort')) return 'AssemblyScript';
  if (/language: C_plus_plus/.test(all) || imports('emscripten_notify_memory_growth')) return 'C++';
  if (/processed-by: zig/i.test(all)) return 'Zig';
  return /language: C(?:\d\d|\b)|processed-by: clang/.test(all) ? 'C or C++' : null;
}
