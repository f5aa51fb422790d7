/**
 * From a file to a compiled module: size, checksum, format, shape, compile, in that order, so that
 * the cheapest check that can refuse does. The result can be posted to workers.
 */

import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { LIMITS } from '../../base/limits.ts';
import { parseModule } from './binary.ts';
import { isProblem, type ModuleShape } from './shape.ts';

export interface ModuleFile {
  readonly path: string;
  /** Lower-case hex, or '' for no check. */
  readonly sha256: string;
}

export interface LoadedModule {
  readonly module: WebAssembly.Module;
  readonly shape: ModuleShape;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A readable reason with a remedy where there is one. */
export interface LoadRefusal {
  readonly reason: string;
}

export interface LoadOptions {
  /** Default {@link LIMITS.moduleBytesMax}. */
  readonly sizeBytesMax?: number;
  /** Looks at the shape, and may rewrite the bytes, before they are compiled. */
  readonly prepare?: (bytes: Uint8Array, shape: ModuleShape) => Uint8Array | LoadRefusal;
}

export function isRefusal(loaded: LoadedModule | LoadRefusal | Uint8Array): loaded is LoadRefusal {
  return 'reason' in loaded;
}

/** Reads and compiles a file; never rejects. */
export async function loadModule(
  file: ModuleFile,
  options: LoadOptions = {},
): Promise<LoadedModule | LoadRefusal> {
  const sizeBytesMax = options.sizeBytesMax ?? LIMITS.moduleBytesMax;
  try {
    const info = await stat(file.path);
    if (!info.isFile()) return { reason: `${file.path} is not a file` };
    if (info.size > sizeBytesMax) return tooLarge(file.path, info.size, sizeBytesMax);
    return await compileModule(await readFile(file.path), file, options);
  } catch (error) {
    return { reason: readFailure(file.path, error) };
  }
}

/** Checks and compiles bytes that are at hand; `file.path` only names them. Never rejects. */
export async function compileModule(
  bytes: Uint8Array,
  file: ModuleFile,
  options: LoadOptions = {},
): Promise<LoadedModule | LoadRefusal> {
  const sizeBytesMax = options.sizeBytesMax ?? LIMITS.moduleBytesMax;
  if (bytes.length > sizeBytesMax) return tooLarge(file.path, bytes.length, sizeBytesMax);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (file.sha256 !== '' && file.sha256 !== sha256) {
    return { reason: `${file.path} has sha256 ${sha256}, expected ${file.sha256}` };
  }
  const shape = parseModule(bytes);
  if (isProblem(shape)) {
    const place = shape.offset > 4 ? ` (at byte ${shape.offset})` : '';
    return { reason: `${file.path}: ${shape.message}${place}` };
  }
  const prepared = options.prepare === undefined ? bytes : options.prepare(bytes, shape);
  if (isRefusal(prepared)) return { reason: `${file.path}: ${prepared.reason}` };
  try {
    const module = await WebAssembly.compile(prepared);
    return { module, shape, sha256, sizeBytes: bytes.length };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { reason: `${file.path} does not compile: ${message}` };
  }
}

function tooLarge(path: string, size: number, sizeBytesMax: number): LoadRefusal {
  return { reason: `${path} has ${size} bytes, at most ${sizeBytesMax} are accepted` };
}

function readFailure(path: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return `${path} does not exist`;
  if (code === 'EACCES') return `${path} cannot be read: permission denied`;
  return `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
