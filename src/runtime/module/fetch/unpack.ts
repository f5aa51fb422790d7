/**
 * From the bytes of a layer or a download to the module in them. What they are is seen from their
 * first bytes: a module, or a tar archive, either of them as it is or compressed by gzip or zstd.
 */

import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { LIMITS } from '../../../base/limits.ts';
import { printable, UnusableError } from './fetch-error.ts';
import { TarScanner } from './tar.ts';

export interface Unpacked {
  /** Null: an archive without one. */
  readonly module: Uint8Array | null;
  /** Within the archive; '' outside of one. */
  readonly path: string;
  /** See {@link TarScanner.hidden}. */
  readonly hidden: readonly string[];
}

export interface UnpackBounds {
  readonly moduleBytesMax: number;
  /** Of the whole archive, decompressed. */
  readonly archiveBytesMax: number;
  readonly entriesMax: number;
}

const UNPACK_BOUNDS: UnpackBounds = {
  moduleBytesMax: LIMITS.moduleBytesMax,
  archiveBytesMax: LIMITS.moduleArchiveBytesMax,
  entriesMax: 100_000,
};

/** Throws {@link UnusableError} for what is neither, is damaged, or unpacks to too much. */
export async function unpack(
  bytes: Uint8Array,
  bounds: UnpackBounds = UNPACK_BOUNDS,
): Promise<Unpacked> {
  if (isModule(bytes)) return { module: bytes, path: '', hidden: [] };
  const inflater = decompressor(bytes);
  const inner = new Inner(bounds);
  if (inflater === null) inner.push(bytes);
  else await pump(inflater, bytes, inner);
  return inner.end();
}

/** Begins as WebAssembly does, module or component. */
function isModule(bytes: Uint8Array): boolean {
  return startsWith(bytes, 0, 0x61, 0x73, 0x6d);
}

function decompressor(bytes: Uint8Array): Transform | null {
  if (startsWith(bytes, 0x1f, 0x8b)) return createGunzip();
  return startsWith(bytes, 0x28, 0xb5, 0x2f, 0xfd) ? createZstdDecompress() : null;
}

async function pump(inflater: Transform, bytes: Uint8Array, inner: Inner): Promise<void> {
  inflater.end(bytes);
  try {
    for await (const chunk of inflater) inner.push(chunk as Uint8Array);
  } catch (error) {
    if (error instanceof UnusableError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new UnusableError(`the bytes do not decompress: ${printable(message)}`);
  }
}

/** What comes out of decompression: its first bytes decide who takes it. */
class Inner {
  readonly #bounds: UnpackBounds;
  readonly #tar: TarScanner;
  #totalBytes = 0;
  #chunks: Uint8Array[] | null = null;

  constructor(bounds: UnpackBounds) {
    this.#bounds = bounds;
    this.#tar = new TarScanner(bounds);
  }

  push(chunk: Uint8Array): void {
    const isFirst = this.#totalBytes === 0;
    this.#totalBytes += chunk.length;
    if (isFirst && isModule(chunk)) this.#chunks = [];
    const bytesMax =
      this.#chunks === null ? this.#bounds.archiveBytesMax : this.#bounds.moduleBytesMax;
    if (this.#totalBytes > bytesMax) {
      throw new UnusableError(`it unpacks to more than ${bytesMax} bytes`);
    }
    if (this.#chunks === null) this.#tar.push(chunk);
    else this.#chunks.push(chunk);
  }

  end(): Unpacked {
    if (this.#chunks !== null) {
      const module = new Uint8Array(this.#totalBytes);
      let at = 0;
      for (const chunk of this.#chunks) {
        module.set(chunk, at);
        at += chunk.length;
      }
      return { module, path: '', hidden: [] };
    }
    this.#tar.end();
    return { module: this.#tar.module, path: this.#tar.path, hidden: this.#tar.hidden };
  }
}

function startsWith(bytes: Uint8Array, ...magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, index) => bytes[index] === byte);
}
