/**
 * Fetched modules on disk: `<sha256>` holds the bytes of a module, `refs/<sha256 of a key>` says what
 * a URL led to last. Files are written beside their place and moved there, so no reader sees half of
 * one; what is read is hashed again, so a file somebody touched counts as absent. Several processes
 * may share the directory.
 *
 * A cache that cannot be written is a slower start the next time, nothing worse: nobody fails on it.
 */

import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { LIMITS } from '../../../base/limits.ts';
import type { Log } from '../../../base/log.ts';
import { isDigest, sha256Hex } from './digest.ts';

/** What a URL led to. */
export interface CachedRef {
  /** Of the module's bytes. */
  readonly sha256: string;
  readonly version: string;
  readonly source: string;
  readonly digests: readonly string[];
}

export interface CacheOptions {
  /** Absolute; made when it is needed. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Default {@link LIMITS.moduleCacheBytesMax}. */
  readonly bytesMax?: number;
}

const SHA256 = /^[0-9a-f]{64}$/;
const TEMPORARY = /^\.[0-9a-f]{64}\./;
/** A file being written that is older belongs to nobody. */
const TEMPORARY_MS = 600_000;

export class ModuleCache {
  readonly #options: CacheOptions;
  readonly #refs: string;
  #written = 0;
  #warned = false;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#refs = join(options.directory, 'refs');
  }

  /** Bytes that have this sha256; null when there are none. */
  async read(sha256: string): Promise<Uint8Array | null> {
    const path = join(this.#options.directory, sha256);
    const bytes = await readIfThere(path);
    if (bytes === null) return null;
    if (sha256Hex(bytes) !== sha256) {
      this.#options.log.write('warn', 'a cached module is damaged and is fetched again', { path });
      await rm(path, { force: true }).catch(() => {});
      return null;
    }
    // The oldest use goes first when room is made.
    const now = new Date(this.#options.clock.wall());
    await utimes(path, now, now).catch(() => {});
    return bytes;
  }

  /** Whether the bytes are on disk now. */
  async write(sha256: string, bytes: Uint8Array): Promise<boolean> {
    return this.#place(this.#options.directory, sha256, bytes);
  }

  async readRef(key: string): Promise<CachedRef | null> {
    const bytes = await readIfThere(join(this.#refs, sha256Hex(key)));
    return bytes === null ? null : parseRef(bytes);
  }

  async writeRef(key: string, ref: CachedRef): Promise<void> {
    await this.#place(this.#refs, sha256Hex(key), Buffer.from(`${JSON.stringify(ref)}\n`));
  }

  /** Removes the modules used longest ago until the rest is within the bound; `inUse` stay. */
  async prune(inUse: ReadonlySet<string>): Promise<void> {
    const bytesMax = this.#options.bytesMax ?? LIMITS.moduleCacheBytesMax;
    const files = await this.#files();
    let total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const { name, path, sizeBytes } of files.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= bytesMax) return;
      if (inUse.has(name)) continue;
      await rm(path, { force: true }).catch(() => {});
      total -= sizeBytes;
    }
  }

  /** Modules; what was left half written long ago is removed. */
  async #files() {
    const { directory, clock } = this.#options;
    const files: { name: string; path: string; sizeBytes: number; usedMs: number }[] = [];
    for (const name of await readdir(directory).catch(() => [])) {
      const path = join(directory, name);
      const info = await stat(path).catch(() => null);
      if (info === null || !info.isFile()) continue;
      const usedMs = info.mtimeMs;
      if (SHA256.test(name)) files.push({ name, path, sizeBytes: info.size, usedMs });
      else if (TEMPORARY.test(name) && clock.wall() - usedMs > TEMPORARY_MS) {
        await rm(path, { force: true }).catch(() => {});
      }
    }
    return files;
  }

  async #place(directory: string, name: string, bytes: Uint8Array): Promise<boolean> {
    const temporary = join(directory, `.${name}.${process.pid}.${this.#written++}`);
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeFile(temporary, bytes, { mode: 0o600, flag: 'wx' });
      await rename(temporary, join(directory, name));
      return true;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      if (!this.#warned) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.log.write('warn', 'fetched modules cannot be kept on disk', { reason });
      }
      this.#warned = true;
      return false;
    }
  }
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    const { size } = await stat(path);
    return size > LIMITS.moduleBytesMax ? null : await readFile(path);
  } catch {
    return null;
  }
}

/** Null for what is not of our making. */
function parseRef(bytes: Uint8Array): CachedRef | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { sha256, version, source, digests } = value as Readonly<Record<string, unknown>>;
  if (typeof sha256 !== 'string' || !SHA256.test(sha256)) return null;
  if (typeof version !== 'string' || typeof source !== 'string') return null;
  const isList = Array.isArray(digests) && digests.every((one) => isDigest(String(one)));
  return { sha256, version, source, digests: isList ? digests.map(String) : [] };
}
